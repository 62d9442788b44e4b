"""Log-likelihoods of lm-evaluation-harness on local files, kept for comparison with Apus.

    evaluation_reference.py --model FOLDER --data FOLDER --output FOLDER [--tasks a,b] [--limit 1000]

The harness's own tasks (0-shot) are pointed at the files under --data, which has the layout of the Hugging Face
datasets; ARC and OpenBookQA ask their validation split where the test split is missing. Each task becomes one file of
JSON lines, a question each: {"requests": [[context, continuation], …], "results": [[log-probability, greedy], …],
"metrics": {…}}. Questions that are in the file already are not computed again, so an interrupted run goes on.

Weights and activations are float32, the softmax over the vocabulary float64 (the harness's softmax_dtype): in float32
its sums over a hundred tokens are off by 1e-3 themselves.

Needs lm-eval 0.4.13 with torch and transformers; runs on one thread unless OMP_NUM_THREADS says otherwise.
"""
import argparse
import json
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# The harness's name of a task: where its data stand.
TASKS = {
    "hellaswag": ["Rowan/hellaswag/data", "hellaswag/none", "hellaswag"],
    "arc_easy": ["allenai/ai2_arc/ARC-Easy", "ai2_arc/ARC-Easy"],
    "arc_challenge": ["allenai/ai2_arc/ARC-Challenge", "ai2_arc/ARC-Challenge"],
    "piqa": ["baber/piqa", "ybisk/piqa/plain_text", "piqa/plain_text"],
    "openbookqa": ["allenai/openbookqa/main", "openbookqa/main"],
    "winogrande": ["allenai/winogrande/winogrande_xl", "winogrande/winogrande_xl"],
    "commonsense_qa": ["tau/commonsense_qa/data", "tau/commonsense_qa/none"],
}


def local_rows(root, folders, split):
    import datasets

    for folder in folders:
        path = os.path.join(root, folder)
        names = sorted(os.listdir(path)) if os.path.isdir(path) else []
        for ending in (".parquet", ".jsonl"):
            files = [os.path.join(path, n) for n in names if n.startswith(split) and n.endswith(ending)]
            if files:
                read = datasets.Dataset.from_parquet if ending == ".parquet" else datasets.Dataset.from_json
                return read(files)
    return None


def harness_task(name, root):
    """The harness's own task over local files."""
    import datasets
    from lm_eval.api import task as task_module
    from lm_eval.tasks import TaskManager, get_task_dict

    splits = {s: local_rows(root, TASKS[name], s) for s in ("train", "validation", "test")}
    asked = splits["test"] if splits["test"] is not None else splits["validation"]
    if asked is None:
        sys.exit(f"{name}: no rows under {root} in {', '.join(TASKS[name])}")
    # 0-shot never reads train, but the harness wants it to be there.
    splits = {s: rows if rows is not None else asked for s, rows in splits.items()}
    task_module.datasets.load_dataset = lambda *args, **kwargs: datasets.DatasetDict(splits)
    return get_task_dict([name], TaskManager())[name]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=8)
    arguments = parser.parse_args()
    from lm_eval.models.huggingface import HFLM

    os.makedirs(arguments.output, exist_ok=True)
    model = None
    for name in arguments.tasks.split(","):
        task = harness_task(name, arguments.data)
        task.build_all_requests(limit=arguments.limit, rank=0, world_size=1)
        questions = {}
        for instance in task.instances:
            questions.setdefault(instance.doc_id, []).append(instance)
        path = os.path.join(arguments.output, name + ".jsonl")
        lines = open(path).read().split("\n")[:-1] if os.path.exists(path) else []
        with open(path, "w") as output:
            output.writelines(line + "\n" for line in lines)
            rest = list(questions.values())[len(lines):]
            for start in range(0, len(rest), 25):
                part = rest[start:start + 25]
                model = model or HFLM(
                    pretrained=arguments.model, dtype="float32", device="cpu", batch_size=arguments.batch,
                    softmax_dtype="float64")
                results = iter(model.loglikelihood([i for q in part for i in q], disable_tqdm=True))
                for question in part:
                    own = [next(results) for _ in question]
                    metrics = task.process_results(question[0].doc, own)
                    record = {"requests": [i.args[:2] for i in question], "results": own,
                              "metrics": {k: float(v) for k, v in metrics.items()}}
                    output.write(json.dumps(record, ensure_ascii=False) + "\n")
                output.flush()
                print(f"{name}: {len(lines) + min(start + 25, len(rest))} of {len(questions)}", flush=True)


if __name__ == "__main__":
    main()
