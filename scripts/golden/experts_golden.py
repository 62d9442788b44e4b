#!/usr/bin/env python3
"""Makes the golden files of mixtures of experts.

Made with torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 on a CPU in fp32, eager attention, one thread.
  python3 scripts/golden/experts_golden.py [--output Tests/ModelsTests/Golden]

Models are folders as llama_golden.py writes them, with greedy.json: qwen3_moe with a dense layer between, mixtral,
qwen3_next and minimax, whose layers are recurrences but for one, llama4, deepseek_v3 with and without groups and a latent
for queries, gpt_oss.
Their gradients are of the loss plus router_aux_loss_coef, where the family has it, times the mean over the layers with
experts of transformers' load_balancing_loss_func of that layer alone; the loss in expected.safetensors is without it.
Blocks are experts/<name>.safetensors: x [tokens, hidden], output, weight [tokens, hidden] (the loss is the sum of output
times weight), grad.x, and for every parameter its values and grad.<parameter>, one tensor for each expert.
Parameter names are those of checkpoints: before anything is written, what save_pretrained writes must be the same.
"""
import argparse
import json
import os
import re
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import (DeepseekV3Config, DeepseekV3ForCausalLM, GptOssConfig, GptOssForCausalLM, Llama4ForCausalLM,
                          Llama4TextConfig, MiniMaxConfig, MiniMaxForCausalLM, MixtralConfig, MixtralForCausalLM,
                          Qwen2MoeConfig, Qwen3MoeConfig, Qwen3MoeForCausalLM, Qwen3NextConfig, Qwen3NextForCausalLM)
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3MoE
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssMLP
from transformers.models.qwen2_moe.modeling_qwen2_moe import Qwen2MoeSparseMoeBlock
from transformers.models.qwen3_moe.modeling_qwen3_moe import load_balancing_loss_func

from generate_golden import greedy
from reference import logits_of, loss_of

BATCH, SEQUENCE, PROMPT = 2, 23, 7
SMALL = dict(vocab_size=61, hidden_size=32, intermediate_size=36, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, head_dim=8, max_position_embeddings=64, tie_word_embeddings=True,
             pad_token_id=None, bos_token_id=1, eos_token_id=2)


def models():
    rope = {"rope_type": "default", "rope_theta": 10000.0}
    yield "qwen3_moe", Qwen3MoeForCausalLM, Qwen3MoeConfig(
        **SMALL, rope_parameters=rope, num_experts=8, num_experts_per_tok=3, moe_intermediate_size=20,
        norm_topk_prob=True, mlp_only_layers=[1], router_aux_loss_coef=0.05)
    yield "mixtral", MixtralForCausalLM, MixtralConfig(
        **SMALL, rope_parameters=rope, num_local_experts=5, num_experts_per_tok=2, router_aux_loss_coef=0.02)
    hybrid = {**SMALL, "hidden_size": 24, "tie_word_embeddings": False,
              "layer_types": ["linear_attention", "full_attention", "linear_attention"]}
    yield "qwen3_next", Qwen3NextForCausalLM, Qwen3NextConfig(
        **hybrid, rope_parameters={**rope, "partial_rotary_factor": 0.5}, linear_conv_kernel_dim=3,
        linear_key_head_dim=6, linear_value_head_dim=8, linear_num_key_heads=2, linear_num_value_heads=4, num_experts=6,
        num_experts_per_tok=3, moe_intermediate_size=12, shared_expert_intermediate_size=14, mlp_only_layers=[2],
        router_aux_loss_coef=0.04)
    yield "minimax", MiniMaxForCausalLM, MiniMaxConfig(
        **{**hybrid, "intermediate_size": 12}, rope_parameters=rope, num_local_experts=5, num_experts_per_tok=2,
        router_aux_loss_coef=0.03, full_attn_alpha_factor=1.6, full_attn_beta_factor=0.7,
        linear_attn_alpha_factor=1.3, linear_attn_beta_factor=1.2, mlp_alpha_factor=0.8, mlp_beta_factor=1.1)
    # Chunks of 8 in layers 0 and 2, no rotary embedding in layer 1, which grows sharper; experts in layers 0 and 2.
    yield "llama4", Llama4ForCausalLM, Llama4TextConfig(
        **{**SMALL, "tie_word_embeddings": False, "intermediate_size": 12, "intermediate_size_mlp": 28},
        rope_parameters=rope, no_rope_layers=[1, 0, 1], attention_chunk_size=8, floor_scale=5, attn_scale=0.4,
        moe_layers=[0, 2], num_local_experts=4, num_experts_per_tok=2, router_aux_loss_coef=0.0)
    yarn = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 16,
            "beta_fast": 2.0, "beta_slow": 0.5}
    latent = {**SMALL, "num_key_value_heads": 4, "tie_word_embeddings": False, "qk_nope_head_dim": 6,
              "qk_rope_head_dim": 8, "v_head_dim": 10, "kv_lora_rank": 12}
    del latent["head_dim"]
    yield "deepseek_v3", DeepseekV3ForCausalLM, DeepseekV3Config(
        **latent, rope_parameters={**yarn, "mscale": 1.0, "mscale_all_dim": 0.7}, q_lora_rank=20, n_routed_experts=8,
        n_group=4, topk_group=2, num_experts_per_tok=3, moe_intermediate_size=12, n_shared_experts=2,
        first_k_dense_replace=1, routed_scaling_factor=2.5, num_mtp_layers=0)
    # As Moonlight is: no latent for queries, no groups.
    yield "deepseek_v3_plain", DeepseekV3ForCausalLM, DeepseekV3Config(
        **latent, rope_parameters={"rope_type": "default", "rope_theta": 500.0}, q_lora_rank=None, n_routed_experts=6,
        n_group=1, topk_group=1, num_experts_per_tok=2, moe_intermediate_size=16, n_shared_experts=1,
        first_k_dense_replace=1, routed_scaling_factor=2.446, rms_norm_eps=1e-5, num_mtp_layers=0)
    # Windows of 8 in layers 0 and 2.
    yield "gpt_oss", GptOssForCausalLM, GptOssConfig(**{
        **SMALL, "tie_word_embeddings": False, "intermediate_size": 20, "rope_parameters": {**yarn, "truncate": False},
        "num_local_experts": 5, "num_experts_per_tok": 2, "sliding_window": 8, "router_aux_loss_coef": 0.03})


def fill(module, seed):
    """Random values; matrices large enough that routers are far from undecided."""
    generator = torch.Generator().manual_seed(seed)
    learned = [(name, value) for name, value in module.named_buffers() if name.endswith("correction_bias")]
    with torch.no_grad():
        for name, value in sorted([*module.named_parameters(), *learned]):
            noise = torch.randn(value.shape, generator=generator)
            if value.dim() == 1:
                # Qwen3-Next's norms are of 1 + weight, but for those inside its recurrences.
                centre = "norm" in name and (type(module) is not Qwen3NextForCausalLM or "linear_attn" in name)
                value.copy_((0.2 * noise + centre).bfloat16())
            elif "embed" in name:
                value.copy_((0.1 * noise).bfloat16())
            else:
                # Rows are outputs but in the experts of gpt-oss and Llama 4.
                is_turned = type(module) in (GptOssMLP, GptOssForCausalLM, Llama4ForCausalLM) and value.dim() == 3
                inputs = value.shape[1] if is_turned else value.shape[-1]
                value.copy_((1.4 * noise / inputs ** 0.5).bfloat16())


def split(name, value, module):
    """A parameter of transformers' modules as checkpoints, or this project, hold it."""
    is_mixtral = type(module) in (MixtralForCausalLM, MiniMaxForCausalLM)
    match = re.fullmatch(r"(.*experts)\.(gate_up_proj|down_proj)(_bias)?", name)
    if not match or type(module) in (GptOssForCausalLM, Llama4ForCausalLM):
        yield name.replace("mlp.gate.", "block_sparse_moe.gate.") if is_mixtral else name, value
        return
    at, kind, bias = match.groups()
    gate, up, down = "gate_proj", "up_proj", "down_proj"
    if is_mixtral:
        at, gate, up, down = at.replace("mlp.", "block_sparse_moe."), "w1", "w3", "w2"
    end = "bias" if bias else "weight"
    for expert, part in enumerate(value):
        if type(module) is GptOssMLP and not bias:
            part = part.T  # inputs by outputs
        if kind == "down_proj":
            yield f"{at}.{expert}.{down}.{end}", part
        elif type(module) is GptOssMLP:  # gate and up take turns
            yield f"{at}.{expert}.{gate}.{end}", part[0::2]
            yield f"{at}.{expert}.{up}.{end}", part[1::2]
        else:
            half = part.shape[0] // 2
            yield f"{at}.{expert}.{gate}.{end}", part[:half]
            yield f"{at}.{expert}.{up}.{end}", part[half:]


def tensors(module, gradients):
    """Parameters and the biases that balance; or the gradients of parameters."""
    result = {}
    values = dict(module.named_parameters())
    if not gradients:
        values |= {name: value for name, value in module.named_buffers() if "correction_bias" in name}
    for name, parameter in values.items():
        value = parameter.grad if gradients else parameter.detach()
        value = torch.zeros_like(parameter) if value is None else value
        for own, part in split(name, value, module):
            result[("grad." if gradients else "") + own] = part.contiguous()
    return result


def write_model(name, kind, config, seed, output):
    folder = os.path.join(output, name)
    os.makedirs(folder, exist_ok=True)
    config._attn_implementation = "eager"
    model = kind(config).float().eval()
    fill(model, seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    text = torch.randint(0, config.vocab_size, (BATCH, SEQUENCE + 1), generator=generator)
    tokens, targets = text[:, :-1], text[:, 1:]
    weights = torch.ones(BATCH, SEQUENCE)
    weights[1, 4] = 0
    logits = logits_of(model, tokens)
    loss, logprobs, logsumexp = loss_of(logits, targets, weights)
    coefficient = getattr(config, "router_aux_loss_coef", 0)
    routed = model(input_ids=tokens, use_cache=False, output_router_logits=coefficient > 0)
    assert (routed.logits - logits).abs().max() < 2e-5
    number = getattr(config, "num_experts", None) or config.num_local_experts
    layers = routed.router_logits if coefficient > 0 else ()
    balance = [load_balancing_loss_func((layer,), number, config.num_experts_per_tok) for layer in layers]
    (loss + coefficient * sum(balance) / max(len(balance), 1)).backward()
    stored = tensors(model, False)
    if config.tie_word_embeddings:
        stored.pop("lm_head.weight", None)
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        theirs = load_file(os.path.join(saved, "model.safetensors"))
        config_json = json.load(open(os.path.join(saved, "config.json")))
    computed = dict(model.named_buffers())  # MiniMax stores the powers of its decays.
    theirs = {key: value for key, value in theirs.items() if key in stored or key not in computed}
    assert {k: v.shape for k, v in theirs.items()} == {k: v.shape for k, v in stored.items()}, \
        set(theirs) ^ set(stored)
    assert all(torch.equal(theirs[key], stored[key]) for key in theirs)
    # What balances moves by less than bf16 can hold, and is kept in float32 by transformers too.
    save_file({key: value if "correction_bias" in key else value.bfloat16() for key, value in stored.items()},
              os.path.join(folder, "model.safetensors"))
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump({key: value for key, value in config_json.items() if key != "transformers_version"}, file, indent=2)
        file.write("\n")
    with open(os.path.join(folder, "input.json"), "w") as file:
        json.dump({"tokens": tokens.tolist(), "targets": targets.tolist(), "lossWeights": weights.int().tolist()}, file)
        file.write("\n")
    gradients = tensors(model, True)
    if config.tie_word_embeddings:
        gradients.pop("grad.lm_head.weight", None)
    save_file({"logits": logits.detach(), "logprobs": logprobs.detach(), "logsumexp": logsumexp.detach(),
               "loss": loss.detach().reshape(1), **gradients}, os.path.join(folder, "expected.safetensors"))
    found = None
    with torch.no_grad():
        for attempt in range(40):
            generator = torch.Generator().manual_seed(attempt)
            prompt = torch.randint(0, config.vocab_size, (PROMPT,), generator=generator).tolist()
            ids, margin = greedy(model, prompt)
            if found is None or (len(set(ids)) >= 8, margin) > (len(set(found[1])) >= 8, found[2]):
                found = (prompt, ids, margin)
    with open(os.path.join(folder, "greedy.json"), "w") as file:
        json.dump({"prompt": found[0], "continuation": found[1], "smallestMargin": round(found[2], 6)}, file)
        file.write("\n")
    print(f"{name}: loss {loss.item():.4f}, balance {[round(b.item(), 3) for b in balance]}, greedy margin {found[2]:.4f}")


def blocks():
    yield "deepseek_v3", DeepseekV3MoE(DeepseekV3Config(
        hidden_size=32, moe_intermediate_size=24, n_routed_experts=16, num_experts_per_tok=4, n_group=4, topk_group=2,
        n_shared_experts=2, routed_scaling_factor=2.5, norm_topk_prob=True))
    yield "gpt_oss", GptOssMLP(GptOssConfig(
        hidden_size=32, intermediate_size=24, num_local_experts=8, num_experts_per_tok=3))
    yield "qwen2_moe", Qwen2MoeSparseMoeBlock(Qwen2MoeConfig(
        hidden_size=32, moe_intermediate_size=16, shared_expert_intermediate_size=40, num_experts=6,
        num_experts_per_tok=2, norm_topk_prob=False))


def write_block(name, block, seed, output):
    block = block.float().eval()
    for module in block.modules():
        if hasattr(module, "config") and hasattr(module.config, "_experts_implementation"):
            module.config._experts_implementation = "eager"
    fill(block, seed)
    generator = torch.Generator().manual_seed(2000 + seed)
    # Wide enough for gpt-oss's clamps.
    x = (3 * torch.randn(1, 19, 32, generator=generator)).requires_grad_()
    weight = torch.randn(19, 32, generator=generator)
    result = block(x)
    result = (result[0] if isinstance(result, tuple) else result).reshape(19, 32)
    (result * weight).sum().backward()
    bias = {f"{at}": value for at, value in block.named_buffers() if "correction_bias" in at}
    os.makedirs(os.path.join(output, "experts"), exist_ok=True)
    save_file({"x": x.detach()[0], "weight": weight, "output": result.detach(), "grad.x": x.grad[0],
               **tensors(block, False), **tensors(block, True), **bias},
              os.path.join(output, "experts", f"{name}.safetensors"))
    print(f"{name}: output norm {result.norm().item():.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/ModelsTests/Golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for number, (name, kind, config) in enumerate(models()):
        write_model(name, kind, config, 31 + number, arguments.output)
    for number, (name, block) in enumerate(blocks()):
        write_block(name, block, 41 + number, arguments.output)


if __name__ == "__main__":
    main()
