#!/usr/bin/env bash
# Trains run.yaml with some optimizers at several learning rates and, at the best rate of each, with more seeds; prints
# the last validation loss of each run. Equal tokens, equal everything but the optimizer and its rate.
#   apus tokenizer train --input text.jsonl --vocab-size 4096 --output tokenizer
#   apus data prepare --tokenizer tokenizer --input text.jsonl --output tokens --validation 0.01
#   benchmarks/optimizers/sweep.sh OPTIMIZERS RATES SEEDS [--set KEY=VALUE …]
# in the folder of tokenizer and tokens. The optimizers take turns, so that a sweep cut short has runs of each. Where the
# best rate is the lowest or the highest tried, half or twice of it is tried too. A finished run is not trained again:
# the same command goes on where it was stopped. What the rates of the comparison are:
#   sweep.sh "adamW muon" "4e-3 2e-3"           "42 43 44"
#   sweep.sh lion         "1e-4 3e-4 6e-4 1e-3" "42"
#   sweep.sh ademamix     "1e-3 2e-3 3e-3"      "42" --set optimizer.optimizer_factory.alpha_warmup=120 \
#                                                    --set optimizer.optimizer_factory.beta3_warmup=120
#   sweep.sh soap         "1e-3 3e-3 6e-3"      "42"
# Muon's updates have the size of AdamW's at the same rate (update_scale: moonlight), so both take the same rates.
set -euo pipefail
optimizers=$1 rates=$2 seeds=$3
shift 3
more=("$@")
here=$(cd "$(dirname "$0")" && pwd)
apus=${APUS:-$here/../../.build/release/apus}
first=${seeds%% *}
declare -A rates_of losses

# Notes the last validation loss of a run; that of one that diverged is null.
train() { # OPTIMIZER RATE SEED
  local name="$1-$2-$3" loss
  "$apus" train "$here/run.yaml" --set "general.run=$name" --set "general.seed=$3" \
    --set "data_stages.0.data.seed=$3" --set "optimizer.optimizer_factory.name=$1" \
    --set "optimizer.learning_rate_scheduler.learning_rate=$2" ${more[@]+"${more[@]}"} >>"$name.log" 2>&1 || true
  loss=$(grep '"kind":"validation"' "runs/$name/metrics.jsonl" | tail -1 | sed -E 's/.*"loss":([0-9.]+|null).*/\1/')
  echo "$(date +%H:%M) $1 rate $2 seed $3: $loss"
  losses[$1 $2 $3]=$loss
}

try() { # OPTIMIZER RATE
  train "$1" "$2" "$first"
  rates_of[$1]+="$2 "
}

# The rates of an optimizer from the lowest, and the one among them that ended lowest.
sorted() { tr ' ' '\n' <<<"${rates_of[$1]}" | grep . | sort -g; }
best() {
  local rate
  for rate in $(sorted "$1"); do
    [ "${losses[$1 $rate $first]}" = null ] || echo "${losses[$1 $rate $first]} $rate"
  done | sort -g | head -1 | cut -d ' ' -f 2
}

for rate in $rates; do
  for optimizer in $optimizers; do try "$optimizer" "$rate"; done
done
for round in 1 2 3; do
  for optimizer in $optimizers; do
    rate=$(best "$optimizer")
    [ -n "$rate" ] || { echo "$optimizer: every rate diverged"; exit 1; }
    if [ "$rate" = "$(sorted "$optimizer" | head -1)" ]; then
      try "$optimizer" "$(awk "BEGIN { printf \"%g\", $rate / 2 }")"
    elif [ "$rate" = "$(sorted "$optimizer" | tail -1)" ]; then
      try "$optimizer" "$(awk "BEGIN { printf \"%g\", $rate * 2 }")"
    fi
  done
done
for seed in $seeds; do
  for optimizer in $optimizers; do
    [ "$seed" = "$first" ] || train "$optimizer" "$(best "$optimizer")" "$seed"
  done
done
for optimizer in $optimizers; do echo "$optimizer: best rate $(best "$optimizer")"; done
