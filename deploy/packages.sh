# Sourced by the scripts beside it: Debian packages, where this user may install them.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

may_install() { command -v apt-get >/dev/null && as_root true 2>/dev/null; }

# install_packages [OPTION...] PACKAGE...: options are apt-get's; says nothing but apt's errors
install_packages() {
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"; } >/dev/null
}
