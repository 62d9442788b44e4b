#!/usr/bin/env python3
"""Makes the golden files of gpt-oss's four-bit experts: a tiny checkpoint, and what transformers makes of it.

Made with torch 2.15.0, transformers 5.24.0, safetensors 0.8.0 on a CPU, one thread.
  python3 scripts/golden/mxfp4.py [--output Tests/ModelsTests/Golden/mxfp4]

Writes config.json and model.safetensors (random blocks, scales that make numbers from 2^-8 to 2^3) and
expected.safetensors, the experts' tensors by transformers' convert_moe_packed_tensors.
"""
import argparse
import json
import os

import torch
from safetensors.torch import save_file
from transformers import GptOssConfig, GptOssForCausalLM
from transformers.integrations.mxfp4 import convert_moe_packed_tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/ModelsTests/Golden/mxfp4")
    folder = parser.parse_args().output
    os.makedirs(folder, exist_ok=True)
    config = GptOssConfig(
        vocab_size=13, hidden_size=64, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, num_local_experts=3, num_experts_per_tok=2, sliding_window=8,
        max_position_embeddings=64, rope_parameters={"rope_type": "default", "rope_theta": 1000.0}, bos_token_id=1,
        eos_token_id=2)
    generator = torch.Generator().manual_seed(5)
    stored, expected = {}, {}
    for name, value in GptOssForCausalLM(config).state_dict().items():
        if not name.endswith(("gate_up_proj", "down_proj")):
            stored[name] = (0.1 * torch.randn(value.shape, generator=generator)).bfloat16()
            continue
        experts, inputs, outputs = value.shape
        blocks = torch.randint(0, 256, (experts, outputs, inputs // 32, 16), generator=generator, dtype=torch.uint8)
        scales = torch.randint(120, 129, (experts, outputs, inputs // 32), generator=generator, dtype=torch.uint8)
        stored[name + "_blocks"], stored[name + "_scales"] = blocks, scales
        expected[name] = convert_moe_packed_tensors(blocks, scales).float().contiguous()
        assert expected[name].shape == value.shape
    save_file(stored, os.path.join(folder, "model.safetensors"))
    save_file(expected, os.path.join(folder, "expected.safetensors"))
    given = {key: value for key, value in config.to_dict().items() if key != "transformers_version"}
    given |= {"model_type": "gpt_oss", "quantization_config": {"quant_method": "mxfp4"}}
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(given, file, indent=2)
        file.write("\n")
    for name in os.listdir(folder):
        os.chmod(os.path.join(folder, name), 0o644)


if __name__ == "__main__":
    main()
