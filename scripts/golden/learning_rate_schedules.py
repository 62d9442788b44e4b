"""Golden learning rates. Python 3 standard library only, no packages.

An independent statement of the schedule that nanotron documents: for each case a list of [step, rate], with step 0
the first update. Usage: python3 scripts/golden/learning_rate_schedules.py > Tests/TrainingTests/Golden/schedules.json
"""
import json
from math import cos, pi, sqrt

SHAPES = {"linear": lambda x: 1 - x, "cosine": lambda x: 0.5 * (1 + cos(pi * x)), "1-sqrt": lambda x: 1 - sqrt(x)}


def rate(case, step):
    peak, low, warm = case["peak"], case["minimum"], case["warmup"]
    start, length = case["start"], case["length"]
    if warm == 0 and length == 0:
        return peak
    if step <= warm:
        return peak if case["warmup_style"] == "constant" else peak * (step / (warm or 1))
    if step < start:
        return peak
    if step >= start + length:
        return low
    return low + (peak - low) * SHAPES[case["decay_style"]]((step - start) / length)


cases = [
    dict(peak=5e-4, minimum=5e-5, warmup=2000, warmup_style="linear", decay_style="cosine", start=2000, length=18000),
    dict(peak=2e-4, minimum=0.0, warmup=2000, warmup_style="linear", decay_style="linear", start=4198001, length=522000),
    dict(peak=3e-3, minimum=0.0, warmup=10, warmup_style="linear", decay_style="1-sqrt", start=80, length=20),
    dict(peak=1e-3, minimum=1e-4, warmup=0, warmup_style="linear", decay_style="cosine", start=0, length=100),
    dict(peak=1e-3, minimum=1e-3, warmup=0, warmup_style="linear", decay_style="linear", start=0, length=0),
    dict(peak=1e-3, minimum=1e-5, warmup=50, warmup_style="constant", decay_style="linear", start=60, length=40),
    dict(peak=6e-4, minimum=6e-5, warmup=100, warmup_style="linear", decay_style="linear", start=100, length=0),
]
for case in cases:
    marks = [0, 1, case["warmup"], case["start"], case["start"] + case["length"]]
    steps = {m + d for m in marks for d in (-1, 0, 1)} | {case["start"] + case["length"] * k // 7 for k in range(8)}
    case["rates"] = [[step, rate(case, step)] for step in sorted(steps) if step >= 0]
print(json.dumps(cases, indent=1))
