#!/usr/bin/env bash
# What tests need beside .venv and the product does not: Chromium, npm and the packages pinned in tests/browser, PostgreSQL. Where this
# user may not install, it says so; the tests that need them are skipped and named at the end of the run.
set -euo pipefail
cd "$(dirname "$0")/.."
source deploy/packages.sh

has() { command -v "$1" >/dev/null; }
has_server() { compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || has initdb; }

missing=()
has chromium || has chromium-browser || has google-chrome || missing+=(chromium)
has npm || missing+=(npm)
has_server || missing+=(postgresql)
if [ "${#missing[@]}" -gt 0 ]; then
    if may_install; then
        echo "test tools: ${missing[*]}"
        install_packages --no-install-recommends "${missing[@]}" || echo "test tools: not all of them could be installed"
    else
        echo "test tools: not here, and this user may not install them: sudo apt-get install -y ${missing[*]}"
    fi
fi

wanted=$(sha256sum tests/browser/package-lock.json)
if has npm && [ "$(cat tests/browser/node_modules/.wanted 2>/dev/null)" != "$wanted" ]; then
    if try_again npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent; then
        echo "$wanted" >tests/browser/node_modules/.wanted
    else
        echo "test tools: npm ci in tests/browser failed"
    fi
fi
