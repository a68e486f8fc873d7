# Sourced by the scripts beside it: Debian packages, where this user may install them, and registries that fail once.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

may_install() { command -v apt-get >/dev/null && as_root true 2>/dev/null; }

# try_again COMMAND...: up to three times, with a pause between, for what asks a registry
try_again() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return
        [ "$attempt" = 3 ] || { echo "failed: $1 (attempt $attempt of 3)" >&2; sleep $((attempt * 5)); }
    done
    return 1
}

# install_packages [OPTION...] PACKAGE...: options are apt-get's; says nothing but apt's errors
install_packages() {
    { try_again as_root apt-get update -qq && try_again as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"; } >/dev/null
}
