#!/usr/bin/env python3
"""Checks a real model: the same logits and the same greedy text as transformers, in float32.

Needs torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 (scripts/golden/README.md says how to get them).
  "$APUS_PEERS/bin/python" scripts/check/model_parity.py MODEL [APUS] [--long TEXT]

MODEL   a Hugging Face folder with a tokenizer that transformers reads, or a GGUF file: transformers dequantises it, Apus
        reads it as it is and tokenizes the prompts by the vocabulary inside
APUS    the program (default .build/release/apus)
--long  a text file; its first 700 tokens are one more prompt, beyond a sliding window of 512
Ten prompts: the logits of each must be within 2e-3 of transformers' (Euclidean norm of the difference over the norm),
and 64 greedy tokens by way of the key-value cache the same. Exit status 1 if one is not.
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

PROMPTS = [
    "The capital of France is a city on the river Seine, and its name is",
    "Water boils at a lower temperature on a mountain than at the sea because",
    "def greatest_common_divisor(a, b):\n    while b != 0:\n        a, b =",
    "Once upon a time a small bird wanted to cross the wide ocean, but it",
    "To make bread you need four things: flour, water, salt and some",
    "In 1969 two men walked on the moon for the first time; their names were",
    "Die Hauptstadt von Deutschland ist eine große Stadt, und dort leben viele",
    "Question: If a train goes 60 miles in one hour, how far does it go in three? Answer:",
    "The three primary colours that painters mix all the others from are red,",
    "Dear Madam, thank you for your letter of the second of May, in which you",
]
TOKENS, LONG, GREEDY = 12, 700, 64


def greedy(model, prompts):
    """The likeliest continuation of each prompt, and the least distance between the best two logits on the way."""
    ids, margin, cache, given = [], float("inf"), None, prompts
    for _ in range(GREEDY):
        output = model(input_ids=given, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = output.past_key_values
        best = output.logits[:, -1].topk(2)
        margin = min(margin, (best.values[:, 0] - best.values[:, 1]).min().item())
        given = best.indices[:, :1]
        ids.append(given)
    return torch.cat(ids, 1), margin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("apus", metavar="APUS", nargs="?", default=".build/release/apus")
    parser.add_argument("--long", help="a text of more than 700 tokens")
    parser.add_argument("--threads", type=int, default=2, help="threads of transformers (default 2)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    is_gguf = arguments.model.endswith(".gguf")
    place = {"pretrained_model_name_or_path": arguments.model}
    if is_gguf:
        folder, file = os.path.split(os.path.abspath(arguments.model))
        place = {"pretrained_model_name_or_path": folder, "gguf_file": file}
    tokenizer = AutoTokenizer.from_pretrained(**place)
    model = AutoModelForCausalLM.from_pretrained(
        **place, dtype=torch.float32, attn_implementation="eager").eval()

    def encode(text):
        if not is_gguf:
            return tokenizer(text)["input_ids"]
        command = [arguments.apus, "tokenizer", "encode", "--tokenizer", arguments.model, "--json"]
        answer = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
        opening = [tokenizer.bos_token_id] if tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id else []
        return opening + json.loads(answer)["tokens"]

    batches = [torch.tensor([encode(prompt)[:TOKENS] for prompt in PROMPTS])]
    if arguments.long:
        with open(arguments.long, encoding="utf-8") as file:
            batches.append(torch.tensor([encode(file.read(40000))[:LONG]]))
    failed = False
    for batch in batches:
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            ids, result = os.path.join(folder, "ids.json"), os.path.join(folder, "result.safetensors")
            with open(ids, "w") as file:
                json.dump({"tokens": batch.tolist()}, file)
            subprocess.run([arguments.apus, "model", "compute", arguments.model, "--ids", ids, "--output", result,
                            "--greedy", str(GREEDY), "--logits-only"], check=True, stdout=subprocess.DEVNULL)
            ours = load_file(result)
            expected, margin = greedy(model, batch)
            for row, prompt in enumerate(batch):
                theirs = model(input_ids=prompt[None], use_cache=False).logits[0]
                error = ((ours["logits"][row] - theirs).norm() / theirs.norm()).item()
                same = (ours["greedy"][row] == expected[row]).long().cumprod(0).sum().item()
                failed = failed or not error < 2e-3 or same < GREEDY
                text = tokenizer.decode(ours["greedy"][row].tolist())
                print(f"{len(prompt):4} tokens, logits within {error:.1e}, {same} of {GREEDY} greedy tokens the same: "
                      f"{json.dumps(text, ensure_ascii=False)[:80]}", flush=True)
            print(f"least distance of the best two logits on the way: {margin:.1e}")
    print("transformers and Apus differ" if failed else "transformers and Apus agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
