"""Speed of `apus evaluate` beside lm-evaluation-harness on the same questions and weights.

    evaluation.py --apus PROGRAM --model FOLDER --data FOLDER [--tasks hellaswag,arc_easy] [--limit 200] [--rounds 3]

Both answer the same log-likelihood requests (the harness's prompts, 0-shot). The harness runs at every pair of a dtype
(float32, bfloat16) and a batch size (1, 8, 32); the fastest of each dtype is run again in alternation with Apus in f32
and bf16. A run's time is what it takes to score, without loading: the harness's is taken around its loglikelihood
call, that of Apus from the times of its results. Prints seconds, requests a second and the ratios.

Needs lm-eval 0.4.13, torch and transformers in the Python that runs this; APUS_THREADS and OMP_NUM_THREADS say how many
threads both take (2 unless set).
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

THREADS = os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("APUS_THREADS", THREADS)
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "check"))


def harness_seconds(model, instances):
    began = time.perf_counter()
    model.loglikelihood(instances, disable_tqdm=True)
    return time.perf_counter() - began


def apus_seconds(arguments, compute):
    """Seconds of scoring, from the begin and end that the results tell."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [arguments.apus, "evaluate", arguments.model, "--tasks", arguments.tasks, "--variant", "lm-eval", "--limit",
             str(arguments.limit), "--compute", compute, "--data", arguments.data, "--output", folder],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        general = json.load(open(glob.glob(f"{folder}/results/*/*.json")[0]))["config_general"]
        return general["end_time"] - general["start_time"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("apus", "model", "data"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--tasks", default="hellaswag,arc_easy")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", default="1,8,32")
    arguments = parser.parse_args()
    import torch
    from evaluation_reference import harness_task
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(int(THREADS))
    instances = []
    for name in arguments.tasks.split(","):
        task = harness_task(name, arguments.data)
        task.build_all_requests(limit=arguments.limit, rank=0, world_size=1)
        instances += task.instances
    best = {}
    for dtype in ("float32", "bfloat16"):
        for batch in map(int, arguments.batches.split(",")):
            model = HFLM(pretrained=arguments.model, dtype=dtype, device="cpu", batch_size=batch)
            harness_seconds(model, instances[:8])
            part = instances[:max(64, len(instances) // 8)]
            rate = len(part) / harness_seconds(model, part)
            print(f"harness {dtype}, batch {batch}: {rate:.2f} requests/s on {len(part)} of them", flush=True)
            if rate > best.get(dtype, (0,))[0]:
                best[dtype] = (rate, batch, model)
    times = {}
    for _ in range(arguments.rounds):
        for compute, dtype in (("f32", "float32"), ("bf16", "bfloat16")):
            times.setdefault("apus " + compute, []).append(apus_seconds(arguments, compute))
            times.setdefault("harness " + dtype, []).append(harness_seconds(best[dtype][2], instances))
            for name in ("apus " + compute, "harness " + dtype):
                seconds = times[name][-1]
                print(f"{name}: {seconds:.1f} s, {len(instances) / seconds:.1f} requests/s", flush=True)
    fastest = min(min(times["harness " + d]) for d in best)
    print(f"apus bf16 is {fastest / min(times['apus bf16']):.2f} times as fast as the harness at its best, "
          f"apus f32 {min(times['harness float32']) / min(times['apus f32']):.2f} times as the harness in float32")


main()
