#!/bin/sh
# Creates the virtual environment $1 with the first Python >= 3.11 that runs and can make one.
# PYTHON=... chooses the interpreter; an environment that is there already is kept.
set -eu
venv=$1

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in "$venv/bin/python" "$venv/Scripts/python.exe"; do
    if suits "$python" && "$python" -m pip --version >/dev/null 2>&1; then
        exit 0
    fi
done

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    suits "$python" || continue
    echo "Creating $venv with $("$python" --version) ..."
    "$python" -m venv --clear "$venv" 2>/dev/null && exit 0
    "$python" -m virtualenv --quiet --clear "$venv" 2>/dev/null && exit 0
    cannot=$python
done

if [ -n "${cannot:-}" ]; then
    echo "$cannot cannot create a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2
else
    echo "No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2
fi
exit 1
