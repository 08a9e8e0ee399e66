#!/usr/bin/env bash
# The test command: prepares what it needs and runs everything.
#
#   bash tests/run.sh                      lint, house rules, unit and parity tests
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

note "tests"
exec "$python" -m pytest -q --durations=10 tests
