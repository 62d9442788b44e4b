"""What the benchmarks share: running two programs in turns, and saying what else the machine did meanwhile."""
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


def add_arguments(parser, rounds=3):
    """The options that every benchmark has."""
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--apus", default=".build/release/apus", help="the executable")
    parser.add_argument("--python", help="the peer's interpreter")
    parser.add_argument("--timeout", type=float, default=1200, help="seconds that one run may take")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS",
                        help="wait up to so long before each run until the machine is idle (default 0)")
    parser.add_argument("--json", metavar="FILE", help="also write every single result there")


def in_turns(given, ours, theirs):
    """Calls both once a round, the order changing from round to round; their results, round by round."""
    mine, others = [], []
    for number in range(given.rounds):
        print(f"  round {number + 1} of {given.rounds}", file=sys.stderr)
        for turn in (0, 1) if number % 2 == 0 else (1, 0):
            if turn == 0:
                mine.append(ours())
            else:
                others.append(theirs())
    return mine, others


def print_table(head, rows, results):
    """A Markdown table, and a warning if other work took part of the machine during one of the results' runs."""
    for line in [head, ["---"] * len(head)] + rows:
        print("| " + " | ".join(line) + " |")
    others = [result["processorsTakenByOthers"] for result in results]
    if max(others) > 0.1:
        print(f"\nOther work took up to {max(others):.2f} processors during a run: repeat this on a quiet machine.")


def write_json(given, everything):
    if given.json:
        with open(given.json, "w") as file:
            json.dump(everything, file, indent=1)
            file.write("\n")


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
    speed = f"{result['tokensPerSecond']:9.1f} tok/s   " if "tokensPerSecond" in result else ""
    print(f"  {speed}{elapsed:6.1f} s   others took {others:4.2f} processors   {shown}", file=sys.stderr, flush=True)
    return result


def spread(values, digits=0):
    low, high = min(values), max(values)
    text = f"{statistics.median(values):,.{digits}f}"
    return text if len(values) == 1 else f"{text} ({low:,.{digits}f}–{high:,.{digits}f})"


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
