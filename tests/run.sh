#!/usr/bin/env bash
# The test command: prepares what it needs and runs everything.
#
#   bash tests/run.sh                      lint, house rules, unit and parity tests, and beside them
#                                          every config in small (tests/zoo)
#   bash tests/run.sh tests/geometry -k nms   the arguments go to pytest, nothing else is run
#
#   PYTHON=/path/to/python bash tests/run.sh  use that interpreter as it is, install nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/environment.sh

environment tests/requirements.txt
if [ $# -gt 0 ]; then
    exec "$python" -m pytest "$@"
fi

note "format and lint"
"$python" -m ruff format --check .
"$python" -m ruff check .

note "tests; every config in small beside them, shown at the end"
zoo_log=$(mktemp)
set -m # a process group of its own, so that it can be ended as a whole
OMP_NUM_THREADS=1 "$python" -m pytest -q --durations=5 -p no:cacheprovider tests/zoo >"$zoo_log" 2>&1 &
zoo=$!
set +m
# shellcheck disable=SC2064  # the values of now are meant
trap "kill -- -$zoo 2>/dev/null || true; rm -f '$zoo_log'" EXIT
status=0
"$python" -m pytest -q --durations=10 tests --ignore=tests/zoo || status=$?

note "every config in small"
wait "$zoo" || status=$?
cat "$zoo_log"
exit "$status"
