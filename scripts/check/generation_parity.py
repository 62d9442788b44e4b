#!/usr/bin/env python3
"""Checks what a model writes: the same greedy tokens and log-probabilities as transformers, alone and in a batch.

Needs torch 2.15.0 and transformers 5.23.0 (scripts/golden/README.md says how to get them) and a release build.
  "$APUS_PEERS/bin/python" scripts/check/generation_parity.py FOLDER [--apus .build/release/apus] [--tokens 64]

FOLDER is a Hugging Face folder with a tokenizer. Ten prompts are given as token ids, so that generation alone is
checked. Both sides compute in float32. Checked are
  - greedy tokens with end-of-text tokens passed over, each prompt alone and all in one batch of Apus
  - the log-probability of every generated and prompt token, to 2e-3
  - with a repetition penalty of 1.2, greedy tokens again
  - stop strings, taken from what was written: the text must end just before the first of them
Where tokens part, the two best logits of transformers at that place are shown: nearer than 1e-3 is a tie of rounding.
Exit status 1 if anything differs.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("TQDM_DISABLE", "1")
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "The capital of France is", "def fibonacci(n):\n", "Once upon a time there was a swift that",
    "Water boils at", "Explain why the sky is blue.", "1, 1, 2, 3, 5, 8,", "Die Hauptstadt von Italien ist",
    "A list of fruits:\n- apple\n-", "The most important thing about a good friend is",
    "In the year 1969 three astronauts left the earth and flew to the moon, and when two of them had landed there the"]


def apus(program, folder, lines, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
        file.flush()
        command = [program, "generate", folder, "--float32", "--prompts", file.name, *options]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--tokens", type=int, default=64)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.folder)
    model = AutoModelForCausalLM.from_pretrained(arguments.folder, dtype=torch.float32).eval()
    prompts = [tokenizer(prompt).input_ids for prompt in PROMPTS]
    length = str(arguments.tokens)
    failures = []

    def compare(name, expected, own, logits):
        for number, (theirs, ours) in enumerate(zip(expected, own)):
            if ours == theirs:
                continue
            place = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
            best = logits[number][min(place, len(theirs) - 1)].topk(2).values
            failures.append(f"{name}, prompt {number}: parts at token {place}, "
                            f"best logits {best[0].item():.5f} and {best[1].item():.5f}")

    def reference(penalty):
        tokens, logits = [], []
        for prompt in prompts:
            with torch.no_grad():
                out = model.generate(
                    torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), do_sample=False,
                    max_new_tokens=arguments.tokens, min_new_tokens=None, repetition_penalty=penalty, eos_token_id=[],
                    pad_token_id=0, return_dict_in_generate=True, output_logits=True, output_scores=True)
            tokens.append(out.sequences[0, len(prompt):].tolist())
            logits.append([scores[0] for scores in (out.scores if penalty != 1 else out.logits)])
        return tokens, logits

    lines = [{"tokens": prompt} for prompt in prompts]
    greedy = ["--greedy", "--ignore-end-of-text", "--max-tokens", length, "--repetition-penalty"]
    expected, logits = reference(1.0)
    batch = apus(arguments.apus, arguments.folder, lines, *greedy, "1", "--logprobs", "2", "--prompt-logprobs", "0")
    compare("batch", expected, [line["tokens"] for line in batch], logits)
    alone = [apus(arguments.apus, arguments.folder, [line], *greedy, "1")[0]["tokens"] for line in lines]
    compare("alone", expected, alone, logits)
    worst = 0.0
    for prompt, tokens, line in zip(prompts, expected, batch):
        text = torch.tensor(prompt + line["tokens"])
        with torch.no_grad():
            everything = model(text[None], use_cache=False).logits[0].double().log_softmax(-1)
        theirs = everything[:-1].gather(-1, text[1:, None])[:, 0]
        ours = torch.tensor([own["logprob"] for own in line["prompt_logprobs"] + line["logprobs"]]).double()
        worst = max(worst, (ours - theirs).abs().max().item())
        top = everything[len(prompt) - 1:-1].topk(2).values
        ours = torch.tensor([[best["logprob"] for best in own["top"]] for own in line["logprobs"]]).double()
        worst = max(worst, (ours - top).abs().max().item())
    count = sum(len(prompt) - 1 + len(line["tokens"]) for prompt, line in zip(prompts, batch))
    print(f"log-probabilities: {count} tokens, greatest difference {worst:.2e}")
    if not worst <= 2e-3:
        failures.append(f"log-probabilities differ by {worst}")

    expected, logits = reference(1.2)
    own = apus(arguments.apus, arguments.folder, lines, *greedy, "1.2")
    compare("repetition penalty", expected, [line["tokens"] for line in own], logits)

    stops = [batch[0]["text"][9:13], batch[4]["text"][20:22], "\n\n"]
    own = apus(arguments.apus, arguments.folder, lines, *greedy, "1", *(x for stop in stops for x in ("--stop", stop)))
    ended = 0
    for number, (line, whole) in enumerate(zip(own, batch)):
        ends = [whole["text"].find(stop) + len(stop) for stop in stops if stop in whole["text"]]
        text = whole["text"]
        if ends:
            text = whole["text"][:min(ends)]
            text = text[:len(text) - max(len(stop) for stop in stops if text.endswith(stop))]
            ended += 1
        if line["text"] != text or (line["reason"] == "stop_string") != bool(ends):
            failures.append(f"stop strings, prompt {number}: {line['text']!r} is not {text!r}")
    print(f"stop strings {stops}: {ended} of {len(lines)} texts ended by one")
    lengths = sorted(map(len, prompts))
    print(f"{len(prompts)} prompts of {lengths[0]} to {lengths[-1]} tokens, {length} tokens each")
    for failure in failures:
        print(f"DIFFERS  {failure}")
    print("transformers and Apus differ" if failures else "transformers and Apus agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
