"""Do Apus and lm-evaluation-harness say the same of the same questions?

    evaluation_parity.py --apus PROGRAM --model FOLDER --data FOLDER --reference FOLDER [--tasks a,b] [--limit 1000]

Runs `apus evaluate` in float32 with the harness's prompts and compares each question's contexts, choices and
log-probabilities with those of the harness, which are made first where --reference does not have them
(evaluation_reference.py; the same Python must have lm-eval 0.4.13). For each task it prints the largest difference of a
log-probability and both accuracies.
Exit status 1 if a text differs, a log-probability differs by more than 1e-3, or the two decide otherwise on a question
whose best two scores lie further apart than 2e-3; all questions decided otherwise are listed.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

TASKS = ["hellaswag", "arc_easy", "arc_challenge", "piqa", "openbookqa", "winogrande", "commonsense_qa"]
TOLERANCE = 1e-3
NEAR = 2e-3


def reference(arguments, task):
    """The harness's records of a task, computed where they are missing."""
    path = os.path.join(arguments.reference, task + ".jsonl")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evaluation_reference.py")
    subprocess.run(
        [sys.executable, script, "--model", arguments.model, "--data", arguments.data, "--output", arguments.reference,
         "--tasks", task, "--limit", str(arguments.limit)], check=True, stdout=sys.stderr)
    return [json.loads(line) for line in open(path, encoding="utf-8")][:arguments.limit]


def margin(scores):
    """How far the best lies before the second."""
    best = sorted(scores, reverse=True)
    return best[0] - best[1]


def compare(task, records, details):
    """Prints how the two agree on a task; true if they do."""
    problems, otherwise = [], []
    largest = 0.0
    if len(details) != len(records):
        problems.append(f"{len(details)} questions, the harness has {len(records)}")
    for number, (record, detail) in enumerate(zip(records, details)):
        doc, response = detail["doc"], detail["model_response"]
        contexts = doc["contexts"] or [doc["query"]] * len(doc["choices"])
        asked = [list(pair) for pair in zip(contexts, doc["choices"])]
        if asked != record["requests"]:
            problems.append(f"question {number} differs: {asked} and {record['requests']}")
            continue
        own = response["logprobs"]
        theirs = [result[0] for result in record["results"]]
        difference = max(abs(a - b) for a, b in zip(own, theirs))
        largest = max(largest, difference)
        if difference > TOLERANCE:
            problems.append(f"question {number}: log-probabilities differ by {difference:.2e}")
        for a, (_, greedy), mine in zip(own, record["results"], response["argmax_logits_eq_gold"]):
            if greedy != mine and abs(a) > NEAR:
                problems.append(f"question {number}: greedy {mine}, the harness says {greedy}")
        for metric, value in record["metrics"].items():
            if detail["metric"].get(metric) == value:
                continue
            # What the harness counts: characters without the space before them.
            lengths = [len(choice) - 1 for choice in doc["choices"]] if metric == "acc_norm" else [1] * len(own)
            gap = margin([score / length for score, length in zip(theirs, lengths)])
            otherwise.append(f"question {number}, {metric}: best two {gap:.1e} apart")
            if gap > NEAR:
                problems.append(otherwise[-1])
    metrics = records[0]["metrics"] if records else {}
    shares = ", ".join(
        f"{m} {100 * sum(d['metric'][m] for d in details) / len(details):.2f} "
        f"(harness {100 * sum(r['metrics'][m] for r in records) / len(records):.2f})" for m in metrics)
    print(f"{task}: {len(records)} questions, largest difference {largest:.1e}; {shares}")
    for line in otherwise:
        print(f"  decided otherwise: {line}")
    for line in problems[:20]:
        print(f"  WRONG: {line}")
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("apus", "model", "data", "reference"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--limit", type=int, default=1000)
    arguments = parser.parse_args()
    tasks = arguments.tasks.split(",")
    records = {task: reference(arguments, task) for task in tasks}
    good = True
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [arguments.apus, "evaluate", arguments.model, "--tasks", ",".join(tasks), "--variant", "lm-eval",
             "--limit", str(arguments.limit), "--compute", "f32", "--data", arguments.data, "--output", folder,
             "--details", "jsonl"],
            check=True, stdout=subprocess.DEVNULL)
        for task in tasks:
            path = glob.glob(f"{folder}/details/*/*/details_{task}_lm-eval_*.jsonl")[0]
            good &= compare(task, records[task], [json.loads(line) for line in open(path, encoding="utf-8")])
    sys.exit(0 if good else 1)


main()
