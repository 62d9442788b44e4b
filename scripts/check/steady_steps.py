#!/usr/bin/env python3
"""Trains 2,000 steps and checks that neither time nor memory grows on the way.

  swift build -c release --product apus
  python3 scripts/check/steady_steps.py

The median time of the last 200 steps may be 1.02 of that of steps 50 to 250, and resident memory may grow by 1 MiB from
step 50 on. The model is small, so that what a step costs besides its products is seen. A minute or two, alone on the
machine; what is made lies in a temporary folder.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

CONFIGURATION = """
tokenizer: {tokenizer_name_or_path: FOLDER/tokenizer}
data_stages:
- data: {dataset: {dataset_folder: FOLDER/tokens}}
model:
  model_config: {hidden_size: 192, intermediate_size: 512, num_hidden_layers: 3, num_attention_heads: 6,
                 num_key_value_heads: 6, max_position_embeddings: 256, tie_word_embeddings: true,
                 _use_doc_masking: true}
optimizer: {learning_rate_scheduler: {learning_rate: 1.0e-3, lr_warmup_steps: 100}}
tokens: {sequence_length: 256, train_steps: STEPS, micro_batch_size: 8}
checkpoints: {checkpoint_interval: 1000000}
apus: {run_folder: FOLDER/run}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus", help="the executable")
    parser.add_argument("--steps", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apus-steady-") as folder:
        def apus(*arguments):
            subprocess.run([given.apus, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        apus("data", "synthesize", "--output", f"{folder}/world", "--megabytes", "20")
        apus("tokenizer", "train", "--input", f"{folder}/world/train.jsonl", "--vocab-size", "2048", "--output",
             f"{folder}/tokenizer")
        apus("data", "prepare", "--tokenizer", f"{folder}/tokenizer", "--input", f"{folder}/world/train.jsonl",
             "--output", f"{folder}/tokens")
        path = os.path.join(folder, "run.yaml")
        with open(path, "w") as file:
            file.write(CONFIGURATION.replace("FOLDER", folder).replace("STEPS", str(given.steps)))
        apus("train", path)
        with open(os.path.join(folder, "run", "metrics.jsonl")) as file:
            steps = [row for row in map(json.loads, file) if "step_seconds" in row]
    early = statistics.median(row["step_seconds"] for row in steps[50:250])
    late = statistics.median(row["step_seconds"] for row in steps[-200:])
    grown = max(row["resident_bytes"] for row in steps[50:]) - steps[50]["resident_bytes"]
    waits = statistics.median(row["data_wait_seconds"] / row["step_seconds"] for row in steps[50:])
    print(f"{len(steps)} steps: {1e3 * early:.2f} ms early, {1e3 * late:.2f} ms late, ratio {late / early:.3f}; "
          f"memory grew by {grown / 2**20:.2f} MiB to {steps[-1]['resident_bytes'] / 2**20:.0f}; "
          f"{100 * waits:.2f} % of a step waited for data")
    if late > 1.02 * early or grown > 1 << 20:
        sys.exit("steady_steps: a step is not what it was at the beginning")


if __name__ == "__main__":
    main()
