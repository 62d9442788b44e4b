"""Parameter counts of the presets, by component. Pinned: transformers 5.23.0, torch 2.15.0 (CPU).

Builds each published architecture on the meta device and sums the parameters that belong to each component; `active`
are all but the experts that a token does not go through.
Usage: python scripts/golden/preset_parameter_counts.py > Tests/ModelsTests/Golden/preset-parameter-counts.json
"""
import json

import torch
from transformers import AutoModelForCausalLM, DeepseekV3Config, Gemma2Config, Gemma3TextConfig, GPT2Config
from transformers import GptOssConfig, Llama4TextConfig, LlamaConfig, MiniMaxConfig, MixtralConfig, Olmo2Config
from transformers import Qwen3Config, Qwen3MoeConfig, Qwen3NextConfig, SmolLM3Config
from transformers import FalconH1Config, Zamba2Config


def smollm2(hidden, ffn, layers, heads, groups):
    return LlamaConfig(vocab_size=49152, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                       num_attention_heads=heads, num_key_value_heads=groups, tie_word_embeddings=True)


def llama32(hidden, ffn, layers, heads, groups, head_dim):
    return LlamaConfig(vocab_size=128256, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                       num_attention_heads=heads, num_key_value_heads=groups, head_dim=head_dim,
                       tie_word_embeddings=True)


def qwen3(hidden, ffn, layers, heads, tied):
    return Qwen3Config(vocab_size=151936, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                       num_attention_heads=heads, num_key_value_heads=8, head_dim=128, tie_word_embeddings=tied)


def gemma3(hidden, ffn, layers, heads, groups, head_dim=256, vocabulary=262144):
    return Gemma3TextConfig(vocab_size=vocabulary, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                            num_attention_heads=heads, num_key_value_heads=groups, head_dim=head_dim)


def gemma2(hidden, ffn, layers, heads, head_dim=256):
    return Gemma2Config(hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers, num_attention_heads=heads,
                        num_key_value_heads=heads // 2, head_dim=head_dim)


def olmo2(hidden, ffn, layers, heads):
    return Olmo2Config(vocab_size=100352, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                       num_attention_heads=heads)


def qwen3_moe(hidden, ffn, layers, heads, expert):
    return Qwen3MoeConfig(vocab_size=151936, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                          num_attention_heads=heads, num_key_value_heads=4, head_dim=128, num_experts=128,
                          num_experts_per_tok=8, moe_intermediate_size=expert, tie_word_embeddings=False)


def deepseek_v3(**sizes):
    return DeepseekV3Config(**{"hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048,
                               "num_hidden_layers": 61, **sizes, "num_key_value_heads": sizes["num_attention_heads"]})


def falcon_h1(vocabulary, hidden, ffn, layers, heads, mamba_heads, mamba_head_dim, state, norm, groups=2, head_dim=128,
              mamba_groups=1):
    return FalconH1Config(vocab_size=vocabulary, hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                          num_attention_heads=heads, num_key_value_heads=groups, head_dim=head_dim,
                          mamba_n_heads=mamba_heads, mamba_d_head=mamba_head_dim,
                          mamba_d_ssm=mamba_heads * mamba_head_dim, mamba_d_state=state, mamba_n_groups=mamba_groups,
                          mamba_rms_norm=norm)


def zamba2(hidden, layers, hybrid, heads, state=64, groups=1, **shared):
    kinds = ["hybrid" if layer in hybrid else "linear_attention" for layer in range(layers)]
    return Zamba2Config(vocab_size=32000, hidden_size=hidden, num_hidden_layers=layers, layers_block_type=kinds,
                        n_mamba_heads=heads, mamba_d_state=state, mamba_ngroups=groups, **shared)


presets = {
    "smollm2-135m": smollm2(576, 1536, 30, 9, 3),
    "smollm2-360m": smollm2(960, 2560, 32, 15, 5),
    "smollm2-1.7b": smollm2(2048, 8192, 24, 32, 32),
    "smollm3-3b": SmolLM3Config(),
    "llama-3.2-1b": llama32(2048, 8192, 16, 32, 8, 64),
    "llama-3.2-3b": llama32(3072, 8192, 28, 24, 8, 128),
    "qwen3-0.6b": qwen3(1024, 3072, 28, 16, True),
    "qwen3-1.7b": qwen3(2048, 6144, 28, 16, True),
    "qwen3-4b": qwen3(2560, 9728, 36, 32, True),
    "qwen3-8b": qwen3(4096, 12288, 36, 32, False),
    "gemma-3-270m": gemma3(640, 2048, 18, 4, 1),
    "gemma-3-1b": gemma3(1152, 6912, 26, 4, 1),
    "gemma-3-4b": gemma3(2560, 10240, 34, 8, 4, vocabulary=262208),
    "gemma-3-12b": gemma3(3840, 15360, 48, 16, 8, vocabulary=262208),
    "gemma-3-27b": gemma3(5376, 21504, 62, 32, 16, head_dim=128, vocabulary=262208),
    "gemma-2-2b": gemma2(2304, 9216, 26, 8),
    "gemma-2-9b": gemma2(3584, 14336, 42, 16),
    "gemma-2-27b": gemma2(4608, 36864, 46, 32, head_dim=128),
    "olmo-2-1b": olmo2(2048, 8192, 16, 16),
    "olmo-2-7b": olmo2(4096, 11008, 32, 32),
    "gpt2": GPT2Config(),
    "gpt2-medium": GPT2Config(n_embd=1024, n_layer=24, n_head=16),
    "gpt2-large": GPT2Config(n_embd=1280, n_layer=36, n_head=20),
    "gpt2-xl": GPT2Config(n_embd=1600, n_layer=48, n_head=25),
    "qwen3-next-80b-a3b": Qwen3NextConfig(intermediate_size=5120),
    "llama-4-scout-17b-16e": Llama4TextConfig(),
    "llama-4-maverick-17b-128e": Llama4TextConfig(num_local_experts=128, interleave_moe_layer_step=2),
    "minimax-01": MiniMaxConfig(
        vocab_size=200064, hidden_size=6144, intermediate_size=9216, num_hidden_layers=80, num_attention_heads=64,
        num_key_value_heads=8, head_dim=128, num_local_experts=32, num_experts_per_tok=2, block_size=1,
        layer_types=(["linear_attention"] * 7 + ["full_attention"]) * 10),
    "llama-3.1-8b": LlamaConfig(vocab_size=128256, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32,
                                num_attention_heads=32, num_key_value_heads=8, tie_word_embeddings=False),
    "mixtral-8x7b": MixtralConfig(vocab_size=32000, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32,
                                  num_attention_heads=32, num_key_value_heads=8),
    "qwen3-30b-a3b": qwen3_moe(2048, 6144, 48, 32, 768),
    "qwen3-235b-a22b": qwen3_moe(4096, 12288, 94, 64, 1536),
    "moonlight-16b-a3b": deepseek_v3(
        vocab_size=163840, hidden_size=2048, intermediate_size=11264, moe_intermediate_size=1408, num_hidden_layers=27,
        num_attention_heads=16, n_routed_experts=64, num_experts_per_tok=6, n_shared_experts=2, q_lora_rank=None,
        n_group=1, topk_group=1, first_k_dense_replace=1),
    "deepseek-v3": deepseek_v3(vocab_size=129280, num_attention_heads=128),
    "kimi-k2": deepseek_v3(vocab_size=163840, num_attention_heads=64, n_routed_experts=384, n_group=1, topk_group=1,
                           first_k_dense_replace=1),
    "gpt-oss-20b": GptOssConfig(num_hidden_layers=24, num_local_experts=32),
    "gpt-oss-120b": GptOssConfig(num_hidden_layers=36, num_local_experts=128),
    "apus-492m": LlamaConfig(vocab_size=128256, hidden_size=1024, intermediate_size=2816, num_hidden_layers=32,
                             num_attention_heads=16, num_key_value_heads=4, tie_word_embeddings=True),
    "falcon-h1-0.5b": falcon_h1(32784, 1024, 2048, 36, 8, 24, 64, 128, False, head_dim=64),
    "falcon-h1-1.5b": falcon_h1(65536, 2048, 4608, 24, 8, 48, 64, 256, True),
    "falcon-h1-1.5b-deep": falcon_h1(65536, 1280, 3072, 66, 6, 24, 64, 256, True),
    "falcon-h1-3b": falcon_h1(65536, 2560, 6144, 32, 10, 32, 128, 256, True),
    "falcon-h1-7b": falcon_h1(130048, 3072, 12288, 44, 12, 24, 128, 256, True),
    "falcon-h1-34b": falcon_h1(261120, 5120, 21504, 72, 20, 32, 128, 256, True, groups=4, mamba_groups=2),
    "zamba2-1.2b": zamba2(2048, 38, range(5, 36, 6), 64, state=128, use_mem_rope=True,
                          use_shared_attention_adapter=True),
    "zamba2-2.7b": zamba2(2560, 54, {6, 12, 18, 24, 30, 36, 42, 47, 51}, 80, num_mem_blocks=2),
    "zamba2-7b": zamba2(3584, 81, {6, *range(11, 78, 6)}, 112, groups=2, num_mem_blocks=2, use_mem_rope=True),
}


def component(name):
    if "embed_tokens" in name or "wte" in name or "wpe" in name:
        return "embedding"
    if "norm" in name or ".ln_" in name:
        return "norms"
    if "attn" in name or "mamba" in name or name.endswith(".linear.weight"):
        return "attention"
    if "mlp" in name or "feed_forward" in name:
        return "feed_forward"
    return "head"


result = {}
for name, config in presets.items():
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    counts = dict(embedding=0, attention=0, feed_forward=0, norms=0, head=0, total=0, active=0)
    for parameter, tensor in model.named_parameters():
        counts[component(parameter)] += tensor.numel()
        counts["total"] += tensor.numel()
        # Of experts, which are the first dimension, a token goes through some.
        chosen = config.num_experts_per_tok if ".experts." in parameter else 1
        counts["active"] += tensor.numel() // (tensor.shape[0] if ".experts." in parameter else 1) * chosen
    result[name] = counts
print(json.dumps(result, indent=1))
