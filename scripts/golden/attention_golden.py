#!/usr/bin/env python3
"""Makes the golden files of attention: one layer's attention as transformers computes it, and YaRN's frequencies.

Made with torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 on a CPU in fp32, eager attention, one thread.
  python3 scripts/golden/attention_golden.py [--output Tests/ModelsTests/Golden/attention]

CASE.json         the `config.json` of an Apus model of one layer, whose attention the case is; documentStarts where the
                  case has them (one list of offsets a row)
CASE.safetensors  the attention's parameters under their names, x [2, 23, hidden], output and output_gradient alike,
                  and grad.x and grad.<parameter>: gradients of sum(output * output_gradient)
yarn.json         rope_parameters, sizes, and the frequencies and attention factor that transformers makes of them
Masks are explicit: transformers' own modules get them as they would from their models.
"""
import argparse
import json
import os

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
import torch
from safetensors.torch import save_file
from transformers import DeepseekV3Config, Gemma2Config, GptOssConfig, Llama4TextConfig, LlamaConfig, Qwen3NextConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3Attention, DeepseekV3RotaryEmbedding
from transformers.models.gemma2.modeling_gemma2 import Gemma2Attention, Gemma2RotaryEmbedding
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssAttention, GptOssRotaryEmbedding
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding
from transformers.models.llama4.modeling_llama4 import Llama4TextAttention, Llama4TextRotaryEmbedding
from transformers.models.qwen3_next.modeling_qwen3_next import Qwen3NextAttention, Qwen3NextRotaryEmbedding

from reference import additive, document_layout

BATCH, LENGTH, HIDDEN = 2, 23, 24
DOCUMENTS = [[0, 5, 6, 17], [0, 11, 22]]
COMMON = dict(vocab_size=61, hidden_size=HIDDEN, intermediate_size=36, num_hidden_layers=1, max_position_embeddings=64,
              attn_implementation="eager")


def rope(theta, **scaling):
    return {"rope_type": "default", "rope_theta": theta, **scaling}


def ours(config, heads, groups, width, mixer, rope_parameters=None, **architecture):
    """The config.json of the same as an Apus model."""
    parameters = dict(rope_parameters or rope(10000.0))
    parameters.pop("partial_rotary_factor", None)
    result = {
        "model_type": "apus", "vocab_size": 61, "hidden_size": HIDDEN, "intermediate_size": 36, "num_hidden_layers": 1,
        "num_attention_heads": heads, "num_key_value_heads": groups, "head_dim": width, "max_position_embeddings": 64,
        "rms_norm_eps": config.rms_norm_eps, "rope_parameters": parameters,
        "architecture": {**architecture, "mixers": [mixer]}}
    return result


def cases():
    """Name, attention, its rotary embedding, Apus's configuration, options."""
    heads = dict(num_attention_heads=4, num_key_value_heads=2)
    c = Gemma2Config(**COMMON, **heads, head_dim=12, query_pre_attn_scalar=20, attn_logit_softcapping=2.0,
                     sliding_window=7, layer_types=["sliding_attention"], rope_parameters=rope(10000.0))
    yield "soft_cap", Gemma2Attention(c, 0), Gemma2RotaryEmbedding(c), ours(
        c, 4, 2, 12, {"kind": "attention", "logit_soft_cap": 2.0, "window": 7}, attention_scalar=20), dict(window=7)

    yarn = rope(150000.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=4.0,
                beta_slow=1.0, truncate=False)
    c = GptOssConfig(**COMMON, **heads, head_dim=16, sliding_window=8, layer_types=["sliding_attention"],
                     rope_parameters=yarn)
    yield "learned_sinks", GptOssAttention(c, 0), GptOssRotaryEmbedding(c), ours(
        c, 4, 2, 16, {"kind": "attention", "learned_sinks": True, "window": 8, "bias": True}, yarn), dict(
        window=8, documents=DOCUMENTS)

    part = rope(5000.0, partial_rotary_factor=0.25)
    c = Qwen3NextConfig(**COMMON, **heads, head_dim=16, rope_parameters=part)
    yield "output_gate", Qwen3NextAttention(c, 0), Qwen3NextRotaryEmbedding(c), ours(
        c, 4, 2, 16, {"kind": "attention", "output_gate": True, "qk_norm": "head", "rope_share": 0.25}, part,
        norm="rms_one_plus"), {}

    c = Llama4TextConfig(**COMMON, **heads, head_dim=8, use_qk_norm=False, no_rope_layers=[1],
                         rope_parameters=rope(500000.0))
    yield "chunks", Llama4TextAttention(c, 0), Llama4TextRotaryEmbedding(c), ours(
        c, 4, 2, 8, {"kind": "attention", "chunk": 6}, rope(500000.0), rope_interleaved=True), dict(
        chunk=6, documents=DOCUMENTS)

    c = Gemma2Config(**COMMON, num_attention_heads=6, num_key_value_heads=3, head_dim=8, query_pre_attn_scalar=8,
                     attn_logit_softcapping=None, layer_types=["full_attention"])
    yield "alibi", Gemma2Attention(c, 0), None, ours(
        c, 6, 3, 8, {"kind": "attention"}, positions="alibi"), dict(alibi=6)

    c = LlamaConfig(**COMMON, **heads, head_dim=8, rope_parameters=rope(10000.0))
    yield "kept_first_tokens", LlamaAttention(c, 0), LlamaRotaryEmbedding(c), ours(
        c, 4, 2, 8, {"kind": "attention", "window": 4, "kept_first_tokens": 2}), dict(
        window=4, kept=2, documents=DOCUMENTS)

    for name, rank, yarn in [("latent", 20, None), ("latent_yarn", None, rope(
            10000.0, rope_type="yarn", factor=8.0, original_max_position_embeddings=8, mscale=1.0, mscale_all_dim=0.7,
            beta_fast=2.0, beta_slow=1.0))]:
        c = DeepseekV3Config(**COMMON, num_attention_heads=4, num_key_value_heads=4, q_lora_rank=rank,
                             kv_lora_rank=24, qk_nope_head_dim=10, qk_rope_head_dim=6, v_head_dim=12,
                             rope_parameters=yarn or rope(10000.0))
        mixer = {"kind": "latent_attention", "kv_lora_rank": 24, "qk_nope_head_dim": 10, "qk_rope_head_dim": 6,
                 "v_head_dim": 12}
        if rank:
            mixer["q_lora_rank"] = rank
        yield name, DeepseekV3Attention(c, 0), DeepseekV3RotaryEmbedding(c), ours(
            c, 4, 4, 16, mixer, yarn, rope_interleaved=True), dict(documents=DOCUMENTS)


def visible(options):
    """Which keys each query sees [batch, queries, keys], and positions."""
    steps = torch.arange(LENGTH)
    positions = steps.expand(BATCH, -1)
    seen = (steps[None, :] <= steps[:, None]).expand(BATCH, -1, -1)
    if options.get("documents"):
        positions, owner = document_layout(options["documents"], LENGTH)
        seen = seen & (owner[:, :, None] == owner[:, None, :])
    near = torch.ones_like(seen)
    if "window" in options:
        near = near & (steps[:, None] - steps[None, :] < options["window"])
    if "chunk" in options:
        own = positions // options["chunk"]
        near = near & (own[:, :, None] == own[:, None, :])
    if "kept" in options:
        near = near | (positions[:, None, :] < options["kept"])
    return seen & near, positions


def write_case(name, attention, rotary, config, options, seed, output):
    generator = torch.Generator().manual_seed(seed)
    prefix = "model.layers.0.self_attn."
    with torch.no_grad():
        for key, parameter in sorted(attention.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                one = "norm" in key and config["architecture"].get("norm") != "rms_one_plus"
                value = (1 if one else 0) + (1.0 if "sinks" in key else 0.2) * noise
            else:
                value = 1.5 * noise / parameter.shape[1] ** 0.5
            parameter.copy_(value)
    x = torch.randn(BATCH, LENGTH, HIDDEN, generator=generator, requires_grad=True)
    gradient = torch.randn(BATCH, LENGTH, HIDDEN, generator=generator)
    seen, positions = visible(options)
    mask = additive(seen)
    if "alibi" in options:
        mask = mask + build_alibi_tensor(torch.ones(BATCH, LENGTH), options["alibi"], torch.float32).reshape(
            BATCH, options["alibi"], 1, LENGTH)
    if rotary is None:
        width = attention.head_dim
        embeddings = (torch.ones(BATCH, LENGTH, width), torch.zeros(BATCH, LENGTH, width))
    else:
        embeddings = rotary(x, positions)
    result = attention.float().eval()(x, embeddings, mask)
    result = result[0]
    (result * gradient).sum().backward()
    tensors = {prefix + key: value for key, value in attention.named_parameters()}
    tensors |= {"grad." + prefix + key: value.grad for key, value in attention.named_parameters()}
    tensors |= {"x": x, "grad.x": x.grad, "output": result, "output_gradient": gradient}
    save_file({key: value.detach().float().contiguous() for key, value in tensors.items()},
              os.path.join(output, name + ".safetensors"))
    if options.get("documents"):
        config = {**config, "documentStarts": options["documents"]}
    with open(os.path.join(output, name + ".json"), "w") as file:
        json.dump(config, file, indent=1)
        file.write("\n")
    print(f"{name}: output of size {result.square().mean().sqrt().item():.3f}")


def write_yarn(output):
    rows = []
    for theta, width, context, changes in [
            (10000.0, 64, 4096, {}), (150000.0, 64, 131072, {"truncate": False, "factor": 32.0}),
            (10000.0, 64, 163840, {"factor": 40.0, "mscale": 1.0, "mscale_all_dim": 1.0}),
            (10000.0, 64, 163840, {"factor": 40.0, "mscale": 0.707, "mscale_all_dim": 1.0}),
            (1000000.0, 128, 131072, {"factor": 4.0, "original_max_position_embeddings": 32768}),
            (500.0, 32, 8192, {"factor": 2.5, "attention_factor": 1.2, "beta_fast": 16, "beta_slow": 2}),
            (10000.0, 16, 8192, {"factor": 8.0, "mscale": 0.0, "mscale_all_dim": 1.0})]:
        parameters = rope(theta, rope_type="yarn", **{
            "factor": 4.0, "original_max_position_embeddings": 4096, **changes})
        config = LlamaConfig(**{**COMMON, "hidden_size": width, "max_position_embeddings": context},
                             num_attention_heads=1, head_dim=width, rope_parameters=parameters)
        frequencies, factor = ROPE_INIT_FUNCTIONS["yarn"](config, "cpu")
        rows.append({"rope_parameters": parameters, "head_dim": width, "max_position_embeddings": context,
                     "frequencies": frequencies.tolist(), "attention_factor": float(factor)})
    with open(os.path.join(output, "yarn.json"), "w") as file:
        json.dump(rows, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/ModelsTests/Golden/attention")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(arguments.output, exist_ok=True)
    for number, (name, attention, rotary, config, options) in enumerate(cases()):
        write_case(name, attention, rotary, config, options, 41 + number, arguments.output)
    write_yarn(arguments.output)


if __name__ == "__main__":
    main()
