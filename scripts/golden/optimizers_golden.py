#!/usr/bin/env python3
"""Makes the golden files of the optimizers beside AdamW.

Made with torch 2.15.0, safetensors 0.8.0 on a CPU, one thread.
  python3 scripts/golden/optimizers_golden.py [--output Tests/OptimizationTests/Golden]

One file an optimizer: ten steps from the same start with the same gradients, names initial.<tensor>,
gradient.<step>.<tensor> and parameter.<step>.<tensor> with step 1...10, all in fp32.

muon_<scale>.safetensors: torch.optim.Muon (rate 2e-2, decay 0.1, momentum 0.95, Nesterov, five Newton-Schulz steps),
  whose iteration is taken in fp32 where torch takes it in bf16; <scale> is torch's `adjust_lr_fn`: original,
  match_rms_adamw (moonlight), spectral_unclamped (spectral). muon_plain: without Nesterov's look ahead, three steps.
lion.safetensors: algorithm 2 of arXiv:2302.06675, in fp64 (rate 3e-4, betas 0.95 and 0.98, decay 0.1).
ademamix.safetensors: algorithm 1 of arXiv:2409.03137 with its schedules over six steps, in fp64 (rate 1e-3, betas 0.9,
  0.999, 0.9999, alpha 8, decay 0.1).
soap.safetensors: algorithm 3 of arXiv:2409.11321, in fp64 (rate 3e-3, betas 0.95 and 0.95, epsilon 1e-8, decay 0.1, a
  new basis every third step, preconditioners of at most eight rows): the first gradient only makes the basis. Square
  matrices, as the basis of a null space is nobody's to choose, and a tall one with a basis on one side.
"""
import argparse
import math
import os

import torch
from safetensors.torch import save_file

STEPS = 10
SHAPES = {"tall": (9, 4), "wide": (5, 12), "square": (6, 6), "head": (3, 8)}


def gradients(generator, shapes):
    """Ten gradients a tensor, whose scale falls tenfold every four steps, and the start."""
    start = {name: 0.3 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    steps = [{name: 10.0 ** (-(step // 4)) * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
             for step in range(STEPS)]
    return start, steps


def trajectory(start, steps, update):
    """Runs update(step, name, weight, gradient) -> new weight in fp64."""
    out = {f"initial.{name}": value for name, value in start.items()}
    weights = {name: value.double() for name, value in start.items()}
    for number, step in enumerate(steps, 1):
        for name, gradient in step.items():
            weights[name] = update(number, name, weights[name], gradient.double())
            out[f"gradient.{number}.{name}"] = gradient
            out[f"parameter.{number}.{name}"] = weights[name].float()
    return out


def orthogonalized(gradient, coefficients, count, eps):
    """The iteration of torch.optim.Muon without its rounding to bf16."""
    a, b, c = coefficients
    x = gradient.clone()
    if x.size(0) > x.size(1):
        x = x.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(count):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if gradient.size(0) > gradient.size(1) else x


def muon(generator, scale, **settings):
    torch.optim._muon._zeropower_via_newtonschulz = orthogonalized
    start, steps = gradients(generator, SHAPES)
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in start.items()}
    optimizer = torch.optim.Muon(list(parameters.values()), lr=2e-2, weight_decay=0.1, adjust_lr_fn=scale, **settings)
    out = {f"initial.{name}": value for name, value in start.items()}
    for number, step in enumerate(steps, 1):
        for name, parameter in parameters.items():
            parameter.grad = step[name].clone()
            out[f"gradient.{number}.{name}"] = step[name]
        optimizer.step()
        out |= {f"parameter.{number}.{name}": value.detach().clone() for name, value in parameters.items()}
    return out


def lion(generator):
    moments = {}

    def update(_, name, weight, gradient):
        moment = moments.get(name, torch.zeros_like(weight))
        direction = torch.sign(0.95 * moment + 0.05 * gradient)
        moments[name] = 0.98 * moment + 0.02 * gradient
        return weight - 3e-4 * (direction + 0.1 * weight)

    return trajectory(*gradients(generator, SHAPES), update)


def ademamix(generator):
    beta1, beta2, beta3, alpha, warmup = 0.9, 0.999, 0.9999, 8.0, 6
    state = {}

    def update(number, name, weight, gradient):
        fast, slow, second = state.get(name, (torch.zeros_like(weight),) * 3)
        alpha_now = min(number * alpha / warmup, alpha)
        share = min(number / warmup, 1)
        low, high = math.log(beta1), math.log(beta3)
        beta3_now = min(math.exp(low * high / ((1 - share) * high + share * low)), beta3)
        fast = beta1 * fast + (1 - beta1) * gradient
        slow = beta3_now * slow + (1 - beta3_now) * gradient
        second = beta2 * second + (1 - beta2) * gradient ** 2
        state[name] = (fast, slow, second)
        step = fast / (1 - beta1 ** number) + alpha_now * slow
        step = step / ((second / (1 - beta2 ** number)).sqrt() + 1e-8)
        return weight - 1e-3 * (step + 0.1 * weight)

    return trajectory(*gradients(generator, SHAPES), update)


def soap(generator):
    beta1, beta2, every, largest = 0.95, 0.95, 3, 8
    state = {}

    def basis(gram):
        return torch.linalg.eigh(gram).eigenvectors.flip(1)

    def project(x, bases, back=False):
        left, right = bases
        if left is not None:
            x = (left if back else left.T) @ x
        return x if right is None else x @ (right.T if back else right)

    def update(number, name, weight, gradient):
        if name not in state:
            grams = [gradient @ gradient.T if gradient.size(0) <= largest else None,
                     gradient.T @ gradient if gradient.size(1) <= largest else None]
            grams = [None if gram is None else (1 - beta2) * gram for gram in grams]
            state[name] = dict(first=torch.zeros_like(weight), second=torch.zeros_like(weight), grams=grams,
                               bases=[None if gram is None else basis(gram) for gram in grams])
            return weight
        s = state[name]
        turned = project(gradient, s["bases"])
        s["first"] = beta1 * s["first"] + (1 - beta1) * gradient
        s["second"] = beta2 * s["second"] + (1 - beta2) * turned ** 2
        count = number - 1  # updates, this one included: the first gradient made none
        corrections = 1 - beta1 ** count, 1 - beta2 ** count
        step = project(s["first"], s["bases"]) / corrections[0] / ((s["second"] / corrections[1]).sqrt() + 1e-8)
        weight = weight - 3e-3 * (project(step, s["bases"], back=True) + 0.1 * weight)
        for side in (0, 1):
            if s["grams"][side] is None:
                continue
            outer = gradient @ gradient.T if side == 0 else gradient.T @ gradient
            s["grams"][side] = beta2 * s["grams"][side] + (1 - beta2) * outer
            if count % every == 0:
                q = s["bases"][side]
                gram = s["grams"][side]
                order = torch.argsort((q * (gram @ q)).sum(0), descending=True)
                s["second"] = s["second"][order] if side == 0 else s["second"][:, order]
                s["bases"][side] = torch.linalg.qr(gram @ q[:, order]).Q
        return weight

    return trajectory(*gradients(generator, {"square": (6, 6), "tall": (12, 5)}), update)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="Tests/OptimizationTests/Golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(11)
    files = {"muon_original": muon(generator, "original"), "muon_moonlight": muon(generator, "match_rms_adamw"),
             "muon_spectral": muon(generator, "spectral_unclamped"),
             "muon_plain": muon(generator, "original", nesterov=False, ns_steps=3),
             "lion": lion(generator), "ademamix": ademamix(generator), "soap": soap(generator)}
    for name, tensors in files.items():
        path = os.path.join(arguments.output, name + ".safetensors")
        save_file({key: value.contiguous() for key, value in tensors.items()}, path)
        print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
