#!/usr/bin/env bash
# Trains run.yaml with an optimizer at several learning rates and, at the best of them, with more seeds; prints the last
# validation loss of each. Equal tokens, equal everything but the optimizer and its rate.
#   apus tokenizer train --input text.jsonl --vocab-size 4096 --output tokenizer
#   apus data prepare --tokenizer tokenizer --input text.jsonl --output tokens --validation 0.01
#   benchmarks/optimizers/sweep.sh OPTIMIZER RATES SEEDS [--set KEY=VALUE …]
# in the folder of tokenizer and tokens. What the rates of the comparison are:
#   sweep.sh adamW    "1e-3 2e-3 3e-3 6e-3 1e-2" "42 43 44"
#   sweep.sh muon     "1e-3 2e-3 3e-3 6e-3 1e-2" "42 43 44"
#   sweep.sh lion     "1e-4 3e-4 6e-4 1e-3"      "42"
#   sweep.sh ademamix "1e-3 2e-3 3e-3"           "42" --set optimizer.optimizer_factory.alpha_warmup=600 \
#                                                     --set optimizer.optimizer_factory.beta3_warmup=600
#   sweep.sh soap     "1e-3 3e-3 6e-3"           "42"
# Muon's updates have the size of AdamW's at the same rate (update_scale: moonlight), so both take the same rates.
set -euo pipefail
optimizer=$1 rates=$2 seeds=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
apus=${APUS:-$here/../../.build/release/apus}

# The last validation loss of a run; a run that diverged has none.
train() { # RATE SEED MORE…
  local name="$optimizer-$1-$2" rate=$1 seed=$2
  shift 2
  "$apus" train "$here/run.yaml" --set "general.run=$name" --set "general.seed=$seed" \
    --set "data_stages.0.data.seed=$seed" --set "optimizer.optimizer_factory.name=$optimizer" \
    --set "optimizer.learning_rate_scheduler.learning_rate=$rate" "$@" >"$name.log" 2>&1 || true
  grep '"kind":"validation"' "runs/$name/metrics.jsonl" | tail -1 | sed -E 's/.*"loss":([0-9.]+|null).*/\1/'
}

best= lowest=
for rate in $rates; do
  loss=$(train "$rate" "${seeds%% *}" "$@")
  echo "$optimizer rate $rate seed ${seeds%% *}: $loss"
  if [ "$loss" != null ] && { [ -z "$best" ] || awk "BEGIN { exit !($loss < $lowest) }"; }; then best=$rate lowest=$loss; fi
done
[ -n "$best" ] || { echo "every rate diverged"; exit 1; }
echo "$optimizer: best rate $best"
for seed in $seeds; do
  [ "$seed" = "${seeds%% *}" ] && continue
  echo "$optimizer rate $best seed $seed: $(train "$best" "$seed" "$@")"
done
