#!/usr/bin/env python3
"""Measures the training step of Apus against PyTorch on this machine, and prints a Markdown table.

  swift build -c release --product apus
  APUS_PEERS=~/.cache/apus-peers python3 benchmarks/train_steps.py --configs A C --rounds 5

The peer is benchmarks/peers/train_torch.py, run with $APUS_PEERS/bin/python (or --python, or python3); the packages it
needs are in benchmarks/peers/requirements.txt. It gets its best settings: torch.compile, tcmalloc preloaded where it is
installed (Debian and Ubuntu: libtcmalloc-minimal4), and the faster of its two attentions and of its two output heads
(Hugging Face's, and one with the cross-entropy in chunks), found by a short run of each.

Two programs never run at once, and a busy or throttled machine changes both, so they take turns: in every round each
runs once, the order changing from round to round, and the ratio is taken within the round. The table gives the median
of the rounds and, in brackets, the least and the greatest, and a line below it says if other work took part of the
machine (--patience waits until there is none before each run). Apus is run as
  apus bench train-step --config A --steps N --json
which prints one JSON object with tokensPerSecond, stepSeconds and peakResidentBytes.
"""
import argparse
import os
import shlex
import statistics
import sys

from turns import (HERE, add_arguments, in_turns, interpreter, last_object, machine, print_table, spread, tcmalloc,
                   write_json)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", nargs="+", default=["A", "B", "C"], choices=["A", "B", "C"])
    parser.add_argument("--modes", nargs="+", default=["compile"], choices=["compile", "amp", "fp32"],
                        help="of the peer (default: compile)")
    parser.add_argument("--attention", default="faster", choices=["faster", "sdpa", "eager"], help="of the peer")
    parser.add_argument("--head", default="faster", choices=["faster", "plain", "chunked"], help="of the peer")
    parser.add_argument("--steps", type=int, default=5, help="measured steps of each run")
    parser.add_argument("--apus-arguments", default="", help="more arguments for `apus bench train-step`")
    parser.add_argument("--no-tcmalloc", action="store_true", help="leave the peer its stock allocator")
    parser.add_argument("--peer-only", action="store_true", help="measure the peer alone")
    add_arguments(parser)
    return parser.parse_args()


def run_apus(given, config):
    environment = dict(os.environ, OMP_NUM_THREADS=str(given.threads))
    command = [given.apus, "bench", "train-step", "--config", config, "--steps", str(given.steps), "--json"]
    return last_object(given, command + shlex.split(given.apus_arguments), environment)


def run_peer(given, config, mode, settings, steps=None):
    environment = dict(os.environ, OMP_NUM_THREADS=str(given.threads))
    library = None if given.no_tcmalloc else tcmalloc()
    if library:
        environment["LD_PRELOAD"] = ":".join(filter(None, [library, environment.get("LD_PRELOAD")]))
    command = [interpreter(given), os.path.join(HERE, "peers", "train_torch.py"), "--config", config, "--mode", mode,
               "--steps", str(steps or given.steps), "--threads", str(given.threads)]
    for name, value in settings.items():
        command += [f"--{name}", value]
    return last_object(given, command, environment)


def fastest_settings(given, config, mode):
    """Attention first, then the head with that attention."""
    settings = {"attention": given.attention, "head": given.head}
    choices = {"attention": ("sdpa", "eager"), "head": ("plain", "chunked")}
    for name, values in choices.items():
        if settings[name] != "faster":
            continue
        print(f"  {config} {mode}: which {name} is faster", file=sys.stderr)
        rest = {key: value if value != "faster" else choices[key][0] for key, value in settings.items()}
        speed = {value: run_peer(given, config, mode, {**rest, name: value}, 3)["tokensPerSecond"] for value in values}
        settings[name] = max(speed, key=speed.get)
    return settings


def gibibytes(results):
    return statistics.median(result["peakResidentBytes"] for result in results) / 2**30


def measure(given, config, mode):
    """A row of the table, and everything measured."""
    settings = fastest_settings(given, config, mode)
    print(f"  {config} {mode}", file=sys.stderr)
    if given.peer_only:
        ours, theirs = [], [run_peer(given, config, mode, settings) for _ in range(given.rounds)]
    else:
        ours, theirs = in_turns(given, lambda: run_apus(given, config),
                                lambda: run_peer(given, config, mode, settings))
    speed = spread([result["tokensPerSecond"] for result in theirs])
    rate = statistics.median(result["modelGigaflopsPerSecond"] for result in theirs) / 1000
    peer = f"{mode}, {settings['attention']}, {settings['head']} head" + (", tcmalloc" if theirs[0]["preload"] else "")
    first = statistics.median(result["firstStepSeconds"] for result in theirs)
    row = [config, peer, f"{speed} [{rate:.2f} TFLOP/s]", f"{first:.0f} s", f"{gibibytes(theirs):.1f} GiB"]
    if ours:
        ratios = [mine["tokensPerSecond"] / other["tokensPerSecond"] for mine, other in zip(ours, theirs)]
        row += [spread([result["tokensPerSecond"] for result in ours]), f"{gibibytes(ours):.1f} GiB",
                f"**{spread(ratios, 2)}**"]
    return row, {"config": config, "mode": mode, **settings, "apus": ours, "peer": theirs}


def main():
    given = arguments()
    head = ["configuration", "PyTorch's settings", "PyTorch, tok/s", "its first step", "its peak memory"]
    if not given.peer_only:
        head += ["Apus, tok/s", "its peak memory", "Apus / PyTorch"]
    rows, everything = [], []
    for config in given.configs:
        for mode in given.modes:
            row, results = measure(given, config, mode)
            rows.append(row)
            everything.append(results)
    some = everything[0]["peer"][0]
    print(f"{machine()}; {given.threads} threads used; torch {some['torch']}, transformers {some['transformers']}; "
          f"{given.rounds} rounds of {given.steps} steps.\n")
    print_table(head, rows, [run for results in everything for run in results["apus"] + results["peer"]])
    if not given.no_tcmalloc and tcmalloc() is None:
        print("\ntcmalloc is not installed, so PyTorch ran below its best.")
    write_json(given, everything)


if __name__ == "__main__":
    main()
