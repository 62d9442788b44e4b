#!/usr/bin/env bash
# Kills a training run at random moments, saves included, and continues it until it ends; then compares its model with
# that of a run nobody touched: the files must be equal byte for byte.
#   scripts/check/kill_and_continue.sh [KILLS, default 20]
# Needs a release build of apus; takes some minutes.
set -euo pipefail
kills=${1:-20}
apus=${APUS:-$(cd "$(dirname "$0")/../.." && pwd)/.build/release/apus}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$apus" data synthesize --output world --megabytes 2 >/dev/null 2>&1
"$apus" tokenizer train --input world/train.jsonl --vocab-size 1024 --output tokenizer >/dev/null 2>&1
"$apus" data prepare --tokenizer tokenizer --input world/train.jsonl --output tokens --validation 0.01 >/dev/null 2>&1
cat >config.yaml <<'YAML'
general: {run: run}
tokenizer: {tokenizer_name_or_path: tokenizer}
data_stages: [{data: {dataset: {dataset_folder: tokens}}}]
model:
  model_config: {hidden_size: 256, intermediate_size: 704, num_hidden_layers: 4, num_attention_heads: 8,
    num_key_value_heads: 4, tie_word_embeddings: true, _use_doc_masking: true}
optimizer: {learning_rate_scheduler: {learning_rate: 1.0e-3, lr_warmup_steps: 10, lr_warmup_style: linear}}
tokens: {sequence_length: 128, train_steps: 720, micro_batch_size: 4, batch_accumulation_per_replica: 1}
checkpoints: {checkpoint_interval: 3}
apus: {run_folder: whole, report: false, validation: {interval: 360, batches: 2}}
YAML
"$apus" train config.yaml >/dev/null 2>&1
done_kills=0 rounds=0
while :; do
  rounds=$((rounds + 1))
  "$apus" train config.yaml --set apus.run_folder=killed >log 2>&1 &
  pid=$!
  if [ "$done_kills" -lt "$kills" ]; then
    # From 1.0 to 3.5 seconds: start-up, steps and saves are all hit.
    sleep "$(awk -v r="$RANDOM" 'BEGIN { printf "%.3f", 1.0 + r / 32768 * 2.5 }')"
    if kill -9 "$pid" 2>/dev/null; then done_kills=$((done_kills + 1)); fi
    wait "$pid" 2>/dev/null || true
    echo "kill $done_kills: newest checkpoint $(ls killed/checkpoints 2>/dev/null | grep -E '^[0-9]+$' | sort -n | tail -1)," \
      "unfinished folders $(ls killed/checkpoints 2>/dev/null | grep -c partial || true)"
    [ -d killed/checkpoints/720 ] && [ "$done_kills" -lt "$kills" ] && { echo "the run ended after $done_kills kills: too fast for $kills"; break; }
  else
    wait "$pid" || { cat log; exit 1; }
    break
  fi
done
cmp whole/checkpoints/720/model.safetensors killed/checkpoints/720/model.safetensors
cmp whole/checkpoints/720/optimizer/exp_avg_sq.safetensors killed/checkpoints/720/optimizer/exp_avg_sq.safetensors
left=$(ls killed/checkpoints | grep -c partial || true)
echo "$done_kills kills, $rounds starts: the models are equal byte for byte; $left unfinished folders left"
[ "$done_kills" -ge "$kills" ] && [ "$left" -eq 0 ]
