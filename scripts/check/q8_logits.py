#!/usr/bin/env python3
"""How far logits with weights in Q8_0 lie from those of the same weights in float32, beside llama.cpp's arithmetic.

Needs torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 (scripts/golden/README.md says how to get them).
  "$APUS_PEERS/bin/python" scripts/check/q8_logits.py MODEL TEXT [APUS]

MODEL   the folder of a llama-like model with a tokenizer that transformers reads
TEXT    a text; its first rows of 256 tokens are read
APUS    the program (default .build/release/apus)
The truth is transformers in float32 with every matrix rounded to Q8_0. Beside it stand Apus, and llama.cpp's products
as its source defines them: inputs rounded to eight bits in blocks of 32 with a scale in half precision, all else in
float32. Printed: the Euclidean norm of the difference over the norm, and the mean divergence of the next token's
distribution in nats. Exit status 1 if Apus in float32 lies more than a tenth further than llama.cpp.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("TQDM_DISABLE", "1")
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

ROWS, TOKENS, BLOCK = 2, 256, 32


def rounded(x):
    """What Q8_0 holds of the rows of a matrix."""
    blocks = x.reshape(-1, BLOCK)
    scale = blocks.abs().amax(1, keepdim=True) / 127
    numbers = torch.where(scale > 0, blocks / scale, 0.0)
    numbers = torch.sign(numbers) * torch.floor(numbers.abs() + 0.5)
    return (numbers * scale.half().float()).reshape(x.shape)


def far(name, logits, truth):
    relative = ((logits - truth).norm() / truth.norm()).item()
    p = truth.log_softmax(-1)
    divergence = (p.exp() * (p - logits.log_softmax(-1))).sum(-1).mean().item()
    print(f"{name:32} {relative:.2e}  {divergence:.2e} nats")
    return relative


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument("apus", metavar="APUS", nargs="?", default=".build/release/apus")
    given = parser.parse_args()
    text = open(given.text, encoding="utf-8").read(1 << 20)
    ids = AutoTokenizer.from_pretrained(given.model)(text, return_tensors="pt").input_ids[0, :ROWS * TOKENS]
    ids = ids.reshape(ROWS, TOKENS)
    model = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32).eval()
    for parameter in model.parameters():
        if parameter.dim() == 2 and parameter.shape[1] % BLOCK == 0:
            parameter.copy_(rounded(parameter))
    truth = model(input_ids=ids).logits
    linear = torch.nn.Linear.forward
    torch.nn.Linear.forward = lambda self, x: linear(self, rounded(x))
    print(f"{ROWS} x {TOKENS} tokens; distance of the logits, divergence")
    theirs = far("llama.cpp's arithmetic", model(input_ids=ids).logits, truth)
    torch.nn.Linear.forward = linear
    ours = {}
    with tempfile.TemporaryDirectory() as folder:
        tokens, output = os.path.join(folder, "ids.json"), os.path.join(folder, "logits.safetensors")
        json.dump({"tokens": ids.tolist()}, open(tokens, "w"))
        for compute in ["f32", "bf16"]:
            subprocess.run(
                [given.apus, "model", "compute", given.model, "--ids", tokens, "--output", output, "--logits-only",
                 "--compute", compute, "--weights", "q8_0"], check=True, stdout=subprocess.DEVNULL)
            logits = load_file(output)["logits"].reshape(truth.shape)
            ours[compute] = far(f"Apus, activations in {compute}", logits, truth)
    sys.exit(0 if ours["f32"] <= 1.1 * theirs else 1)


main()
