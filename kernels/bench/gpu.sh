#!/bin/sh
# All that a GPU can show of the kernels and of the engine, in one go: sh kernels/bench/gpu.sh [OUT] [PYTHON]
#
# Run it from the root of the repository. Each step has a limit of time of its own, nine and a half minutes in all,
# and one that fails holds up none of the others. OUT (out/gpu) has a file for each step; summary.txt says how each
# ended. PYTHON needs torch for CUDA, triton, pytest and hypothesis; the last step needs transformers and cwm-lsp's
# own requirements too.
set -u
out=${1:-out/gpu}
python=${2:-python3}
mkdir -p "$out"
: > "$out/summary.txt"
export PYTHONPATH="$PWD:$PWD/kernels${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1

step() {
    name=$1 limit=$2
    shift 2
    begin=$(date +%s)
    timeout "$limit" "$@" > "$out/$name" 2> "$out/$name.err"
    code=$?
    echo "$name: exit $code, $(($(date +%s) - begin)) s" | tee -a "$out/summary.txt"
}

"$python" -c 'import torch; assert torch.cuda.is_available(), "torch finds no GPU"' || exit 1
nvidia-smi > "$out/nvidia-smi.txt" 2>&1
# Figures first: of what follows less is lost. The settings of pytest in pyproject.toml ask for plug-ins that are not needed.
step verify-4096.jsonl 150 "$python" kernels/bench/verify.py
step tests.txt 150 "$python" -m pytest -c /dev/null --rootdir . -p no:cacheprovider -q -rs tests/kernels
step verify-1024.jsonl 60 "$python" kernels/bench/verify.py --rows 1024 --repeat 10
step pick.jsonl 40 "$python" kernels/bench/pick.py
step engine.txt 170 "$python" -m tests.bench --dry random
cat "$out/summary.txt"
