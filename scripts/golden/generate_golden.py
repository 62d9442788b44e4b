#!/usr/bin/env python3
"""Makes the golden files of greedy decoding: 32 tokens, with the key-value cache, from two models of llama_golden.py.

Made with torch 2.15.0, transformers 5.23.0 on a CPU in fp32, eager attention, one thread.
  python3 scripts/golden/generate_golden.py [--golden Tests/ModelsTests/Golden]

Writes <case>/greedy.json: prompt, continuation (32 ids; no token ends it), and smallestMargin, the least distance
between the best logit and the second: an implementation whose logits are off by less than half of it must agree.
"""
import argparse
import json
import os

os.environ.setdefault("TQDM_DISABLE", "1")
import torch
from transformers import AutoModelForCausalLM

CASES = ("llama_gqa", "qwen3", "gemma3", "olmo2", "gpt2", "qwen2", "gemma2", "falcon_h1", "zamba2")
LENGTH, PROMPT = 32, 9


def greedy(model, prompt):
    ids, margin, cache, given = [], float("inf"), None, torch.tensor([prompt])
    for _ in range(LENGTH):
        # Given, as MiniMax's cache counts no tokens where the first layer is a recurrence.
        end = len(prompt) + len(ids)
        positions = torch.arange(end - given.shape[1], end)[None]
        output = model(input_ids=given, position_ids=positions, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        best = output.logits[0, -1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        ids.append(best.indices[0].item())
        given = best.indices[:1][None]
    return ids, margin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", default="Tests/ModelsTests/Golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for case in CASES:
        folder = os.path.join(arguments.golden, case)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        # Of several prompts the one whose choices are clearest, and which does not fall into a short loop.
        found = None
        with torch.no_grad():
            for seed in range(40):
                generator = torch.Generator().manual_seed(seed)
                prompt = torch.randint(0, model.config.vocab_size, (PROMPT,), generator=generator).tolist()
                ids, margin = greedy(model, prompt)
                if found is None or (len(set(ids)) >= 8, margin) > (len(set(found[1])) >= 8, found[2]):
                    found = (prompt, ids, margin)
            prompt, ids, margin = found
            # Without a cache, in one pass over everything.
            logits = model(input_ids=torch.tensor([prompt + ids]), use_cache=False).logits[0]
            assert logits[PROMPT - 1:-1].argmax(-1).tolist() == ids
        with open(os.path.join(folder, "greedy.json"), "w") as file:
            json.dump({"prompt": prompt, "continuation": ids, "smallestMargin": round(margin, 6)}, file)
            file.write("\n")
        print(f"{case}: {len(set(ids))} different tokens, smallest margin {margin:.4f}")


if __name__ == "__main__":
    main()
