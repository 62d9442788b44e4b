#!/usr/bin/env python3
"""Measures the training step of Apus on a card against PyTorch on the same card, and prints a Markdown table.

  scripts/release.sh
  python3 benchmarks/cuda_train_steps.py --apus dist/apus-*-linux-x86_64 --rounds 3

The peer is benchmarks/peers/train_cuda.py, run with $APUS_PEERS/bin/python (or --python, or python3); it needs PyTorch
alone and gets its best settings: compiled, bfloat16, fused AdamW, the faster of cuDNN's and FlashAttention's attention,
and of a plain and a chunked head whichever is faster and fits. Both train with the same tokens a step and a micro-batch
of their own choice (--micro-batches). Two programs never run at once; they take turns, and ratios are taken within a
round. FLOPs are the model's (attention's half square counted), against the data sheet's peak where the card is known.
"""
import argparse
import os
import shlex
import statistics

from turns import HERE, add_arguments, in_turns, interpreter, last_object, machine, print_table, spread, write_json

# preset: sequence, sequences a step, micro-batch of ours, of the peer's
WORK = {"llama-3.2-1b": (4096, 16, 4, 4), "apus-492m": (1024, 64, 32, 32), "smollm2-135m": (2048, 32, 16, 16)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=list(WORK), choices=list(WORK))
    parser.add_argument("--micro-batches", nargs=2, type=int, metavar=("OURS", "THEIRS"))
    parser.add_argument("--head", default="faster", choices=["faster", "plain", "chunked"], help="of the peer")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--apus-arguments", default="", help="more arguments for `apus bench train-step`")
    add_arguments(parser)
    return parser.parse_args()


def main():
    given = arguments()
    environment = dict(os.environ)
    rows, everything = [], []
    for preset in given.presets:
        sequence, batch, ours, theirs = WORK[preset]
        ours, theirs = given.micro_batches or (ours, theirs)
        common = ["--preset", preset, "--sequence", str(sequence), "--batch", str(batch), "--steps", str(given.steps)]

        def apus():
            command = [given.apus, "bench", "train-step", *common, "--micro-batch", str(ours), "--device", "cuda",
                       "--json"]
            return last_object(given, command + shlex.split(given.apus_arguments), environment)

        def peer(head, attention="fastest"):
            command = [interpreter(given), os.path.join(HERE, "peers", "train_cuda.py"), *common, "--micro-batch",
                       str(theirs), "--head", head, "--attention", attention]
            return last_object(given, command, environment)

        first = [peer(head) for head in (["plain", "chunked"] if given.head == "faster" else [given.head])]
        best = max(first, key=lambda result: result["tokensPerSecond"])
        mine, others = in_turns(given, apus, lambda: peer(best["head"], best["attention"]))
        ratios = [a["tokensPerSecond"] / b["tokensPerSecond"] for a, b in zip(mine, others)]
        peaks = [statistics.median(result["peakDeviceBytes"] for result in results) for results in (mine, others)]
        rows.append([
            preset, spread([r["tokensPerSecond"] for r in others]), spread([r["tokensPerSecond"] for r in mine]),
            spread(ratios, 2), f"{statistics.median(r['modelFLOPsPerSecond'] for r in mine) / 1e12:.0f}",
            f"{peaks[1] / 2**30:.1f} / {peaks[0] / 2**30:.1f}", f"{best['attention']}, {best['head']}"])
        everything += mine + others
    print(machine())
    print_table(["model", "PyTorch tokens/s", "Apus tokens/s", "ratio", "Apus TFLOP/s", "GiB, PyTorch / Apus",
                 "PyTorch's settings"], rows, everything)
    write_json(given, everything)


if __name__ == "__main__":
    main()
