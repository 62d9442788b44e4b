#!/usr/bin/env python3
"""Measures the training step of Apus against PyTorch on this machine, and prints a Markdown table.

  swift build -c release --product apus
  APUS_PEERS=~/.cache/apus-peers python3 benchmarks/train_steps.py --configs A C --rounds 5

The peer is benchmarks/peers/train_torch.py, run with $APUS_PEERS/bin/python (or --python, or python3); the packages it
needs are in benchmarks/peers/requirements.txt. It gets its best settings: torch.compile, tcmalloc preloaded where it is
installed (Debian and Ubuntu: libtcmalloc-minimal4), and the faster of its two attentions, found by one run of each.

Two programs never run at once, and a busy or throttled machine changes both, so they take turns: in every round each
runs once, the order changing from round to round, and the ratio is taken within the round. The table gives the median
of the rounds and, in brackets, the least and the greatest, and a line below it says if other work took part of the
machine (--patience waits until there is none before each run). Apus is run as
  apus bench train-step --config A --steps N --json
which prints one JSON object with tokensPerSecond, stepSeconds and peakResidentBytes.
"""
import argparse
import glob
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MALLOCS = ("/usr/lib/*/libtcmalloc_minimal.so.4", "/usr/lib64/libtcmalloc_minimal.so.4",
           "/usr/lib/libtcmalloc_minimal.so.4", "/usr/lib/*/libtcmalloc.so.4")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", nargs="+", default=["A", "B", "C"], choices=["A", "B", "C"])
    parser.add_argument("--modes", nargs="+", default=["compile"], choices=["compile", "amp", "fp32"],
                        help="of the peer (default: compile)")
    parser.add_argument("--attention", default="faster", choices=["faster", "sdpa", "eager"], help="of the peer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="measured steps of each run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--apus", default=".build/release/apus", help="the executable")
    parser.add_argument("--apus-arguments", default="", help="more arguments for `apus bench train-step`")
    parser.add_argument("--python", help="the peer's interpreter")
    parser.add_argument("--no-tcmalloc", action="store_true", help="leave the peer its stock allocator")
    parser.add_argument("--peer-only", action="store_true", help="measure the peer alone")
    parser.add_argument("--timeout", type=float, default=1200, help="seconds that one run may take")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS",
                        help="wait up to so long before each run until the machine is idle (default 0)")
    parser.add_argument("--json", metavar="FILE", help="also write every single result there")
    return parser.parse_args()


def interpreter(given):
    if given.python:
        return given.python
    if os.environ.get("APUS_PEERS"):
        return os.path.join(os.environ["APUS_PEERS"], "bin", "python")
    return "python3"


def tcmalloc():
    return next((path for pattern in MALLOCS for path in sorted(glob.glob(pattern))), None)


def processor_seconds():
    """Seconds that all processors together have worked since the start of the machine; 0 where that is not told."""
    if not os.path.exists("/proc/stat"):
        return 0.0
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupt, soft, *rest = map(int, file.readline().split()[1:])
    return (user + nice + system + interrupt + soft + sum(rest[:1])) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet(patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        before = processor_seconds()
        time.sleep(5)
        if processor_seconds() - before < 0.5:
            return


def last_object(given, command, environment):
    """Runs a command and returns the last JSON object that it printed, with what others took of the machine."""
    wait_for_quiet(given.patience)
    shown = " ".join(shlex.quote(word) for word in command)
    begin, all_before, own_before = time.monotonic(), processor_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(command, env=environment, timeout=given.timeout, stdout=subprocess.PIPE, text=True)
    except FileNotFoundError:
        sys.exit(f"{command[0]} does not exist; see --help for how to build or name it")
    except subprocess.TimeoutExpired:
        sys.exit(f"{shown} did not end within {given.timeout:.0f} s; give fewer --steps or a longer --timeout")
    if done.returncode != 0:
        sys.exit(f"{shown} ended with status {done.returncode}")
    elapsed, own_after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    own = own_after.ru_utime + own_after.ru_stime - own_before.ru_utime - own_before.ru_stime
    others = min(max(0.0, processor_seconds() - all_before - own) / elapsed, os.cpu_count())
    text = done.stdout.strip()
    for candidate in (text, text.splitlines()[-1] if text else ""):
        try:
            result = json.loads(candidate)
            break
        except ValueError:
            continue
    else:
        sys.exit(f"{shown} printed no JSON object last")
    result["processorsTakenByOthers"] = round(others, 2)
    print(f"  {result['tokensPerSecond']:9.1f} tok/s   others took {others:4.2f} processors   {shown}",
          file=sys.stderr, flush=True)
    return result


def run_apus(given, config):
    environment = dict(os.environ, OMP_NUM_THREADS=str(given.threads))
    command = [given.apus, "bench", "train-step", "--config", config, "--steps", str(given.steps), "--json"]
    return last_object(given, command + shlex.split(given.apus_arguments), environment)


def run_peer(given, config, mode, attention, steps=None):
    environment = dict(os.environ, OMP_NUM_THREADS=str(given.threads))
    library = None if given.no_tcmalloc else tcmalloc()
    if library:
        environment["LD_PRELOAD"] = ":".join(filter(None, [library, environment.get("LD_PRELOAD")]))
    command = [interpreter(given), os.path.join(HERE, "peers", "train_torch.py"), "--config", config, "--mode", mode,
               "--attention", attention, "--steps", str(steps or given.steps), "--threads", str(given.threads)]
    return last_object(given, command, environment)


def faster_attention(given, config, mode):
    if given.attention != "faster":
        return given.attention
    print(f"  {config} {mode}: which attention is faster", file=sys.stderr)
    speed = {name: run_peer(given, config, mode, name, 3)["tokensPerSecond"] for name in ("sdpa", "eager")}
    return max(speed, key=speed.get)


def spread(values, digits=0):
    low, high = min(values), max(values)
    text = f"{statistics.median(values):,.{digits}f}"
    return text if len(values) == 1 else f"{text} ({low:,.{digits}f}–{high:,.{digits}f})"


def gibibytes(results):
    return statistics.median(result["peakResidentBytes"] for result in results) / 2**30


def machine():
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        units = [flag for flag in ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
                 if flag in fields.get("flags", "").split()]
        name = f"{fields.get('model name', name)} (family {fields.get('cpu family', '?')}, " \
               f"model {fields.get('model', '?')}, {', '.join(units) or 'no vector units known'})"
    return f"{name}, {os.cpu_count()} threads"


def measure(given, config, mode):
    """A row of the table, and everything measured."""
    attention = faster_attention(given, config, mode)
    ours, theirs = [], []
    for number in range(given.rounds):
        print(f"  {config} {mode}: round {number + 1} of {given.rounds}", file=sys.stderr)
        turns = ["peer"] if given.peer_only else ["apus", "peer"] if number % 2 == 0 else ["peer", "apus"]
        for who in turns:
            if who == "apus":
                ours.append(run_apus(given, config))
            else:
                theirs.append(run_peer(given, config, mode, attention))
    speed = spread([result["tokensPerSecond"] for result in theirs])
    rate = statistics.median(result["modelGigaflopsPerSecond"] for result in theirs) / 1000
    peer = f"{mode}, {attention}" + (", tcmalloc" if theirs[0]["preload"] else "")
    first = statistics.median(result["firstStepSeconds"] for result in theirs)
    row = [config, peer, f"{speed} [{rate:.2f} TFLOP/s]", f"{first:.0f} s", f"{gibibytes(theirs):.1f} GiB"]
    if ours:
        ratios = [mine["tokensPerSecond"] / other["tokensPerSecond"] for mine, other in zip(ours, theirs)]
        row += [spread([result["tokensPerSecond"] for result in ours]), f"{gibibytes(ours):.1f} GiB",
                f"**{spread(ratios, 2)}**"]
    return row, {"config": config, "mode": mode, "attention": attention, "apus": ours, "peer": theirs}


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
    for line in [head, ["---"] * len(head)] + rows:
        print("| " + " | ".join(line) + " |")
    others = [run["processorsTakenByOthers"] for results in everything for run in results["apus"] + results["peer"]]
    if max(others) > 0.1:
        print(f"\nOther work took up to {max(others):.2f} processors during a run: repeat this on a quiet machine.")
    if not given.no_tcmalloc and tcmalloc() is None:
        print("\ntcmalloc is not installed, so PyTorch ran below its best.")
    if given.json:
        with open(given.json, "w") as file:
            json.dump(everything, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
