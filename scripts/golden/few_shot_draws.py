"""Which rows lm-evaluation-harness and lighteval draw as examples: Tests/EvaluationTests/Golden/few_shot_draws.json.

Each case: a rule, the seed that is added to the harness' own, how many rows there are to take examples from, how many
questions, how many examples, and the rows before each question. lm_eval_validation: tasks without a test split, where a
row that is the question, which has the same number here, is passed over. Rows are answered "a<row % 5>", row 7 with
"b". Made by the harness' own ContextSampler and lighteval's own FewShotSampler.

    pip install lm-eval==0.4.13 lighteval==0.13.0, then: python scripts/golden/few_shot_draws.py
"""
import json
import os
import random

from lighteval.tasks.prompt_manager import FewShotSampler
from lighteval.tasks.requests import Doc
from lm_eval.api.samplers import ContextSampler

OUTPUT = os.path.join(os.path.dirname(__file__), "../../Tests/EvaluationTests/Golden/few_shot_draws.json")


def harness(seed, pool, asked, count, has_test=True):
    sampler = ContextSampler([{"row": row} for row in range(pool)], rnd=1234 + seed)
    return [[doc["row"] for doc in sampler.sample(count, eval_doc=None if has_test else {"row": question})]
            for question in range(asked)]


class Task:
    """As much of a lighteval task as its sampler looks at."""

    fewshot_split = "train"

    def __init__(self, pool, selection):
        self.pool, self.fewshot_selection = pool, selection

    def fewshot_docs(self):
        return [Doc(query=f"{row}", choices=["b" if row == 7 else f"a{row % 5}"], gold_index=0, id=f"{row}")
                for row in range(self.pool)]


def lighteval(selection, seed, pool, asked, count):
    sampler = FewShotSampler(Task(pool, selection))
    generator = random.Random(42 + seed)
    order = list(range(asked))
    generator.shuffle(order)
    rows = {}
    for question in order:
        docs = sampler.sample_fewshot_examples(count, seed if selection is None else 0, sampler=generator)
        rows[question] = [int(doc.id) for doc in docs]
    return [rows[question] for question in range(asked)]


def main():
    cases = []
    for seed, pool, asked, count in [(0, 1000, 4, 5), (0, 30, 6, 2), (3, 21, 3, 4), (0, 60, 3, 7), (0, 90, 2, 7),
                                     (2**35, 400, 3, 3)]:
        numbers = dict(seed=seed, pool=pool, asked=asked, count=count)
        cases.append(dict(rule="lm_eval", **numbers, examples=harness(seed, pool, asked, count)))
        rows = harness(seed, pool, asked, count, has_test=False)
        cases.append(dict(rule="lm_eval_validation", **numbers, examples=rows))
        rows = lighteval("random_sampling_from_train", seed, pool, asked, count)
        cases.append(dict(rule="lighteval", **numbers, examples=rows))
        # lighteval turns seeds into rotations and shuffles elsewhere; its balanced rule takes any.
        cases.append(dict(rule="lighteval_balanced", **numbers, examples=lighteval(None, seed, pool, asked, count)))
    with open(OUTPUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
