#!/usr/bin/env bash
# Makes .venv from uv.lock. Needs Python 3.11 or 3.12 and nothing else; run again at will: what is there already is kept.
# Arguments are passed on to `uv sync` (make test-spark adds --group spark).
set -euo pipefail
cd "$(dirname "$0")/.."
source deploy/packages.sh
uv_version=0.13.9

stop() { echo "setup: $*" >&2; exit 1; }

# install PACKAGE...: Debian packages, where this user may; otherwise the one line to run
install() {
    may_install || stop "run this and then make again: sudo apt-get install -y $*"
    install_packages "$@" || stop "could not install $*; see the lines above"
}

python=$(command -v python3.11 || command -v python3.12 || command -v python3) || stop "Python 3.11 is missing: sudo apt-get install -y python3 python3-venv"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' ||
    stop "$("$python" --version) found, but Python 3.11 or 3.12 is needed"

if ! .setup/bin/uv --version 2>/dev/null | grep -q "^uv $uv_version "; then
    echo "setup: uv $uv_version"
    rm -rf .setup
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install python3-venv
    "$python" -m venv .setup
    try_again .setup/bin/pip install --quiet --disable-pip-version-check "uv==$uv_version"
fi

# compiled once here rather than at every start: not every machine lets Python keep what it compiles
wanted=$(sha256sum uv.lock pyproject.toml deploy/setup.sh; echo "$*")
if [ "$(cat .venv/.setup 2>/dev/null)" != "$wanted" ]; then
    echo "setup: locked environment"
    try_again env UV_PYTHON_DOWNLOADS=never .setup/bin/uv sync --quiet --locked --inexact --compile-bytecode --python "$python" "$@"
    echo "$wanted" >.venv/.setup
fi
