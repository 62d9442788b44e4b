#!/usr/bin/env python3
"""Checks a model that Apus exported: does transformers compute the same from the same folder?

Needs torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 (scripts/golden/README.md says how to get them).
  "$APUS_PEERS/bin/python" scripts/check/transformers_parity.py FOLDER IDS RESULT

FOLDER  a Hugging Face folder: config.json and model.safetensors; it is loaded in fp32
IDS     JSON: rows of token ids, or the object of the golden files: "tokens" and, where wanted, "targets",
        "lossWeights", "documentStarts", "slidingWindow", "zLoss" (llama_golden.py says what they mean). Without
        "targets" each token but the last predicts the next.
RESULT  safetensors by Apus: `logits` [batch, sequence, vocabulary] and, if it holds them, `loss`, `logprobs`,
        `logsumexp` and grad.<name> with the names of FOLDER. If one gradient is there, all must be.
Prints for each tensor the greatest absolute difference and |a - b| / |b| (Euclidean norms, b being transformers').
Exit status 1 if one of these relative errors is beyond the tolerance, or a name or shape does not fit.
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
os.environ.setdefault("TQDM_DISABLE", "1")
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from reference import logits_of, loss_of


def reference(folder, given, with_gradients):
    """Everything that transformers computes, by the names of RESULT."""
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    wrong = {kind: sorted(names) for kind, names in report.items() if names}
    if wrong:
        sys.exit(f"{folder} does not load cleanly: {wrong}")
    model.eval()
    tokens = torch.tensor(given["tokens"])
    vocabulary = model.config.vocab_size
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        sys.exit(f"ids from {tokens.min()} to {tokens.max()} do not fit a vocabulary of {vocabulary}")
    logits = logits_of(model, tokens, given.get("documentStarts"), given.get("slidingWindow"))
    if "targets" in given:
        predicting, targets = logits, torch.tensor(given["targets"])
    else:
        predicting, targets = logits[:, :-1], tokens[:, 1:]
    weights = torch.tensor(given.get("lossWeights", torch.ones(targets.shape).tolist()), dtype=torch.float32)
    loss, logprobs, logsumexp = loss_of(predicting, targets, weights, given.get("zLoss"))
    out = {"logits": logits, "loss": loss.reshape(1), "logprobs": logprobs, "logsumexp": logsumexp}
    if with_gradients:
        loss.backward()
        out |= {"grad." + name: parameter.grad for name, parameter in model.named_parameters()}
    return {name: value.detach() for name, value in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("ids", metavar="IDS")
    parser.add_argument("result", metavar="RESULT")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="greatest relative error (default 1e-4)")
    arguments = parser.parse_args()
    with open(arguments.ids) as file:
        given = json.load(file)
    if isinstance(given, list):
        given = {"tokens": given if given and isinstance(given[0], list) else [given]}
    result = load_file(arguments.result)
    has_gradients = any(name.startswith("grad.") for name in result)
    expected = reference(arguments.folder, given, has_gradients)

    failures = []
    if "logits" not in result:
        failures.append("logits: missing")
    failures += [f"{name}: transformers has no such tensor" for name in sorted(result.keys() - expected.keys())]
    if has_gradients:
        failures += [f"{name}: missing" for name in sorted(expected.keys() - result.keys()) if name.startswith("grad.")]
    print(f"{'max |a - b|':>12} {'|a - b|/|b|':>12}  tensor")
    for name in (name for name in expected if name in result):
        ours, theirs = result[name].double(), expected[name].double()
        if ours.shape != theirs.shape:
            failures.append(f"{name}: shape {list(ours.shape)}, transformers has {list(theirs.shape)}")
            continue
        error = ours - theirs
        norm = theirs.norm().item()
        relative = error.norm().item() / norm if norm > 0 else error.norm().item()
        print(f"{error.abs().max().item():12.3e} {relative:12.3e}  {name}")
        if not relative <= arguments.tolerance:  # also true for NaN
            failures.append(f"{name}: relative error {relative:.3e}, allowed {arguments.tolerance:.0e}")
    for failure in failures:
        print(f"DIFFERS  {failure}")
    print("transformers and Apus differ" if failures else "transformers and Apus agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
