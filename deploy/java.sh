#!/usr/bin/env bash
# Spark needs Java 17 or newer. Installed where this user may; otherwise one line says what to run.
set -euo pipefail
cd "$(dirname "$0")/.."
source deploy/packages.sh

version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' || true)
[ "${version:-0}" -ge 17 ] && exit 0

package=openjdk-17-jre-headless
if may_install; then
    echo "java: $package"
    install_packages --no-install-recommends "$package" && exit 0
fi
echo "java: ${version:-none} found, Spark needs 17; run this and then make again: sudo apt-get install -y $package" >&2
exit 1
