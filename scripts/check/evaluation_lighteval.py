"""Questions as lighteval builds them, for evaluation_prompts.py: its templates with the adapters of the SmolLM3
evaluation (huggingface/smollm, text/evaluation/smollm3/tasks.py), over files on this machine. lighteval 0.13.

Tasks that the evaluation has not: SciQ, COPA and QASC are asked with the same templates.
"""
import json
import os

from lighteval.tasks.lighteval_task import LightevalTask, LightevalTaskConfig
from lighteval.tasks.multilingual.adapters import winogrand_adapter
from lighteval.tasks.prompt_manager import PromptManager
from lighteval.tasks.requests import Doc
from lighteval.tasks.tasks.gsm8k import gsm8k_prompt
from lighteval.tasks.tasks.triviaqa import triviaqa_prompt
from lighteval.tasks.templates.boolq import get_boolq_prompt_function
from lighteval.tasks.templates.continuation import get_continuation_prompt_function
from lighteval.tasks.templates.copa import get_copa_prompt_function
from lighteval.tasks.templates.hellaswag import get_hellaswag_prompt_function
from lighteval.tasks.templates.multichoice import get_mcq_prompt_function
from lighteval.tasks.templates.utils.formulation import CFFormulation, MCFFormulation
from lighteval.utils.language import Language

ENGLISH = Language.ENGLISH


def label_index(line):
    return line["choices"]["label"].index(line["answerKey"].strip())


def listed(line):
    return {"question": line.get("question") or line["question_stem"], "choices": line["choices"]["text"],
            "gold_idx": label_index(line)}


def math_prompt(line, task_name=None):
    query = f"{line['problem']}\nPlease reason step by step, and put your final answer within \\boxed{{}}."
    return Doc(task_name=task_name, query=query, choices=[f" {line['solution']}"], gold_index=0)


QUESTIONS = {
    "arc_challenge": listed,
    "arc_easy": listed,
    "commonsense_qa": listed,
    "openbookqa": listed,
    "piqa": lambda line: {"question": line["goal"], "choices": [line["sol1"], line["sol2"]],
                          "gold_idx": int(line["label"])},
    "social_iqa": lambda line: {"question": line["question"], "context": line["context"],
                                "choices": [line["answerA"], line["answerB"], line["answerC"]],
                                "gold_idx": int(line["label"]) - 1},
    "sciq": lambda line: {"question": line["question"], "context": line["support"],
                          "choices": [line["distractor1"], line["distractor2"], line["distractor3"],
                                      line["correct_answer"]], "gold_idx": 3},
    "mmlu": lambda line: {"question": line["question"], "choices": line["choices"], "gold_idx": int(line["answer"])},
}


def prompt_function(task, letters):
    """lighteval's prompt function of a task and its keys; None where it has none."""
    formulation = MCFFormulation() if letters else CFFormulation()
    family = "mmlu" if task.startswith("mmlu_") else "math" if task.startswith("math_") else task
    if family in QUESTIONS:
        return get_mcq_prompt_function(ENGLISH, QUESTIONS[family], formulation=formulation), {}
    if family == "boolq":
        adapter = lambda line: {"question": line["question"], "answer": line["answer"], "context": line["passage"]}
        return get_boolq_prompt_function(ENGLISH, adapter, formulation=formulation), {}
    if family == "hellaswag":
        adapter = lambda line: {"activity_label": line["activity_label"], "ctx_a": line["ctx_a"],
                                "ctx_b": line["ctx_b"], "continuations": line["endings"],
                                "gold_idx": int(line["label"])}
        return get_hellaswag_prompt_function(ENGLISH, adapter, formulation=formulation), {}
    if family == "winogrande":
        return get_continuation_prompt_function(
            ENGLISH, lambda line: winogrand_adapter(ENGLISH, line), formulation=formulation), {}
    if family == "copa":
        adapter = lambda line: {"context": line["premise"], "cause_effect": line["question"],
                                "continuations": [line["choice1"], line["choice2"]], "gold_idx": int(line["label"])}
        return get_copa_prompt_function(ENGLISH, adapter, formulation=formulation), {}
    sampled = {"few_shots_select": "random_sampling_from_train"}
    if family == "triviaqa":
        return triviaqa_prompt, {**sampled, "stop_sequence": ["\n"], "generation_size": 256}
    if family == "gsm8k":
        return gsm8k_prompt, {**sampled, "stop_sequence": ["Question:"], "generation_size": 256, "num_fewshots": 5}
    if family == "math":
        return math_prompt, {**sampled, "stop_sequence": ["\n"], "generation_size": 4096, "num_fewshots": 4}
    return None


def questions(letters):
    """A function of options, folder, task and number of examples (None: the task's own) that gives the questions in the
    order of the file."""

    def build(options, folder, task, shots):
        rows = {}
        for split in ("train", "validation", "test", "dev"):
            path = f"{folder}/{split}.jsonl"
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    rows[split] = [json.loads(line) for line in file]
        function, keys = prompt_function(task, letters)
        keys = {**keys, "num_fewshots": keys.get("num_fewshots", 0) if shots is None else shots}
        config = LightevalTaskConfig(
            name=task, prompt_function=function, hf_repo="", hf_subset="", metrics=[],
            evaluation_splits=["test" if "test" in rows else "validation"], hf_avail_splits=list(rows),
            few_shots_split="dev" if "dev" in rows else "train", **keys)
        built = LightevalTask(config)
        built.dataset = rows
        tokenizer = None
        if options.chat:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(options.chat)
        manager = PromptManager(use_chat_template=tokenizer is not None, tokenizer=tokenizer)
        result = []
        for doc in built.get_docs():
            # An empty instruction makes lighteval 0.13 begin a prompt with two newlines and cut white space; the version
            # of the SmolLM3 evaluation (2788496) writes nothing.
            for one in [doc] + doc.fewshot_samples:
                one.instruction = one.instruction or None
            number, prompt = int(doc.id), manager.prepare_prompt(doc)
            if options.limit is not None and number >= options.limit:
                continue
            if config.generation_size:
                result.append({"id": number, "prompt": prompt, "stop": list(doc.stop_sequences),
                               "max_tokens": doc.generation_size})
            else:
                gold = doc.gold_index[0] if isinstance(doc.gold_index, list) else doc.gold_index
                result.append({"id": number, "requests": [[prompt, choice] for choice in doc.choices], "gold": gold})
        return sorted(result, key=lambda question: question["id"])

    return build
