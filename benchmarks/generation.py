#!/usr/bin/env python3
"""Measures reading prompts and writing tokens against llama.cpp on this machine, and prints a Markdown table.

  swift build -c release --product apus
  pip install llama-cpp-python==0.3.36     # into the interpreter that --python names
  apus convert MODEL model-bf16.gguf --dtype bf16; apus convert MODEL model-q8_0.gguf --dtype q8_0
  python3 benchmarks/generation.py MODEL --bf16 model-bf16.gguf --q8 model-q8_0.gguf --python …/bin/python

Both read the same number of random tokens at once and then write others one by one, with the same threads; the two
take turns. The bound is what a streaming read of 1 GiB by as many threads allows, measured in Apus's own runs.
"""
import argparse
import os

from turns import HERE, add_arguments, in_turns, interpreter, last_object, machine, print_table, spread, write_json


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model's folder, for Apus")
    parser.add_argument("--bf16", help="the same model as a GGUF file in BF16, for llama.cpp")
    parser.add_argument("--q8", help="the same in Q8_0")
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=128)
    add_arguments(parser)
    given = parser.parse_args()
    if not (given.bf16 or given.q8):
        parser.error("give --bf16, --q8 or both")
    environment = dict(os.environ, APUS_THREADS=str(given.threads))
    sizes = ["--prompt-tokens", str(given.prompt_tokens), "--tokens", str(given.tokens)]
    rows, everything = [], {}
    for name, file, weights in [("BF16", given.bf16, "compute"), ("Q8_0", given.q8, "q8_0")]:
        if not file:
            continue
        ours, theirs = in_turns(
            given,
            lambda: last_object(given, [given.apus, "bench", "generate", given.model, "--weights", weights, "--json"]
                                + sizes, environment),
            lambda: last_object(given, [interpreter(given), os.path.join(HERE, "peers", "generation_llama.py"), file,
                                        "--threads", str(given.threads)] + sizes, environment))
        everything[name] = {"apus": ours, "peer": theirs}
        for what, key in [("prompt", "prompt_tokens_per_second"), ("writing", "written_tokens_per_second")]:
            mine, other = [run[key] for run in ours], [run[key] for run in theirs]
            bound = [run[key] / run["bound_tokens_per_second"] for run in ours] if what == "writing" else []
            rows.append([name, what, spread(other), spread(mine),
                         f"**{spread([a / b for a, b in zip(mine, other)], 2)}**",
                         f"{spread([100 * share for share in bound])} %" if bound else ""])
    runs = [run for both in everything.values() for side in both.values() for run in side]
    print(f"{machine()}; {given.threads} threads used; llama-cpp-python {runs[-1]['version']}; {given.rounds} rounds.\n")
    print_table(["weights", "", "llama.cpp, tok/s", "Apus, tok/s", "Apus / llama.cpp", "of the memory's bound"], rows,
                runs)
    write_json(given, everything)


if __name__ == "__main__":
    main()
