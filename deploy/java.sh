#!/usr/bin/env bash
# Spark needs Java 17 or newer. Installed where this user may; otherwise one line says what to run.
set -euo pipefail

version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' || true)
[ "${version:-0}" -ge 17 ] && exit 0

package=openjdk-17-jre-headless
as_root=$([ "$(id -u)" = 0 ] || echo "sudo -n")
if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    echo "java: $package"
    if { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null; then
        exit 0
    fi
fi
echo "java: ${version:-none} found, Spark needs 17; run this and then make again: sudo apt-get install -y $package" >&2
exit 1
