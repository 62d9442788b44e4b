#!/usr/bin/env python3
"""Makes Tests/InferenceTests/Golden/sampling.json: which tokens transformers lets be drawn, and how likely each is.

Made with torch 2.15.0 and transformers 5.23.0: the processors of `transformers.generation.logits_process` in the order
of `GenerationMixin._get_logits_processor`: repetition penalty, temperature, top-k, top-p, min-p.
  python3 scripts/golden/sampling.py [--output Tests/InferenceTests/Golden]

A case has logits (float32, exact in the JSON's decimals), history (tokens of prompt and text), the settings that are
not at rest, and kept: [[token, probability], …] by token, or for temperature 0 the one token of `argmax`.
Cases in which a token stands within 1e-5 of a threshold are drawn again, so that no rounding decides.
"""
import argparse
import json
import os
import random

import torch
from transformers.generation.logits_process import (
    LogitsProcessorList, MinPLogitsWarper, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper,
    TopPLogitsWarper)

MARGIN = 1e-5


def processors(settings):
    made = LogitsProcessorList()
    if "repetitionPenalty" in settings:
        made.append(RepetitionPenaltyLogitsProcessor(settings["repetitionPenalty"]))
    if settings["temperature"] == 0:
        return made
    if settings["temperature"] != 1:
        made.append(TemperatureLogitsWarper(settings["temperature"]))
    if "topK" in settings:
        made.append(TopKLogitsWarper(settings["topK"]))
    if "topP" in settings:
        made.append(TopPLogitsWarper(settings["topP"]))
    if "minP" in settings:
        made.append(MinPLogitsWarper(settings["minP"]))
    return made


def is_clear(ids, logits, settings):
    """Whether no token stands so near to a threshold that rounding decides."""
    scores = logits
    for processor in processors(settings):
        probabilities = scores.double().softmax(-1)[0]
        if isinstance(processor, TopPLogitsWarper):
            # What stands above each token; the token is kept if that is below top_p.
            order = probabilities.sort(descending=True).values
            above = order.cumsum(0) - order
            if (above - settings["topP"]).abs().min() < MARGIN:
                return False
        if isinstance(processor, MinPLogitsWarper):
            shares = (probabilities / probabilities.max()).sort(descending=True).values[1:]
            if (shares - settings["minP"]).abs().min() < MARGIN:
                return False
        scores = processor(ids, scores)
    # Equal logits are taken by the lower number here and together there.
    return scores[scores > -float("inf")].unique().numel() == (scores > -float("inf")).sum()


def case(chance):
    count = chance.choice([5, 40, 200])
    settings = {"temperature": chance.choice([0, 0.3, 0.7, 1.0, 1.0, 1.5, 4.0])}
    for name, values in [("repetitionPenalty", [1.05, 1.3, 2.0, 0.8]), ("topK", [1, 3, 20, 1000]),
                         ("topP", [0.1, 0.5, 0.9, 0.98]), ("minP", [0.01, 0.1, 0.5, 1.0])]:
        if chance.random() < 0.5:
            settings[name] = chance.choice(values)
    generator = torch.Generator().manual_seed(chance.randrange(1 << 30))
    while True:
        logits = torch.randn(1, count, generator=generator) * chance.choice([0.5, 2, 6])
        ids = torch.randint(0, count, (1, chance.choice([1, 4, 30])), generator=generator)
        if is_clear(ids, logits, settings):
            break
    scores = processors(settings)(ids, logits.clone())
    if settings["temperature"] == 0:
        kept = [[scores[0].argmax().item(), 1.0]]
    else:
        probabilities = scores.double().softmax(-1)[0]
        kept = [[i, float(f"{p:.9g}")] for i, p in enumerate(probabilities.tolist()) if p > 0]
    return {**settings, "history": ids[0].tolist(), "logits": [float(f"{x:.9g}") for x in logits[0].tolist()],
            "kept": kept}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/InferenceTests/Golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chance = random.Random(5)
    cases = [case(chance) for _ in range(120)]
    os.makedirs(arguments.output, exist_ok=True)
    path = os.path.join(arguments.output, "sampling.json")
    with open(path, "w") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")
    kept = sum(len(made["kept"]) for made in cases)
    print(f"{len(cases)} cases, {kept} tokens kept, {os.path.getsize(path) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
