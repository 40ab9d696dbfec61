#!/usr/bin/env bash
# Make the virtual environment where it is missing, and install one requirements file into it.
set -euo pipefail
python=$1 venv=$2 requirements=$3

"$python" - <<'PY' || exit 1
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"error: Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}\n"
             "hint: name another one, for example: make run PYTHON=python3.12")
PY

if [ ! -x "$venv/bin/python" ]; then
    echo "making $venv with $("$python" --version)" >&2
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        # Debian and Ubuntu ship venv apart from Python.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
            "$python" -m venv "$venv"
        else
            echo "error: $python can not make a virtual environment" >&2
            echo "hint: install its venv module, on Debian and Ubuntu: sudo apt-get install python3-venv" >&2
            exit 1
        fi
    fi
fi
echo "installing $requirements" >&2
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
