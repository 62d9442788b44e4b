"""Golden files of single mixers: outputs and gradients of transformers' modules with random weights, in float32, and of
plain recurrences (recurrences.py) where transformers has no module.

Each case is one file Tests/ModelsTests/Golden/mixers/<case>.safetensors:
  x, y, dy, dx      input, output, the output's gradient and the input's, [2, 21, 32]
  weight.<name>     parameters by the module's names
  grad.<name>       their gradients

Run from the repository's root with the versions of scripts/golden/README.md.
"""
import os

import torch
from safetensors.torch import save_file
from transformers import FalconH1Config, KimiLinearConfig, Mamba2Config, MambaConfig, MiniMaxConfig, Qwen3NextConfig
from transformers import xLSTMConfig
from transformers.models.falcon_h1.modeling_falcon_h1 import FalconH1Mixer, compute_mup_vector
from transformers.models.kimi_linear.modeling_kimi_linear import KimiLinearDeltaAttention
from transformers.models.mamba.modeling_mamba import MambaMixer
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer
from transformers.models.minimax.modeling_minimax import MiniMaxLightningAttention
from transformers.models.qwen3_next.modeling_qwen3_next import Qwen3NextGatedDeltaNet
from transformers.models.xlstm.modeling_xlstm import xLSTMLayer

from recurrences import RWKV6, GateLoop, Gated, HGRN2

FOLDER = "Tests/ModelsTests/Golden/mixers"
HIDDEN = 32


def randomize(module):
    for name, parameter in module.named_parameters():
        with torch.no_grad():
            if name.endswith("A_log"):
                parameter.copy_(torch.rand_like(parameter) * 2 - 1)
            elif "norm" in name or name == "D" or name.endswith("bias"):
                parameter.copy_(1 + 0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * 0.3)


def case(name, module, **arguments):
    torch.manual_seed(len(name))
    randomize(module)
    module.train(False)
    x = torch.randn(2, 21, HIDDEN, requires_grad=True)
    y = module(x, **arguments)
    y = y[0] if isinstance(y, tuple) else y
    dy = torch.randn_like(y)
    y.backward(dy)
    tensors = {"x": x.detach(), "y": y.detach(), "dy": dy, "dx": x.grad}
    for key, parameter in module.named_parameters():
        tensors["weight." + key] = parameter.detach()
        tensors["grad." + key] = parameter.grad
    save_file({k: v.contiguous() for k, v in tensors.items()}, f"{FOLDER}/{name}.safetensors")
    print(name, float(y.detach().abs().mean()))


os.makedirs(FOLDER, exist_ok=True)
torch.set_default_dtype(torch.float32)
case("gated_delta_net", Qwen3NextGatedDeltaNet(
    Qwen3NextConfig(hidden_size=HIDDEN, linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=8,
                    linear_value_head_dim=12, linear_conv_kernel_dim=4, num_hidden_layers=2,
                    layer_types=["linear_attention"] * 2, rms_norm_eps=1e-6), 0))
case("kimi_delta_attention", KimiLinearDeltaAttention(
    KimiLinearConfig(hidden_size=HIDDEN, linear_num_heads=3, linear_head_dim=8, linear_conv_kernel_dim=4,
                     num_hidden_layers=2, layer_types=["linear_attention"] * 2, rms_norm_eps=1e-6), 0))
for name, groups in [("mamba2", 1), ("mamba2_groups", 2)]:
    case(name, Mamba2Mixer(
        Mamba2Config(hidden_size=HIDDEN, num_heads=4, head_dim=16, expand=2, state_size=10, n_groups=groups,
                     conv_kernel=4, chunk_size=8, num_hidden_layers=2, layer_norm_epsilon=1e-6), 0))
falcon = FalconH1Config(
    hidden_size=HIDDEN, num_hidden_layers=2, mamba_d_ssm=48, mamba_n_heads=4, mamba_d_head=12, mamba_n_groups=2,
    mamba_d_state=6, mamba_d_conv=3, mamba_chunk_size=8, mamba_rms_norm=True, mamba_norm_before_gate=True,
    mamba_conv_bias=False, time_step_limit=[0.9, 1.6], rms_norm_eps=1e-6, ssm_multipliers=[0.7, 1.3, 0.6, 1.8, 0.5])
mixer = FalconH1Mixer(falcon, 0)
mixer.register_buffer("mup_vector", compute_mup_vector(falcon), persistent=False)
case("mamba2_factors", mixer)
case("mamba", MambaMixer(
    MambaConfig(hidden_size=HIDDEN, intermediate_size=48, state_size=6, time_step_rank=3, conv_kernel=4,
                num_hidden_layers=2, layer_norm_epsilon=1e-6), 0))
case("lightning_attention", MiniMaxLightningAttention(
    MiniMaxConfig(hidden_size=HIDDEN, num_attention_heads=4, head_dim=8, num_hidden_layers=3, block_size=16,
                  layer_types=["linear_attention"] * 3), 1), position_embeddings=None, attention_mask=None)
mlstm = xLSTMLayer(xLSTMConfig(
    hidden_size=HIDDEN, embedding_dim=HIDDEN, num_heads=4, num_hidden_layers=2, qk_dim_factor=0.5, v_dim_factor=1.0,
    chunk_size=7, norm_eps=1e-6, eps=1e-6, gate_soft_cap=15.0, weight_mode="single", use_bias=False,
    chunkwise_kernel="chunkwise--native_autograd", sequence_kernel="native_sequence__native",
    step_kernel="native", mode="train", return_last_states=True, autocast_kernel_dtype="float32"))
case("mlstm", mlstm)
case("retention", Gated(HIDDEN, 3, 8, 12, fixed=True))
case("gated_retention", Gated(HIDDEN, 3, 8, 12, temperature=2.0))
case("gla", Gated(HIDDEN, 3, 8, 12, rank=5))
case("gate_loop", GateLoop(HIDDEN, 3, 8, 12))
case("hgrn2", HGRN2(HIDDEN, 3, 8, 12))
case("rwkv6", RWKV6(HIDDEN, 3, 8, 12, 4, 6))
