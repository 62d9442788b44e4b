#!/usr/bin/env python3
"""Rates of PyTorch's matrix products on the layouts of a linear layer's training, as one JSON object.

For x [M, K] and weights W [N, K]: forward is x W^T (the faster of mm into a result that is there already and linear),
inputGradient is dY W, weightGradient dY^T x. Each counts 2 M N K operations; the figure is the median of the runs.
"""
import argparse
import json
import os
import statistics
import time

SHAPES = [(8192, 576, 1536), (8192, 256, 704), (4096, 1024, 2816), (2048, 1024, 128256), (4096, 4096, 4096)]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=1.0, help="for each product")
parser.add_argument("--dtypes", nargs="+", default=["bf16", "fp32"])
given = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(given.threads)

import torch  # noqa: E402  after the threads are set

torch.set_num_threads(given.threads)
torch.manual_seed(0)
torch.set_grad_enabled(False)


def seconds(function):
    function()
    times, end = [], time.perf_counter() + given.seconds
    while len(times) < 5 or (time.perf_counter() < end and len(times) < 10_000):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


products = []
for name in given.dtypes:
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[name]
    for m, k, n in SHAPES:
        x, dy = torch.rand(m, k).sub_(0.5).to(dtype), torch.rand(m, n).sub_(0.5).to(dtype)
        w = torch.rand(n, k).sub_(0.5).to(dtype)
        y, dx, dw = torch.empty(m, n, dtype=dtype), torch.empty(m, k, dtype=dtype), torch.empty(n, k, dtype=dtype)
        times = {
            "forward": min(seconds(lambda: torch.mm(x, w.t(), out=y)),
                           seconds(lambda: torch.nn.functional.linear(x, w))),
            "inputGradient": seconds(lambda: torch.mm(dy, w, out=dx)),
            "weightGradient": seconds(lambda: torch.mm(dy.t(), x, out=dw)),
        }
        for kind, value in times.items():
            products.append({"dtype": name, "product": kind, "m": m, "k": k, "n": n,
                             "median_gflops": 2 * m * n * k / value / 1e9})
print(json.dumps({"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability(),
                  "threads": torch.get_num_threads(), "products": products}))
