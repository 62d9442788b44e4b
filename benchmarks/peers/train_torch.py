#!/usr/bin/env python3
"""The peer of `apus bench train-step`: PyTorch and transformers train the same Llama on the CPU, and print how fast.

One step is: gradients cleared, forward, cross-entropy, backward, gradient norm clipped to 1, AdamW. Each measured step
prints {"step", "loss", "seconds"} on a line of its own; the last line is a summary with the median speed in tokens a
second and the peak resident memory.

Configurations (vocabulary, width, layers, heads / key-value heads, feed-forward width; sequence x batch; tied):
  A    4,096  256   8   8/4    704   512 x 16   seven million parameters
  B   49,152  576  30   9/3  1,536   512 x 8    SmolLM2-135M
  C  128,256 1024   4  16/4  2,816  1024 x 2    a large vocabulary
Modes
  fp32     everything in fp32
  amp      forward and backward under bf16 autocast, fp32 weights, moments and gradients
  compile  amp through torch.compile; the fastest, best with tcmalloc preloaded (train_steps.py does it)

The output head is Hugging Face's (--head plain: all logits in memory, in fp32), or takes the cross-entropy over 1,024
tokens at a time and computes their logits again in the backward pass (--head chunked).

To start two systems from the same point, --export FOLDER writes the initial weights as a Hugging Face folder and the
token batches as FOLDER/tokens.int32; --weights and --tokens read them again. The token file is nothing but int32 in
the machine's order: each step takes `batch` windows of sequence + 1 tokens, one after the other, from the start again
at the end of the file. Inputs are a window's first `sequence` tokens, targets its last.
"""
import argparse
import json
import os
import resource
import statistics
import time

CONFIGURATIONS = {
    "A": dict(vocabulary=4096, width=256, layers=8, heads=8, kv_heads=4, ffn=704, sequence=512, batch=16),
    "B": dict(vocabulary=49152, width=576, layers=30, heads=9, kv_heads=3, ffn=1536, sequence=512, batch=8),
    "C": dict(vocabulary=128256, width=1024, layers=4, heads=16, kv_heads=4, ffn=2816, sequence=1024, batch=2),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, choices=CONFIGURATIONS)
    parser.add_argument("--mode", default="compile", choices=["fp32", "amp", "compile"])
    parser.add_argument("--attention", default="sdpa", choices=["sdpa", "eager"])
    parser.add_argument("--head", default="plain", choices=["plain", "chunked"])
    parser.add_argument("--warmup", type=int, default=2, help="steps before the measured ones (default 2)")
    parser.add_argument("--steps", type=int, default=5, help="measured steps (default 5)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, help="sequences a step, instead of the configuration's")
    parser.add_argument("--sequence", type=int, help="tokens a sequence, instead of the configuration's")
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=1234, help="of the initial weights and the random tokens")
    parser.add_argument("--weights", metavar="FOLDER", help="start from this Hugging Face folder")
    parser.add_argument("--tokens", metavar="FILE", help="train on these int32 token ids")
    parser.add_argument("--export", metavar="FOLDER", help="write the starting point and stop")
    return parser.parse_args()


def build_model(given, shape):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    if given.weights:
        return LlamaForCausalLM.from_pretrained(
            given.weights, dtype=torch.float32, attn_implementation=given.attention)
    torch.manual_seed(given.seed)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=shape["vocabulary"], hidden_size=shape["width"], intermediate_size=shape["ffn"],
        num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"], num_key_value_heads=shape["kv_heads"],
        max_position_embeddings=max(shape["sequence"], 1024), tie_word_embeddings=True, use_cache=False,
        bos_token_id=None, eos_token_id=None, pad_token_id=None, attn_implementation=given.attention)).float()


def chunked_loss(model, inputs, targets, tokens=1024):
    """The mean cross-entropy without all logits at once."""
    import torch
    from torch.utils.checkpoint import checkpoint
    hidden = model.model(input_ids=inputs).last_hidden_state.flatten(0, 1)

    def total(part, wanted):
        return torch.nn.functional.cross_entropy(model.lm_head(part).float(), wanted, reduction="sum")

    parts = zip(hidden.split(tokens), targets.flatten().split(tokens))
    return sum(checkpoint(total, part, wanted, use_reentrant=False) for part, wanted in parts) / targets.numel()


def windows(given, shape, vocabulary):
    """Endless batches [batch, sequence + 1]."""
    import numpy
    import torch
    batch, length = shape["batch"], shape["sequence"] + 1
    if given.tokens:
        tokens = numpy.memmap(given.tokens, dtype=numpy.int32, mode="r")
        count = len(tokens) // (batch * length)
        if count == 0:
            raise SystemExit(f"{given.tokens} holds {len(tokens)} tokens, one step needs {batch * length}")
        if tokens.min() < 0 or tokens.max() >= vocabulary:
            raise SystemExit(f"{given.tokens} holds ids from {tokens.min()} to {tokens.max()}, "
                             f"the model's vocabulary has {vocabulary}")
        step = 0
        while True:
            start = (step % count) * batch * length
            part = numpy.array(tokens[start:start + batch * length], dtype=numpy.int64)
            yield torch.from_numpy(part).view(batch, length)
            step += 1
    generator = torch.Generator().manual_seed(given.seed + 1)
    while True:
        yield torch.randint(0, vocabulary, (batch, length), generator=generator)


def export(given, model, batches):
    import numpy
    model.save_pretrained(given.export)
    path = os.path.join(given.export, "tokens.int32")
    with open(path, "wb") as file:
        for _ in range(given.warmup + given.steps):
            file.write(next(batches).numpy().astype(numpy.int32).tobytes())
    print(json.dumps({"exported": given.export, "tokens": path, "steps": given.warmup + given.steps}))


def main():
    given = arguments()
    os.environ.setdefault("OMP_NUM_THREADS", str(given.threads))
    os.environ.setdefault("TQDM_DISABLE", "1")
    import torch
    import transformers
    torch.set_num_threads(given.threads)

    shape = dict(CONFIGURATIONS[given.config])
    shape["batch"] = given.batch or shape["batch"]
    shape["sequence"] = given.sequence or shape["sequence"]
    model = build_model(given, shape).train()
    config = model.config
    batches = windows(given, shape, config.vocab_size)
    if given.export:
        return export(given, model, batches)

    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
         {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}],
        lr=given.learning_rate, betas=(0.9, 0.95), eps=1e-8, fused=True)
    if given.head == "chunked":
        def loss_of(inputs, targets):
            return chunked_loss(model, inputs, targets)
    else:
        def loss_of(inputs, targets):
            # transformers shifts `labels` itself unless it is also handed labels that are shifted already.
            return model(input_ids=inputs, labels=targets, shift_labels=targets).loss
    forward = torch.compile(loss_of) if given.mode == "compile" else loss_of

    def step():
        window = next(batches)
        inputs, targets = window[:, :-1].contiguous(), window[:, 1:].contiguous()
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=given.mode != "fp32"):
            loss = forward(inputs, targets)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        value = loss.item()
        return time.perf_counter() - start, value, norm.item()

    seconds, first = [], None
    for number in range(1, given.warmup + given.steps + 1):
        taken, loss, norm = step()
        first = first or taken
        if number > given.warmup:
            seconds.append(taken)
        print(json.dumps({"step": number, "loss": round(loss, 6), "gradNorm": round(norm, 6),
                          "seconds": round(taken, 4), "warmup": number <= given.warmup}), flush=True)

    tokens = shape["batch"] * shape["sequence"]
    median = statistics.median(seconds)
    total = sum(p.numel() for p in parameters)
    table = model.get_input_embeddings().weight.numel()
    head = config.vocab_size * config.hidden_size
    body = total - table - (0 if config.tie_word_embeddings else head)
    # Causal attention counts half of its square.
    flops = 6 * (body + head) + 6 * config.num_hidden_layers * config.num_attention_heads * config.head_dim \
        * shape["sequence"]
    print(json.dumps({
        "summary": True, "config": given.config, "mode": given.mode, "attention": given.attention,
        "head": given.head,
        "batch": shape["batch"], "sequence": shape["sequence"], "threads": given.threads,
        "tokensPerSecond": round(tokens / median, 1), "stepSeconds": [round(value, 4) for value in seconds],
        "firstStepSeconds": round(first, 2),
        "peakResidentBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "parameters": total, "modelGigaflopsPerSecond": round(tokens / median * flops / 1e9, 1),
        "preload": os.environ.get("LD_PRELOAD", ""),
        "torch": torch.__version__, "transformers": transformers.__version__}), flush=True)


if __name__ == "__main__":
    main()
