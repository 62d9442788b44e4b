"""Writes Tests/CorporaTests/Golden/order.json: the loader's order, computed apart from its description.

Needs Python 3.11. Run from the root of the repository: python scripts/golden/loader_order.py
"""

import json
import math
import os
from fractions import Fraction

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def derive(seed, *words):
    state = mix((seed + GOLDEN) & MASK)
    for word in words:
        state = (mix(state ^ word) + GOLDEN) & MASK
    return mix(state)


def permute(position, count, key):
    rows = math.isqrt(count - 1) + 1
    columns = -(-count // rows)

    def bounded(half, step, size):
        inner = mix((half + key) & MASK)
        return mix((inner + (step + 1) * GOLDEN & MASK) & MASK ^ key) * size >> 64

    while True:
        row, column = divmod(position, columns)
        for step in range(0, 8, 2):
            row = (row + bounded(column, step, rows)) % rows
            column = (column + bounded(row, step + 1, columns)) % columns
        position = row * columns + column
        if position < count:
            return position


def locate(n):
    """Sources weighted 3 : 1; the lighter one is the left side of the only split."""
    left = lambda m: math.floor(Fraction(m, 4) + Fraction(1, 2))
    return (1, left(n)) if left(n + 1) > left(n) else (0, n - left(n))


seed, stage, windows = 42, 1, [1000, 37]
rows = []
for n in list(range(40)) + [10**6, 10**9, 10**12]:
    source, ordinal = locate(n)
    epoch, place = divmod(ordinal, windows[source])
    key = derive(seed, int.from_bytes(b"windows", "big"), stage, source, epoch)
    rows.append([n, source, epoch, permute(place, windows[source], key)])
with open(os.path.join("Tests", "CorporaTests", "Golden", "order.json"), "w") as file:
    json.dump(rows, file)
