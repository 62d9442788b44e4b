#!/usr/bin/env python3
"""Checks every family both ways: a tiny random model made by transformers, saved in shards, goes into Apus and back.

Needs torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 (scripts/golden/README.md says how to get them).
  "$APUS_PEERS/bin/python" scripts/check/family_parity.py [APUS]

APUS  the program (default .build/release/apus); it takes a card where there is one. On the emulated card of the tests:
  APUS_CUDA_LIBRARIES=$(Tests/CUDAEmulation/build.sh FOLDER) "$APUS_PEERS/bin/python" scripts/check/family_parity.py
For each case of scripts/golden/llama_golden.py and experts_golden.py that is a whole model, and for a Gemma 3 with vision:
  logits within 1e-4 (greatest absolute difference), all gradients within 1e-3 of their norms, 32 greedy tokens by way
  of the key-value cache identical, beyond the window where there is one; then the folder that Apus saved is loaded by
  transformers, which must miss nothing, find nothing unknown, and hold the same bits and compute the same logits.
Prints a line a case; exit status 1 if one fails.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, Gemma3Config, Gemma3ForConditionalGeneration, SiglipVisionConfig

import experts_golden
import generate_golden
import llama_golden
from reference import loss_of

ROWS, LENGTH, GREEDY = 2, 15, generate_golden.LENGTH


def cases():
    """Name, config of the text model, and the model whose folder Apus reads."""
    for number, (name, config, options) in enumerate(llama_golden.cases()):
        if not set(options) <= {"older_keys", "store", "changes", "scale"}:
            continue
        # Weights that bf16 cannot hold: float32 must go through unrounded.
        model = llama_golden.make_model(config, 500 + number, {**options, "store": torch.float32})
        yield name, model, model
        if name == "gemma3":
            vision = SiglipVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                        num_attention_heads=2, image_size=28, patch_size=14)
            both = Gemma3ForConditionalGeneration(Gemma3Config(
                text_config=copy.deepcopy(config), vision_config=vision, mm_tokens_per_image=4, image_token_index=60,
                boi_token_index=58, eoi_token_index=59)).float().eval()
            both.model.language_model.load_state_dict(model.model.state_dict())
            both.tie_weights()
            yield "gemma3 with vision", model, both
    for number, (name, kind, config) in enumerate(experts_golden.models()):
        config._attn_implementation = "eager"
        config.router_aux_loss_coef = 0.0  # Apus's gradients would hold it, the loss taken here does not.
        model = kind(config).float().eval()
        experts_golden.fill(model, 600 + number)
        yield name, model, model


def check(apus, name, model, stored, folder):
    """What is wrong, as a list of sentences."""
    generator = torch.Generator().manual_seed(7)
    tokens = torch.randint(0, model.config.vocab_size, (ROWS, LENGTH), generator=generator)
    given, saved = os.path.join(folder, "given"), os.path.join(folder, "saved")
    stored.save_pretrained(given, max_shard_size="30KB")
    shards = len([file for file in os.listdir(given) if file.endswith(".safetensors")])
    ids, result = os.path.join(folder, "ids.json"), os.path.join(folder, "result.safetensors")
    with open(ids, "w") as file:
        json.dump({"tokens": tokens.tolist()}, file)
    subprocess.run([apus, "model", "compute", given, "--ids", ids, "--output", result, "--greedy", str(GREEDY),
                    "--save", saved], check=True, stdout=subprocess.DEVNULL)
    ours = load_file(result)

    logits = model(input_ids=tokens, use_cache=False).logits
    loss, _, _ = loss_of(logits[:, :-1], tokens[:, 1:], torch.ones(ROWS, LENGTH - 1))
    model.zero_grad()
    loss.backward()
    wrong = []
    difference = (ours["logits"] - logits).abs().max().item()
    if not difference < 1e-4:
        wrong.append(f"logits differ by {difference:.1e}")
    gradients = experts_golden.tensors(model, True)
    if {key for key in ours if key.startswith("grad.")} != gradients.keys():
        wrong.append("not the same gradients")
    worst = 0
    for key, theirs in gradients.items():
        if key not in ours or ours[key].shape != theirs.shape:
            wrong.append(f"{key} has another shape")
            continue
        worst = max(worst, ((ours[key] - theirs).norm() / theirs.norm().clamp(min=1e-12)).item())
    if not worst < 1e-3:
        wrong.append(f"gradients differ by {worst:.1e}")
    with torch.no_grad():
        margin = 1.0
        for row in range(ROWS):
            greedy, least = generate_golden.greedy(model, tokens[row].tolist())
            margin = min(margin, least)
            if greedy != ours["greedy"][row].tolist():
                wrong.append(f"greedy tokens of row {row} differ (margins of transformers from {least:.1e})")
        again, report = AutoModelForCausalLM.from_pretrained(
            saved, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
        computed = dict(again.named_buffers())  # transformers stores some numbers that follow from the configuration
        left = {kind: sorted(set(names) - computed.keys()) for kind, names in report.items()}
        wrong += [f"{kind}: {names}" for kind, names in left.items() if names]
        if type(again) is not type(model):
            wrong.append(f"loads as {type(again).__name__}")
        before, after = model.state_dict(), again.state_dict()
        if before.keys() != after.keys() or not all(torch.equal(before[key], after[key]) for key in before):
            wrong.append("the saved weights are not the same bits")
        if not torch.equal(again.eval()(input_ids=tokens, use_cache=False).logits, logits):
            wrong.append("the saved folder computes other logits")
    print(f"{name:20} {shards:2} shards, logits within {difference:.1e}, gradients within {worst:.1e}, {ROWS} x {GREEDY} "
          f"greedy tokens (margins from {margin:.1e}): {'; '.join(wrong) or 'agrees, and back to the same bits'}")
    return wrong


def main():
    apus = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/apus")
    torch.set_num_threads(1)
    failed = False
    for name, model, stored in cases():
        with tempfile.TemporaryDirectory() as folder:
            failed = bool(check(apus, name, model, stored, folder)) or failed
    print("families differ" if failed else "all families agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
