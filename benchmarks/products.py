#!/usr/bin/env python3
"""Measures the matrix products of training against PyTorch's on this machine, and prints a Markdown table.

  swift build -c release --product apus
  APUS_PEERS=~/.cache/apus-peers python3 benchmarks/products.py --rounds 3

For x [M, K] and weights W [N, K]: forward is x W^T, dX is dY W, dW is dY^T x. Activations are packed within the time,
Apus's weights before it, as once a step; the last column says how long that takes. Apus adds dW to a float32 gradient,
PyTorch writes it in the operands' type. The two take turns; the table has medians of the rounds, the ratio taken within
each round, the least and the greatest in brackets.
"""
import argparse
import os

from turns import HERE, add_arguments, in_turns, interpreter, last_object, machine, print_table, spread, write_json

KINDS = {"forward": "forward", "inputGradient": "dX", "weightGradient": "dW"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtypes", nargs="+", default=["bf16", "fp32"], choices=["bf16", "fp32"])
    parser.add_argument("--seconds", type=float, default=0.7, help="for each product in each round")
    add_arguments(parser)
    given = parser.parse_args()
    environment = dict(os.environ, OMP_NUM_THREADS=str(given.threads), APUS_THREADS=str(given.threads))
    types = [word for name in given.dtypes for word in ("--dtype", name)]
    ours, theirs = in_turns(
        given,
        lambda: last_object(given, [given.apus, "bench", "matrix", "--json", "--seconds", str(given.seconds)] + types,
                            environment),
        lambda: last_object(
            given, [interpreter(given), os.path.join(HERE, "peers", "products_torch.py"), "--threads",
                    str(given.threads), "--seconds", str(given.seconds), "--dtypes"] + given.dtypes, environment))
    rows = []
    for index, first in enumerate(ours[0]["products"]):
        key = ("dtype", "product", "m", "k", "n")
        mine = [run["products"][index]["median_gflops"] for run in ours]
        other = [next(p["median_gflops"] for p in run["products"] if all(p[k] == first[k] for k in key))
                 for run in theirs]
        ratios = [a / b for a, b in zip(mine, other)]
        packing = first.get("weight_packing_seconds")
        rows.append([first["dtype"], KINDS[first["product"]], f"{first['m']} × {first['k']} → {first['n']}",
                     spread(other), spread(mine), f"**{spread(ratios, 2)}**",
                     f"{packing * 1e3:.2f} ms" if packing else ""])
    print(f"{machine()}; {given.threads} threads used; torch {theirs[0]['torch']} ({theirs[0]['capability']}), kernels "
          f"{ours[0]['instruction_set']}; {given.rounds} rounds.\n")
    print_table(["operands", "product", "M × K → N", "PyTorch, GFLOP/s", "Apus, GFLOP/s", "Apus / PyTorch",
                 "packing the weights"], rows, ours + theirs)
    write_json(given, {"apus": ours, "peer": theirs})


if __name__ == "__main__":
    main()
