#!/usr/bin/env bash
# Compares optimizers on run.yaml: each at several learning rates and, at the best of them, AdamW and Muon with more
# seeds. Equal tokens, equal everything but the optimizer and its rate; the same command goes on where it was stopped.
#   apus tokenizer train --input text.jsonl --vocab-size 4096 --output tokenizer
#   apus data prepare --tokenizer tokenizer --input text.jsonl --output tokens --validation 0.01
#   benchmarks/optimizers/sweep.sh [--dry-run] [--set KEY=VALUE …]
# in the folder of tokenizer and tokens; runs/OPTIMIZER/sweep.html has the pictures.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
apus=${APUS:-$here/../../.build/release/apus}
more=("$@")

sweep() { # OPTIMIZER RATES SEEDS [--set KEY=VALUE …]
  "$apus" sweep "$here/run.yaml" --rates "$2" --seeds "$3" --set "optimizer.optimizer_factory.name=$1" \
    --set "general.run=$1" --set "apus.run_folder=runs/$1/$1" "${@:4}" ${more[@]+"${more[@]}"}
}

# Muon's updates have the size of AdamW's at the same rate (update_scale: moonlight), so both take the same rates.
sweep adamW 2e-3,4e-3 42,43,44
sweep muon 2e-3,4e-3 42,43,44
sweep lion 1e-4,3e-4,6e-4,1e-3 42
# AdEMAMix warms up over the whole run.
sweep ademamix 1e-3,2e-3,3e-3 42 --set optimizer.optimizer_factory.alpha_warmup=120 \
  --set optimizer.optimizer_factory.beta3_warmup=120
sweep soap 1e-3,3e-3,6e-3 42
