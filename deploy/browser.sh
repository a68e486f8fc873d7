#!/usr/bin/env bash
# What the tests of pages in a browser need beside .venv: Chromium, npm and the packages pinned in tests/browser. Where this user
# may not install, it says so and the tests skip themselves: the product needs none of it.
set -euo pipefail
cd "$(dirname "$0")/.."
source deploy/packages.sh

missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v npm >/dev/null || missing+=(npm)
if [ "${#missing[@]}" -gt 0 ]; then
    if may_install; then
        echo "browser: ${missing[*]}"
        install_packages --no-install-recommends "${missing[@]}" 2>/dev/null || true # what is missing then is told below
    fi
fi
for tool in "${missing[@]}"; do
    command -v "$tool" >/dev/null || { echo "browser: no $tool here, so tests in a browser are skipped: sudo apt-get install -y ${missing[*]}"; exit 0; }
done

wanted=$(sha256sum tests/browser/package-lock.json)
if [ "$(cat tests/browser/node_modules/.wanted 2>/dev/null)" != "$wanted" ]; then
    if npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent; then
        echo "$wanted" >tests/browser/node_modules/.wanted
    else
        echo "browser: npm ci in tests/browser failed, so the checks of accessibility are skipped"
    fi
fi
