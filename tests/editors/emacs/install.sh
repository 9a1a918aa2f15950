#!/bin/sh
# Emacs with eglot and lsp-mode for the tests, where they are missing: from Debian's packages, or named if that cannot be.
set -eu

has() {
    command -v emacs >/dev/null 2>&1 && emacs --batch -f package-initialize --eval "(require '$1)" >/dev/null 2>&1
}

has eglot && has lsp-mode && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # eglot is a package of its own before Emacs 29.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends emacs-nox elpa-eglot elpa-lsp-mode
fi
has eglot && has lsp-mode && exit 0
echo 'The tests of Emacs need Emacs 29, or Emacs 28 with eglot, and lsp-mode. On Debian and Ubuntu:' >&2
echo 'apt install emacs-nox elpa-eglot elpa-lsp-mode' >&2
exit 1
