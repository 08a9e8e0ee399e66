# Sourced by train.sh and tests/run.sh: one virtual environment with the requirements in it.
#
#   environment FILE    leaves in $python an interpreter that has what FILE asks for
#
# Without $PYTHON it makes .venv from a Python 3.10-3.12 of the path (3.11 if it is there) and installs
# FILE into it, unless that was done before and FILE has not changed. A .venv that you made yourself,
# with one of these, is taken instead. With PYTHON=/some/python that interpreter is used as it is and
# nothing is installed (for instance with a GPU build of paddle).

note() { printf '\n==> %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

environment() {
    local wanted=$1 stamp sum missing
    if [ -n "${PYTHON:-}" ]; then
        python=$(command -v "$PYTHON") || fail "PYTHON=$PYTHON is not there"
        fits "$python" || fail "$python is $(version "$python"); 3.10, 3.11 or 3.12 is needed"
        missing=$(lacks "$python")
        [ -z "$missing" ] || fail "$python has no $missing, and with PYTHON=... nothing is installed: $python -m pip install -r $wanted"
        return
    fi
    python=$PWD/.venv/bin/python
    [ -x "$python" ] || [ -L "$python" ] || create .venv
    fits "$python" || fail ".venv holds $(version "$python"), and 3.10, 3.11 or 3.12 is needed: rm -r .venv, and run this again"
    stamp=.venv/installed-$(printf '%s' "$wanted" | tr '/' '-')
    sum=$(cat requirements.txt "$wanted" | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        note "installing $wanted into .venv (1-3 minutes)"
        install "$wanted"
        printf '%s\n' "$sum" >"$stamp"
    fi
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; }

# lacks PYTHON: the first of the packages that everything needs and PYTHON does not have
lacks() {
    "$1" - <<'CODE'
import importlib.util
import sys

names = ("paddle", "cv2", "numpy", "yaml", "shapely", "pyclipper", "numba")
sys.stdout.write(next((one for one in names if importlib.util.find_spec(one) is None), ""))
CODE
}

version() {
    "$1" -c 'import sys; sys.stdout.write("Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null ||
        printf 'a Python that does not run'
}

create() {
    local name base='' there=''
    for name in python3.11 python3.12 python3.10 python3 python; do
        if fits "$name"; then
            base=$name
            break
        fi
        [ -n "$there" ] || ! command -v "$name" >/dev/null || there=" (there is $(version "$name"))"
    done
    [ -n "$base" ] || fail "no Python 3.10, 3.11 or 3.12 found$there; install one, then: /path/to/that/python -m venv .venv, and run this again"
    note "making $1 with $("$base" -V)"
    if "$base" -c 'import ensurepip' 2>/dev/null; then
        "$base" -m venv "$1"
    elif "$base" -m pip --version >/dev/null 2>&1; then
        "$base" -m venv --without-pip "$1"
        "$base" -m pip --python "$1/bin/python" install -q pip
    else
        fail "$base has neither venv nor pip; on Debian or Ubuntu: apt install python3-venv"
    fi
}

install() {
    local pip=("$python" -m pip --disable-pip-version-check)
    # a .venv whose making was interrupted, or that another program made, may have none
    "${pip[@]}" --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null 2>&1 ||
        fail ".venv has no pip: rm -r .venv, and run this again"
    if "${pip[@]}" show -q paddlepaddle-gpu 2>/dev/null; then
        # the GPU build is in use: installing the CPU build over it would replace it
        sed '/^paddlepaddle==/d' requirements.txt >.venv/requirements-gpu.txt
        "${pip[@]}" install -q -r .venv/requirements-gpu.txt
        [ "$1" = requirements.txt ] || grep -v '^-r' "$1" | "${pip[@]}" install -q -r /dev/stdin
    else
        "${pip[@]}" install -q -r "$1"
    fi
}
