#!/usr/bin/env bash
# What only a card can tell, on a machine with one that has no Swift: packed here, run there.
#
#   scripts/check/cuda_card.sh pack FOLDER      the program, the tests and the libraries they need, after
#                                               scripts/release.sh and swift build -c release --build-tests
#   scripts/check/cuda_card.sh run FOLDER       on the machine with the card, from the repository's root
#
# `run` prints what it sees and ends with status 1 if a check fails: the card and its libraries; every operation against the
# processor (CUDATensorsTests on the card); rates beside the data sheet; 200 steps of a small model on the processor and
# on the card, whose losses must agree, and once more on the card, for the same bits. Speed against PyTorch is
# benchmarks/cuda_train_steps.py.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ $# -eq 2 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 2; }
folder=$2

pack() {
  rm -rf "$folder" && mkdir -p "$folder/lib"
  local program tests library
  program=$(ls -t dist/apus-*-linux-* | head -n 1)
  tests=.build/release/apusPackageTests.xctest
  cp "$program" "$folder/apus"
  strip -o "$folder/tests" "$tests"
  # Swift's shared libraries; the C library's are there.
  ldd "$tests" | awk '/\/swift\// { print $3 }' | while read -r library; do cp -L "$library" "$folder/lib/"; done
  tar -C "$folder" -cJf "$folder/card.tar.xz" apus tests lib
  rm -rf "$folder"/{apus,tests,lib}
  du -sh "$folder"
}

run() {
  local work apus failed=()
  work=$(mktemp -d)
  apus=$work/apus
  trap 'rm -rf "$work"' EXIT
  step() { printf '\n== %s\n' "$*"; }
  check() {
    local name=$1
    shift
    step "$name"
    "$@" || failed+=("$name")
  }

  tar -C "$work" -xJf "$folder/card.tar.xz"
  check "doctor" "$apus" doctor
  check "operations" env APUS_TEST_CARD=0 LD_LIBRARY_PATH="$work/lib" "$work/tests" --testing-library swift-testing \
    --filter CUDATests --skip KernelCompilation
  check "rates" "$apus" bench --device cuda

  step "200 steps on the processor and on the card"
  "$apus" data synthesize --output "$work/world" --megabytes 4 >/dev/null
  "$apus" tokenizer train --input "$work/world/train.jsonl" --vocab-size 4096 --end-of-text '<|endoftext|>' \
    --output "$work/tokenizer" >/dev/null
  "$apus" data prepare --tokenizer "$work/tokenizer" --input "$work/world/train.jsonl" --output "$work/tokens" >/dev/null
  cat >"$work/run.yaml" <<YAML
general: {project: card, run: card, seed: 42}
model:
  dtype: bfloat16
  init_method: {std: 0.025}
  model_config: {hidden_size: 256, intermediate_size: 704, num_hidden_layers: 8, num_attention_heads: 8,
    num_key_value_heads: 4, vocab_size: 4096, max_position_embeddings: 512, tie_word_embeddings: true}
tokens: {sequence_length: 512, train_steps: 200, micro_batch_size: 8}
optimizer:
  learning_rate_scheduler: {learning_rate: 0.001, lr_warmup_steps: 20}
  weight_decay: 0.1
  clip_grad: 1.0
data_stages: [{name: main, start_training_step: 1, data: {dataset: {dataset_folder: $work/tokens}, seed: 42}}]
YAML
  for name in cpu cuda cuda-again; do
    "$apus" train "$work/run.yaml" --device "${name%-again}" --set "apus.run_folder=$work/$name" 2>&1 | tail -n 2
  done
  losses() { grep '"kind":"train"' "$work/$1/metrics.jsonl" | sed 's/.*"loss":\([0-9.]*\).*/\1/'; }
  paste <(losses cpu) <(losses cuda) | awk '
    { d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d; if (NR > 150) { sum += $1 - $2 } }
    END { mean = sum / 50; if (mean < 0) mean = -mean
      printf "losses of %d steps differ by at most %.4f, the means of the last 50 by %.4f\n", NR, most, mean
      exit !(NR == 200 && most <= 0.05 && mean <= 0.01) }' || failed+=("the curves")
  if cmp -s "$work"/{cuda,cuda-again}/checkpoints/200/model.safetensors; then
    echo "two runs on the card: the same bits"
  else
    failed+=("the same bits")
  fi

  step "done"
  [ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}" >&2; return 1; }
}

case $1 in
  pack | run) "$1" ;;
  *) echo "cuda_card.sh: '$1' is neither pack nor run" >&2; exit 2 ;;
esac
