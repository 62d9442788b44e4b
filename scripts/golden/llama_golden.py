#!/usr/bin/env python3
"""Makes the golden files of the architectures: tiny models, their inputs, logits, losses and gradients.

Made with torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 on a CPU in fp32, eager attention, one thread.
  python3 scripts/golden/llama_golden.py [--output Tests/ModelsTests/Golden] [--only CASE]

A case is a folder of
  config.json           the model, as transformers writes it (`llama3_rope` with the older rope_theta and rope_scaling)
  model.safetensors     its weights; where stored as BF16 they are exact in bf16, so all compute from the same numbers
  input.json            tokens [2, 23], targets [2, 23], lossWeights [2, 23] (0: no loss at this target) and, where the
                        case has them, documentStarts (one list of offsets a row), slidingWindow, zLoss
  expected.safetensors  logits [2, 23, vocabulary], logprobs and logsumexp [2, 23] of the targets, loss [1], and
                        grad.<parameter> of the loss for every parameter (a tied table once, with both its parts)
The loss is sum(w * -logprob) / sum(w) + zLoss * sum(w * logsumexp^2) / sum(w).
Documents: a token sees its own document only, positions restart at 0 at each start, and the last token of a document
does not predict the first of the next. A sliding window of n sees n tokens back, itself included.
Before anything is written, each case is computed in a second way, and what makes it special must change the logits.
"""
import argparse
import json
import os

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
import torch
from safetensors.torch import save_file
from transformers import FalconH1Config, FalconH1ForCausalLM
from transformers import Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig
from transformers import GPT2Config, GPT2LMHeadModel
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers import Olmo2Config, Olmo2ForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers import Qwen3Config, Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM
from transformers import Zamba2Config, Zamba2ForCausalLM

from reference import document_by_document, logits_of, loss_of

BATCH, SEQUENCE = 2, 23
NO_TOKENS = dict(pad_token_id=None, bos_token_id=1, eos_token_id=2)
SMALL = dict(vocab_size=61, hidden_size=32, intermediate_size=36, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, head_dim=8, max_position_embeddings=64, tie_word_embeddings=True, **NO_TOKENS)


def rope(theta, **scaling):
    return {"rope_type": "default", "rope_theta": theta, **scaling}


def cases():
    """Name -> (config, options of the case)."""
    yield "llama_gqa", LlamaConfig(
        vocab_size=97, hidden_size=64, intermediate_size=112, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=128, tie_word_embeddings=True, rms_norm_eps=1e-5,
        rope_parameters=rope(10000.0), **NO_TOKENS), {}
    yield "llama_mha_untied", LlamaConfig(
        vocab_size=101, hidden_size=32, intermediate_size=36, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, head_dim=8, max_position_embeddings=64, tie_word_embeddings=False,
        rope_parameters=rope(50000.0), **NO_TOKENS), {"store": torch.float32}
    yield "qwen3", Qwen3Config(**{
        **SMALL, "vocab_size": 89, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 24,
        "rope_parameters": rope(1000000.0)}), {}
    # no_rope_layers: 1 has the rotary embedding, 0 has none. head_dim follows from hidden_size here.
    smollm3 = {key: value for key, value in SMALL.items() if key != "head_dim"}
    yield "smollm3_nope", SmolLM3Config(**{
        **smollm3, "num_hidden_layers": 4, "no_rope_layer_interval": 2,
        "rope_parameters": rope(5000.0)}), {}
    # The lengths are chosen so that all three branches (kept, ramp, divided) hold some of the four frequencies.
    yield "llama3_rope", LlamaConfig(**{
        **SMALL, "rope_parameters": rope(500.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0,
                                         high_freq_factor=4.0, original_max_position_embeddings=64),
        "max_position_embeddings": 512}), {"older_keys": True}
    yield "llama_documents", LlamaConfig(**SMALL), {"documents": [[0, 5, 6, 17], [0, 11, 22]]}
    yield "llama_window", LlamaConfig(**SMALL), {"window": 7}
    yield "llama_z_loss", LlamaConfig(**SMALL), {"z_loss": 1e-4, "embedding_std": 1.0}
    # Windows of 8 in layers 0 and 1, none in layer 2; heads of 12 although hidden / heads = 8; another scale.
    gemma3 = {**SMALL, "num_hidden_layers": 3, "head_dim": 12, "query_pre_attn_scalar": 20, "sliding_window": 8,
              "sliding_window_pattern": 3}
    yield "gemma3", Gemma3TextConfig(**{
        **gemma3, "rope_parameters": {"sliding_attention": rope(300.0), "full_attention": rope(9000.0)}}), {}
    yield "gemma3_older_keys", Gemma3TextConfig(**{
        **gemma3, "rope_parameters": {"sliding_attention": rope(300.0),
                                      "full_attention": rope(9000.0, rope_type="linear", factor=8.0)}}), {
        "older_keys": True}
    yield "olmo2", Olmo2Config(**{**SMALL, "tie_word_embeddings": False, "rope_parameters": rope(500000.0)}), {}
    # Queries, keys and values have a bias, attention's output has none.
    yield "qwen2", Qwen2Config(**{**SMALL, "rope_parameters": rope(10000.0)}), {}
    yield "llama_biases", LlamaConfig(**{**SMALL, "attention_bias": True, "mlp_bias": True}), {}
    yield "gpt2", GPT2Config(vocab_size=61, n_positions=48, n_embd=32, n_layer=2, n_head=4, n_inner=36,
                             resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, **NO_TOKENS), {}
    yield "gpt2_documents", GPT2Config(vocab_size=61, n_positions=23, n_embd=24, n_layer=1, n_head=3, **NO_TOKENS), {
        "documents": [[0, 5, 6, 17], [0, 11, 22]]}
    # Windows of 8 in the first and third layer; caps low enough to be felt.
    yield "gemma2", Gemma2Config(**{
        **gemma3, "rope_parameters": rope(700.0), "attn_logit_softcapping": 2.5, "final_logit_softcapping": 3.0,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}), {}
    # Attention and Mamba-2 side by side, every multiplier another number; time steps have no limits, which transformers
    # forgets in the steps of generation.
    falcon = {**SMALL, "vocab_size": 41, "intermediate_size": 20, "tie_word_embeddings": False,
              "rope_parameters": rope(1e4), "mamba_d_ssm": 40, "mamba_n_heads": 5, "mamba_d_head": 8,
              "mamba_d_state": 6}
    multipliers = {"embedding_multiplier": 3.0, "lm_head_multiplier": 0.6, "attention_in_multiplier": 1.4,
                   "attention_out_multiplier": 0.7, "key_multiplier": 0.5, "ssm_in_multiplier": 1.3,
                   "ssm_out_multiplier": 0.8, "ssm_multipliers": [0.9, 1.2, 0.6, 1.7, 0.5],
                   "mlp_multipliers": [1.8, 0.6]}
    yield "falcon_h1", FalconH1Config(**falcon, **multipliers), {
        "changes": [{key: None if type(value) is list else 1.0} for key, value in multipliers.items()]}
    groups = {"mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_n_groups": 2, "mamba_rms_norm": True,
              "mamba_norm_before_gate": False, "mamba_conv_bias": False, "tie_word_embeddings": True}
    yield "falcon_h1_documents", FalconH1Config(**{**falcon, **groups}), {
        "documents": [[0, 5, 6, 17], [0, 11, 22]]}
    # Two shared blocks before three of four Mamba-2 mixers: the last is the first again. A stream of which every branch
    # reads a norm of a norm magnifies the last bits, so the matrices are narrower.
    zamba = dict(vocab_size=41, hidden_size=16, intermediate_size=20, num_hidden_layers=4, num_attention_heads=2,
                 layers_block_type=["linear_attention", "hybrid", "hybrid", "hybrid"],
                 mamba_d_state=6, n_mamba_heads=4, adapter_rank=3, max_position_embeddings=64, **NO_TOKENS)
    yield "zamba2", Zamba2Config(
        **zamba, num_mem_blocks=2, mamba_ngroups=2, use_mem_rope=True, use_shared_attention_adapter=True,
        rope_parameters=rope(300.0)), {"changes": [{"use_mem_rope": False}], "scale": 0.5}
    # Time steps of at least 0.7, which is about their mean.
    yield "zamba2_documents", Zamba2Config(**{**zamba, "layers_block_type": ["hybrid"] * 3, "num_hidden_layers": 3},
                                           time_step_min=0.7), {"documents": [[0, 5, 6, 17], [0, 11, 22]], "scale": 0.5}


CLASSES = {"llama": LlamaForCausalLM, "qwen3": Qwen3ForCausalLM, "smollm3": SmolLM3ForCausalLM,
           "mistral": MistralForCausalLM, "qwen2": Qwen2ForCausalLM, "gemma2": Gemma2ForCausalLM,
           "gemma3_text": Gemma3ForCausalLM, "olmo2": Olmo2ForCausalLM, "gpt2": GPT2LMHeadModel,
           "falcon_h1": FalconH1ForCausalLM, "zamba2": Zamba2ForCausalLM}


def inputs_of(name, parameter):
    """The width that a matrix is multiplied with: GPT-2's lie the other way round."""
    return parameter.shape[0] if ".c_" in name else parameter[0].numel()


def make_model(config, seed, options):
    """Random weights large enough that attention is far from uniform and every norm weight differs from 1."""
    config._attn_implementation = "eager"
    model = CLASSES[config.model_type](config).float().eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                around_zero = config.model_type in ("gemma2", "gemma3_text") or name.endswith(("bias", "A_log"))
                centre = 0 if around_zero else 1
                value = centre + 0.2 * noise
            elif "embed_tokens" in name or "wte" in name or "wpe" in name:
                value = options.get("embedding_std", 0.1) * noise
            else:
                width = 1.5 if "q_proj" in name or "k_proj" in name else 1.4
                value = noise * width / inputs_of(name, parameter) ** 0.5
                value *= options.get("scale", 1)
            parameter.copy_(value.to(options.get("store", torch.bfloat16)))
    return model


def second_way(model, tokens, logits, documents, window):
    """Largest difference to the same logits computed without the explicit mask."""
    if documents is not None:
        other = document_by_document(model, tokens, documents, padding=3)
    elif window is not None:  # the architecture that has a window of its own
        values = {key: value for key, value in model.config.to_dict().items()
                  if key not in ("model_type", "architectures")}
        twin = MistralForCausalLM(MistralConfig(**{**values, "sliding_window": window}, attn_implementation="eager"))
        twin.load_state_dict(model.state_dict())
        other = twin.float().eval()(input_ids=tokens, use_cache=False).logits
    else:  # transformers' own mask
        other = model(input_ids=tokens, use_cache=False).logits
    return (other - logits).abs().max().item()


def without(model, tokens, options, config):
    """The logits when one of the things that make the case special is left out, each; none for a plain case."""
    if options.get("documents") or options.get("window"):
        return [logits_of(model, tokens)]
    if "changes" in options:
        changes = options["changes"]
    elif config.model_type == "gemma3_text":
        kinds = config.rope_parameters
        changes = [{"rope_parameters": {**kinds, "sliding_attention": kinds["full_attention"]}},
                   {"sliding_window": SEQUENCE}, {"query_pre_attn_scalar": config.head_dim}]
        if "older_keys" in options:
            plain = rope(kinds["full_attention"]["rope_theta"])
            changes.append({"rope_parameters": {**kinds, "full_attention": plain}})
    elif config.model_type == "gemma2":
        changes = [{"attn_logit_softcapping": None}, {"final_logit_softcapping": None}, {"sliding_window": SEQUENCE},
                   {"query_pre_attn_scalar": config.head_dim}]
    elif "older_keys" in options:
        changes = [{"rope_parameters": rope(config.rope_parameters["rope_theta"])}]
    elif config.model_type == "smollm3":
        changes = [{"no_rope_layers": [1] * config.num_hidden_layers}]
    else:
        changes = []
    found = []
    for change in changes:
        values = {**config.to_dict(), **change}
        twin = CLASSES[config.model_type](type(config).from_dict(values, attn_implementation="eager"))
        twin.load_state_dict(model.state_dict())
        found.append(logits_of(twin.float().eval(), tokens))
    return found


def write_config(config, folder, older_keys, store):
    values = json.loads(config.to_json_string(use_diff=False))
    keep = ("model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
            "num_key_value_heads", "head_dim", "max_position_embeddings", "rope_parameters", "rms_norm_eps",
            "tie_word_embeddings", "hidden_act", "attention_bias", "mlp_bias", "attention_dropout", "initializer_range",
            "no_rope_layers", "no_rope_layer_interval", "use_sliding_window", "sliding_window", "layer_types",
            "max_window_layers", "hidden_activation", "query_pre_attn_scalar", "attn_logit_softcapping",
            "final_logit_softcapping", "use_bidirectional_attention", "bos_token_id", "eos_token_id", "pad_token_id",
            "use_cache", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "activation_function",
            "layer_norm_epsilon", "scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn",
            "add_cross_attention", "mamba_d_ssm", "mamba_n_heads", "mamba_d_head", "mamba_n_groups", "mamba_d_state",
            "mamba_d_conv", "mamba_expand", "mamba_chunk_size", "mamba_conv_bias", "mamba_proj_bias",
            "mamba_norm_before_gate", "mamba_rms_norm", "time_step_limit", "projectors_bias", "lm_head_multiplier",
            "embedding_multiplier", "mlp_multipliers", "key_multiplier", "attention_out_multiplier",
            "attention_in_multiplier", "ssm_multipliers", "ssm_in_multiplier", "ssm_out_multiplier",
            "layers_block_type", "mamba_ngroups", "n_mamba_heads", "chunk_size", "use_conv_bias", "add_bias_linear",
            "num_mem_blocks", "adapter_rank", "use_shared_attention_adapter", "use_mem_rope", "use_long_context",
            "time_step_min")
    written = {"architectures": [CLASSES[config.model_type].__name__],
               **{key: values[key] for key in keep if key in values},
               "dtype": str(store).removeprefix("torch.")}
    if older_keys:
        scaling = dict(written.pop("rope_parameters"))
        if config.model_type == "gemma3_text":
            written["rope_local_base_freq"] = scaling["sliding_attention"]["rope_theta"]
            scaling = dict(scaling["full_attention"])
            written["sliding_window_pattern"] = written.pop("layer_types").index("full_attention") + 1
        written["rope_theta"] = scaling.pop("rope_theta")
        written["rope_scaling"] = scaling
        written["torch_dtype"] = written.pop("dtype")
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(written, file, indent=2)
        file.write("\n")


def write_case(name, config, options, seed, output):
    folder = os.path.join(output, name)
    os.makedirs(folder, exist_ok=True)
    model = make_model(config, seed, options)
    store = options.get("store", torch.bfloat16)
    documents, window, z_loss = (options.get(key) for key in ("documents", "window", "z_loss"))

    generator = torch.Generator().manual_seed(1000 + seed)
    text = torch.randint(0, config.vocab_size, (BATCH, SEQUENCE + 1), generator=generator)
    text[0, 9] = text[0, 3]  # a token twice, so that two rows of the embedding's gradient fall together
    tokens, targets = text[:, :-1], text[:, 1:]
    weights = torch.ones(BATCH, SEQUENCE)
    if documents is not None:
        for row, starts in enumerate(documents):
            weights[row, [start - 1 for start in starts if start > 0]] = 0
        weights[1, 4] = 0  # one masked target that is not at a border

    logits = logits_of(model, tokens, documents, window)
    loss, logprobs, logsumexp = loss_of(logits, targets, weights, z_loss)
    loss.backward()
    with torch.no_grad():
        difference = second_way(model, tokens, logits, documents, window)
        plain = without(model, tokens, options, config)
        felt = min(((other - logits).abs().max().item() for other in plain), default=float("inf"))
    assert difference < 2e-5, f"{name}: the two ways differ by {difference}"
    assert felt > 0.05, f"{name}: what the case is about changes the logits by {felt} only"

    weights_file = {key: value.detach().to(store).contiguous() for key, value in model.named_parameters()}
    save_file(weights_file, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    write_config(config, folder, options.get("older_keys", False), store)
    expected = {"logits": logits, "logprobs": logprobs, "logsumexp": logsumexp, "loss": loss.reshape(1)}
    expected |= {"grad." + key: value.grad for key, value in model.named_parameters()}
    save_file({key: value.detach().float().contiguous() for key, value in expected.items()},
              os.path.join(folder, "expected.safetensors"))
    given = {"tokens": tokens.tolist(), "targets": targets.tolist(), "lossWeights": weights.long().tolist()}
    if documents is not None:
        given["documentStarts"] = documents
    if window is not None:
        given["slidingWindow"] = window
    if z_loss:
        given["zLoss"] = z_loss
    with open(os.path.join(folder, "input.json"), "w") as file:
        json.dump(given, file)
        file.write("\n")

    # The folder alone must give the same model.
    again = CLASSES[config.model_type].from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        assert torch.equal(logits_of(again, tokens, documents, window), logits), f"{name}: the folder loads differently"
    special = "" if not plain else f", what is special changes logits by {felt:.2f}"
    size = sum(os.path.getsize(os.path.join(folder, file)) for file in os.listdir(folder))
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name}: {count} parameters, loss {loss.item():.6f}, mean logsumexp {logsumexp.mean().item():.3f}, "
          f"two ways within {difference:.1e}{special}, {size / 1000:.0f} kB")
    return size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/ModelsTests/Golden")
    parser.add_argument("--only", help="make this case alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    total = 0
    for number, (name, config, options) in enumerate(cases()):
        if arguments.only in (None, name):
            total += write_case(name, config, options, 11 + number, arguments.output)
    print(f"{total / 1e6:.2f} MB in all")


if __name__ == "__main__":
    main()
