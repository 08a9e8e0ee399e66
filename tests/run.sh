#!/usr/bin/env bash
# The test command: prepares what it needs and runs everything.
#
#   bash tests/run.sh                      lint, then all tests in as many processes as there are
#                                          processors (at most 4)
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

"$python" -c 'import xdist' || fail "$python lacks pytest-xdist: pip install -r tests/requirements.txt"
processes=$(nproc 2>/dev/null || echo 2)
[ "$processes" -le 4 ] || processes=4
export OMP_NUM_THREADS=1
together=("$python" -m pytest -q -p no:cacheprovider -n "$processes" --dist loadfile)
status=0

note "recorded numbers, in several processes"
"${together[@]}" --durations=5 tests/parity tests/official || status=$?

note "everything else, in several processes"
"${together[@]}" --durations=15 --kernels tools tests \
    --ignore=tests/parity --ignore=tests/official || status=$?
exit "$status"
