#!/usr/bin/env python3
"""The peer of `apus bench train-step --device cuda`: PyTorch trains the same Llama on a card, and prints how fast.

The model is written here, with nothing but PyTorch, so that the whole step compiles as one: RMSNorm, rotary embeddings,
grouped attention by scaled_dot_product_attention, SwiGLU, tied embeddings; float32 weights, bfloat16 autocast, fused
AdamW, the gradient's norm clipped to 1, gradients summed over micro-batches. Attention is the fastest that PyTorch has:
with --attention fastest each of its kernels (cuDNN's, FlashAttention's) trains two steps, and the faster one goes on.
The head takes cross-entropy over all logits (--head plain) or over 4,096 tokens at a time, computed again in the backward
pass (--head chunked).

Needs: torch 2.6 or later with CUDA. Prints one JSON object, with tokensPerSecond, stepSeconds and peakDeviceBytes.
"""
import argparse
import json
import statistics
import time

# vocabulary, width, layers, heads, key-value heads, head width, feed-forward width, rotary theta
MODELS = {
    "llama-3.2-1b": (128256, 2048, 16, 32, 8, 64, 8192, 5e5),
    "apus-492m": (128256, 1024, 32, 16, 4, 64, 2816, 1e4),
    "smollm2-135m": (49152, 576, 30, 9, 3, 64, 1536, 1e5),
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", required=True, choices=MODELS)
    parser.add_argument("--shape", help="vocabulary,width,layers,heads,kv_heads,head_width,ffn,theta in its place")
    parser.add_argument("--sequence", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True, help="sequences a step")
    parser.add_argument("--micro-batch", type=int, required=True)
    parser.add_argument("--attention", default="fastest", choices=["fastest", "cudnn", "flash"])
    parser.add_argument("--head", default="plain", choices=["plain", "chunked"])
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    return parser.parse_args()


def main():
    given = arguments()
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.checkpoint import checkpoint
    shape = [float(x) for x in given.shape.split(",")] if given.shape else MODELS[given.preset]
    vocabulary, width, layers, heads, kv_heads, head, ffn = map(int, shape[:7])
    theta = shape[7]
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.RMSNorm(width, eps=1e-5), nn.RMSNorm(width, eps=1e-5)
            self.qkv = nn.Linear(width, (heads + 2 * kv_heads) * head, bias=False)
            self.output = nn.Linear(heads * head, width, bias=False)
            self.gate_up = nn.Linear(width, 2 * ffn, bias=False)
            self.down = nn.Linear(ffn, width, bias=False)

        def forward(self, x, cosine, sine):
            batch, length, _ = x.shape
            q, k, v = self.qkv(self.norm1(x)).split([heads * head, kv_heads * head, kv_heads * head], -1)
            q, k, v = (t.view(batch, length, -1, head).transpose(1, 2) for t in (q, k, v))

            def turn(t):
                first, second = t.chunk(2, -1)
                return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1).to(v.dtype)

            mixed = F.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True, enable_gqa=heads != kv_heads)
            x = x + self.output(mixed.transpose(1, 2).reshape(batch, length, -1))
            gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
            return x + self.down(F.silu(gate) * up)

    class Llama(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            self.blocks = nn.ModuleList(Block() for _ in range(layers))
            self.norm = nn.RMSNorm(width, eps=1e-5)
            angles = torch.outer(torch.arange(given.sequence).float(), theta ** (-torch.arange(0, head, 2) / head))
            self.register_buffer("cosine", angles.cos(), persistent=False)
            self.register_buffer("sine", angles.sin(), persistent=False)

        def forward(self, tokens, targets):
            x = self.embedding(tokens)
            for block in self.blocks:
                x = block(x, self.cosine, self.sine)
            hidden, targets = self.norm(x).flatten(0, 1), targets.flatten()

            def total(part, wanted):
                return F.cross_entropy(F.linear(part, self.embedding.weight).float(), wanted, reduction="sum")

            if given.head == "plain":
                return total(hidden, targets)
            return sum(checkpoint(total, part, wanted, use_reentrant=False)
                       for part, wanted in zip(hidden.split(4096), targets.split(4096)))

    with torch.device("cuda"):
        model = Llama()
    for parameter in model.parameters():
        if parameter.dim() >= 2:
            nn.init.normal_(parameter, std=0.02)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
         {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}],
        lr=3e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
    compiled = torch.compile(model)
    generator = torch.Generator().manual_seed(2)

    def step(kernel):
        window = torch.randint(0, vocabulary, (given.batch, given.sequence + 1), generator=generator).cuda()
        torch.cuda.synchronize()
        start = time.perf_counter()
        total = 0.0
        with sdpa_kernel(kernel):
            for part in window.split(given.micro_batch):
                with torch.autocast("cuda", dtype=torch.bfloat16):
                    loss = compiled(part[:, :-1].contiguous(), part[:, 1:].contiguous()) / (window[:, 1:].numel())
                loss.backward()
                total = total + loss.detach()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        value = total.item()
        torch.cuda.synchronize()
        return time.perf_counter() - start, value

    kernels = {"cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION}
    if given.attention == "fastest":
        speeds = {}
        for name, kernel in kernels.items():
            try:
                torch._dynamo.reset()
                for _ in range(2):
                    step(kernel)
                speeds[name] = min(step(kernel)[0] for _ in range(2))
            except RuntimeError as error:
                speeds[name] = float("inf")
                print(f"{name} attention: {error}"[:200], flush=True)
        attention = min(speeds, key=speeds.get)
        torch._dynamo.reset()
    else:
        attention = given.attention
    for _ in range(given.warmup):
        step(kernels[attention])
    torch.cuda.reset_peak_memory_stats()
    results = [step(kernels[attention]) for _ in range(given.steps)]
    seconds = [taken for taken, _ in results]
    median = statistics.median(seconds)
    tokens = given.batch * given.sequence
    body = sum(p.numel() for p in parameters) - model.embedding.weight.numel()
    # Causal attention counts half of its square.
    flops = 6 * (body + vocabulary * width) + 6 * layers * heads * head * given.sequence
    print(json.dumps({
        "preset": given.preset, "tokensPerSecond": round(tokens / median, 1), "stepSeconds": seconds,
        "modelFLOPsPerSecond": tokens / median * flops, "peakDeviceBytes": torch.cuda.max_memory_reserved(),
        "losses": [loss for _, loss in results], "attention": attention, "head": given.head,
        "torch": torch.__version__, "device": torch.cuda.get_device_name()}), flush=True)


if __name__ == "__main__":
    main()
