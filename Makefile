# `make check` is what CI runs before the tests; `make test` is the tests; the rest is on request.
PYTHON ?= $(shell [ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)

.PHONY: check fix test bench official parity tiny

check:  ## format, lint, types, house rules
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m pyright --pythonpath $(PYTHON)
	$(PYTHON) -m pytest -q tests/house

fix:  ## what can be repaired without thinking
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

tiny:  ## the quickest checks, some 20 seconds; the commit hook runs it
	$(PYTHON) tests/tiny.py

test:  ## everything, as CI does
	bash tests/run.sh

parity:  ## dygraph, Paddle, ONNX and OpenVINO give the same answers; goldens
	$(PYTHON) -m pytest -q tests/parity

official:  ## every config that ships: reads, checks, builds
	$(PYTHON) -m pytest -q tests/house -k config
	$(PYTHON) tools/check_config.py $$(find configs -name '*.yml')

bench:  ## one table per benchmark
	for name in data_path postprocess_metric train_step evaluation dataset_scale synthesis; do $(PYTHON) benchmarks/$$name.py || exit 1; done
