# Sourced by train.sh and tests/run.sh: one virtual environment with the requirements in it.
#
#   environment FILE    leaves in $python an interpreter that has what FILE asks for
#
# Without $PYTHON it makes .venv from the first Python 3.10-3.12 on the path and installs FILE into
# it, unless that was done before and FILE has not changed. With PYTHON=/some/python that
# interpreter is used as it is and nothing is installed (for instance with a GPU build of paddle).

note() { printf '\n==> %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

environment() {
    local wanted=$1 stamp sum
    if [ -n "${PYTHON:-}" ]; then
        python=$(command -v "$PYTHON") || fail "PYTHON=$PYTHON is not there"
        fits "$python" || fail "$python is $("$python" -V 2>&1); 3.10, 3.11 or 3.12 is needed"
        return
    fi
    python=$PWD/.venv/bin/python
    [ -x "$python" ] || create .venv
    stamp=.venv/installed-$(printf '%s' "$wanted" | tr '/' '-')
    sum=$(cat requirements.txt "$wanted" | cksum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        note "installing $wanted into .venv (1-3 minutes)"
        install "$wanted"
        printf '%s\n' "$sum" >"$stamp"
    fi
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null; }

create() {
    local name base=''
    for name in python3.11 python3.12 python3.10 python3 python; do
        if fits "$name"; then
            base=$name
            break
        fi
    done
    [ -n "$base" ] || fail "no Python 3.10, 3.11 or 3.12 found; install one, or name it: PYTHON=/path/to/python bash $0"
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
    if "${pip[@]}" show -q paddlepaddle-gpu 2>/dev/null; then
        # the GPU build is in use: installing the CPU build over it would replace it
        sed '/^paddlepaddle==/d' requirements.txt >.venv/requirements-gpu.txt
        "${pip[@]}" install -q -r .venv/requirements-gpu.txt
        [ "$1" = requirements.txt ] || grep -v '^-r' "$1" | "${pip[@]}" install -q -r /dev/stdin
    else
        "${pip[@]}" install -q -r "$1"
    fi
}
