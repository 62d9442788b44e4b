#!/usr/bin/env python3
"""Makes the golden files of AdamW and of clipping by the global norm.

Made with torch 2.15.0, safetensors 0.8.0 on a CPU in fp32, one thread.
  python3 scripts/golden/adamw_golden.py [--output Tests/OptimizationTests/Golden]

adamw.safetensors: ten steps of torch.optim.AdamW (rate 1e-3, betas 0.9 and 0.95, epsilon 1e-8, decoupled weight decay
0.1 on tensors of two and more dimensions, none on vectors), names
  initial.<tensor>, gradient.<step>.<tensor>, parameter.<step>.<tensor> with step 1...10 (the values after that step),
  and firstMoment.<tensor>, secondMoment.<tensor> after the tenth.
clip.safetensors: torch.nn.utils.clip_grad_norm_ at 1.0 (factor min(1, 1 / (norm + 1e-6))), names
  large.gradient.<tensor>, large.clipped.<tensor>, large.norm [1]: the norm is above the limit,
  small.…: the norm is below it and nothing changes.
"""
import argparse
import os

import torch
from safetensors.torch import save_file

SHAPES = {"matrix": (7, 5), "embedding": (33, 4), "norm": (13,), "single": (1,)}
STEPS = 10


def adamw(generator):
    parameters = {name: torch.nn.Parameter(0.3 * torch.randn(shape, generator=generator))
                  for name, shape in SHAPES.items()}
    out = {f"initial.{name}": value.detach().clone() for name, value in parameters.items()}
    groups = [{"params": [p for p in parameters.values() if p.dim() >= 2], "weight_decay": 0.1},
              {"params": [p for p in parameters.values() if p.dim() < 2], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, foreach=False)
    for step in range(1, STEPS + 1):
        for name, parameter in parameters.items():
            # The scale falls tenfold every two steps, so that epsilon and the bias corrections are felt.
            scale = 10.0 ** (-(step - 1) // 2)
            gradient = scale * torch.randn(parameter.shape, generator=generator)
            if name == "embedding":
                gradient[step:] = 0  # rows that no token has touched
            parameter.grad = gradient
            out[f"gradient.{step}.{name}"] = gradient.clone()
        optimizer.step()
        out |= {f"parameter.{step}.{name}": value.detach().clone() for name, value in parameters.items()}
    for name, parameter in parameters.items():
        out[f"firstMoment.{name}"] = optimizer.state[parameter]["exp_avg"].clone()
        out[f"secondMoment.{name}"] = optimizer.state[parameter]["exp_avg_sq"].clone()
    return out


def clip(generator):
    out = {}
    for case, scale in (("large", 2.0), ("small", 0.01)):
        parameters = {name: torch.nn.Parameter(torch.zeros(shape)) for name, shape in SHAPES.items()}
        for name, parameter in parameters.items():
            parameter.grad = scale * torch.randn(parameter.shape, generator=generator)
            out[f"{case}.gradient.{name}"] = parameter.grad.clone()
        norm = torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0, foreach=False)
        out[f"{case}.norm"] = norm.reshape(1).clone()
        out |= {f"{case}.clipped.{name}": parameter.grad.clone() for name, parameter in parameters.items()}
    assert out["large.norm"] > 1 > out["small.norm"]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/OptimizationTests/Golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(5)
    os.makedirs(arguments.output, exist_ok=True)
    for name, tensors in (("adamw", adamw(generator)), ("clip", clip(generator))):
        path = os.path.join(arguments.output, name + ".safetensors")
        save_file({key: value.contiguous() for key, value in tensors.items()}, path)
        print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
