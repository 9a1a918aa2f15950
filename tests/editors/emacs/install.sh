#!/bin/sh
# Emacs with eglot for the tests, where it is missing: from Debian's packages, or named if that cannot be.
set -eu

has_eglot() {
    command -v emacs >/dev/null 2>&1 && emacs --batch -f package-initialize --eval "(require 'eglot)" >/dev/null 2>&1
}

has_eglot && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # eglot is a package of its own before Emacs 29.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends emacs-nox elpa-eglot
fi
has_eglot && exit 0
echo 'The tests of Emacs need Emacs 29, or Emacs 28 with eglot. On Debian and Ubuntu: apt install emacs-nox elpa-eglot' >&2
exit 1
