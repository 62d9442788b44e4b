#!/usr/bin/env python3
"""Checks `apus evaluate score` against lm-evaluation-harness: the same verdict on thousands of generated answers.

Needs lm_eval 0.4.13 and evaluate (the peers' environment, scripts/golden/README.md); minerva_math's equality also needs
sympy, antlr4-python3-runtime 4.11 and math_verify, without which only its normalisation of texts is compared.
  "$APUS_PEERS/bin/python" scripts/check/answer_scoring.py [APUS] [--gsm8k FILE] [--math FILE] [--trivia FILE]

FILEs are JSON lines of real rows (answer; solution; answer.aliases), from which answers are made by fixed rules and
random edits (seed 1).
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from lm_eval.api.metrics import exact_match_hf_evaluate
from lm_eval.filters.extraction import RegexFilter


def module(path, head_only=False):
    """A module of lm_eval's tasks; `head_only` leaves out imports that are not installed."""
    import lm_eval
    path = os.path.join(os.path.dirname(lm_eval.__file__), "tasks", path)
    text = open(path).read()
    if head_only:
        text = re.sub(r"^try:\n.*?^    \) from e\n", "", text, flags=re.S | re.M)
    space = {"__name__": "reference"}
    exec(compile(text, path, "exec"), space)
    return space


HENDRYCKS = module("hendrycks_math/utils.py")
try:
    MINERVA, HAS_SYMPY = module("minerva_math/utils.py"), True
except Exception:
    MINERVA, HAS_SYMPY = module("minerva_math/utils.py", head_only=True), False
GSM_IGNORED = [",", "\\$", "(?s).*#### ", "\\.$"]


def gsm8k(question, completion):
    verdicts = {}
    for name, flt in (
        ("strict_match", RegexFilter("#### (\\-?[0-9\\.\\,]+)")),
        ("flexible_extract", RegexFilter("(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select=-1)),
    ):
        found = flt.apply([[completion]], [{}])[0][0]
        verdicts[name] = float(exact_match_hf_evaluate(
            predictions=[found], references=[question["answer"]], regexes_to_ignore=GSM_IGNORED, ignore_case=True)["exact_match"])
    return verdicts


def hendrycks(question, completion):
    return {"exact_match": HENDRYCKS["process_results"](question, [completion])["exact_match"]}


def minerva_text(question, completion):
    """Equality of the normalised texts alone: what the harness decides before it asks sympy."""
    gold = MINERVA["normalize_final_answer"](MINERVA["remove_boxed"](MINERVA["last_boxed_only_string"](question["solution"])))
    answer = MINERVA["normalize_final_answer"](MINERVA["get_unnormalized_answer"](completion))
    return answer, gold, bool(MINERVA["is_equiv"](answer, gold)) if HAS_SYMPY else answer == gold


def trivia(question, completion):
    return {"exact_match": max(float(exact_match_hf_evaluate(
        predictions=[completion.strip()], references=[alias], ignore_case=True, ignore_punctuation=True)["exact_match"])
        for alias in question["answer"]["aliases"])}


def edits(text, draw):
    """Small harm and help, as models do it."""
    makers = [
        lambda t: t, lambda t: t + ".", lambda t: "$" + t, lambda t: t + " dollars", lambda t: "-" + t, lambda t: t + ".0",
        lambda t: t + "\n", lambda t: " " + t, lambda t: t + "%", lambda t: t.replace(".", ","), lambda t: t + ",",
        lambda t: t[:-1], lambda t: t + t, lambda t: "", lambda t: t.upper(), lambda t: "The " + t, lambda t: t + "!",
        lambda t: re.sub(r"(\d)(\d{3})$", r"\1,\2", t), lambda t: "x = " + t, lambda t: t.replace("frac", "dfrac"),
        lambda t: "\\left" + t + "\\right", lambda t: t.replace("\\frac{", "\\frac"), lambda t: t + "\\text{ cm}",
        lambda t: t.replace("\\sqrt{", "\\sqrt"), lambda t: t + "^\\circ", lambda t: t.replace(" ", ""), lambda t: t + "\\%",
        lambda t: t.replace("{", "{ "), lambda t: t + "/2", lambda t: "\\text{" + t + "}", lambda t: t + " units",
        lambda t: "." + t, lambda t: t + "\\frac", lambda t: t.replace("0.", "."), lambda t: "\\$" + t, lambda t: t + "\u00e9",
    ]
    for _ in range(draw.choice([0, 1, 1, 2, 3])):
        text = draw.choice(makers)(text)
    return text


def boxed(solution):
    found = HENDRYCKS["last_boxed_only_string"](solution)
    return HENDRYCKS["remove_boxed"](found) if found else ""


def generated(kind, rows, draw, count):
    for _ in range(count):
        row = draw.choice(rows)
        other = draw.choice(rows)
        if kind == "gsm8k":
            gold = row["answer"].split("#### ")[-1]
            answer = edits(draw.choice([gold, gold, gold, other["answer"].split("#### ")[-1]]), draw)
            form = draw.choice([
                "{}", "#### {}", "Some steps: 3 * 4 = 12.\n#### {}", "The answer is {}.", "So it is ${} in all.", "#### {}\n#### 7",
                "####{}", "#### about {}", "{} apples - 2", "No digits here", "#### -{}", "It costs $ {} . Or $.", "-{}-", "#### \n{}"])
            text = form.format(answer)
        elif kind in ("hendrycks_math", "minerva_math"):
            gold = boxed(row["solution"])
            answer = edits(draw.choice([gold, gold, gold, boxed(other["solution"])]), draw)
            form = draw.choice([
                "{}", "${}$", "We get $1$ and so ${}$.", "The answer is $\\boxed{{{}}}$.", "$${}$$",
                "Final Answer: The final answer is ${}$. I hope it is correct.", "Final Answer: The final answer is {}. I hope it is correct.\n",
                "Final Answer: The final answer is $x={}$. I hope it is correct.", "Final Answer: The final answer is ${}$.",
                "Thus.\nFinal Answer: The final answer is \\boxed{{{}}}. I hope it is correct.\n\nProblem"])
            text = form.format(answer)
        else:
            aliases = row["answer"]["aliases"]
            text = edits(draw.choice(aliases + other["answer"]["aliases"][:1]), draw)
        yield row, text


def scored(apus, task, samples):
    with tempfile.TemporaryDirectory() as folder:
        given, out = os.path.join(folder, "given.jsonl"), os.path.join(folder, "out.jsonl")
        with open(given, "w") as file:
            for i, (row, text) in enumerate(samples):
                # Lines of their own: rows repeat.
                file.write(json.dumps({**{k: v for k, v in row.items() if k not in ("id", "index", "task_id")}, "index": i, "completion": text}) + "\n")
        subprocess.run([apus, "evaluate", "score", given, "--task", task, "--key", "index", "--scores", out], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [json.loads(line) for line in open(out)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apus", nargs="?", default=".build/release/apus")
    parser.add_argument("--gsm8k")
    parser.add_argument("--math")
    parser.add_argument("--trivia")
    parser.add_argument("--count", type=int, default=4000)
    arguments = parser.parse_args()
    bad = 0
    for task, path, reference in (
        ("gsm8k", arguments.gsm8k, gsm8k), ("hendrycks_math", arguments.math, hendrycks),
        ("minerva_math", arguments.math, None), ("triviaqa", arguments.trivia, trivia),
    ):
        if not path:
            continue
        rows = [json.loads(line) for line in open(path)]
        if "math" in task:
            rows = [row for row in rows if boxed(row["solution"])]
        draw = random.Random(1)
        samples = list(generated(task, rows, draw, arguments.count))
        ours = scored(arguments.apus, task, samples)
        right = differ = formula = 0
        for (row, text), result in zip(samples, ours):
            if reference:
                expected = reference(row, text)
                same = all(result[name] == value for name, value in expected.items())
                right += max(expected.values())
            else:
                answer, gold, equal = minerva_text(row, text)
                right += equal
                # Sympy parses LaTeX by guessing, so single cases may go either way; each is shown.
                if result["exact_match"] != float(equal):
                    formula += 1
                    print(f"  {task}: {answer!r} and {gold!r}: {'equal' if equal else 'not equal'} by the reference alone")
                same = result["exact_match"] >= float(answer == gold) and result.get("answer") in (answer, None)
                expected = (answer, gold)
            if not same:
                differ += 1
                if differ <= 8:
                    print(f"  {task}: {text!r}: reference {expected}, ours {result}")
        print(f"{task}: {len(samples)} answers, {right:.0f} right by the reference, {differ} verdicts differ"
              + (f", {formula} equalities of formulas differ" if not reference else ""))
        bad += differ
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
