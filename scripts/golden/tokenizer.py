#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Golden: small tokenizers made by `tokenizers`, texts, and the ids that it gives them.

Needs tokenizers==0.23.3 and tiktoken==0.14.0. Usage: python scripts/golden/tokenizer.py

* corpus.json: the documents on which the tokenizers were trained; written here by rules, so that nothing is copied.
* KIND.json for gpt2, llama3, qwen2, smollm2: tokenizer.json of the peer.
* added.json: llama3 with ordinary and special added tokens of every flag; old.json: gpt2 with merges as "a b".
* ranks.model: the llama3 vocabulary as ranks; ids by tiktoken.
* texts.json: {"texts": […], "ids": {KIND: [[…], …]}, "idsAsText": …}; the latter with special tokens as text.
* categories.json: how many scalars of each general category, white space, numeric, word, and a checksum.
"""
import base64
import json
import pathlib
import random
import unicodedata
import zlib

import tiktoken
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

assert tokenizers.__version__ == "0.23.3"
ROOT = pathlib.Path(__file__).parents[2]
OUT = ROOT / "Tests/TokenizationTests/Golden"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
rng = random.Random(7)


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(False)])


KINDS = {
    "gpt2": byte_level(True),
    "llama3": split(LLAMA3),
    "qwen2": split(LLAMA3.replace("{1,3}", "")),
    "smollm2": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]),
}


def corpus():
    people = "Anna Boris Chloé Dilnoza Ewa Farid Gül Hiro 李雷 محمد Ирина Σοφία".split()
    verbs = ["sees", "doesn't see", "has seen", "won't see", "counted", "they'll count", "I'm counting"]
    things = ["apples", "12 boats", "3,456 stars", "x = y + 1;", "Straßen", "море", "漢字の本", "كتاب", "🙂🙃", "νερό"]
    syllables = [a + b for a in ["k", "str", "m", "th", "l", "п", "字", "Q"] for b in ["a", "o", "ing", "é", "er", "и", "7"]]
    documents = []
    for _ in range(120):
        lines = []
        for _ in range(rng.randint(2, 9)):
            lines.append(f"{rng.choice(people)} {rng.choice(verbs)} {rng.choice(things)}, {rng.choice(things)}.")
            words = ["".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(rng.randint(1, 6))]
            lines.append(" ".join(words) + f" {rng.randint(0, 99999)}")
        documents.append(rng.choice(["\n", "\n\n", "  \n\t"]).join(lines))
    return documents


def texts():
    assigned = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    spaces = list(" \t\n\r\v\f\x1c\x85\xa0\u1680\u2000\u200b\u2028\u202f\u3000") + [" "] * 6 + ["\n"] * 4
    pieces = ["'s", "'T", "'Re", "'vE", "'m", "'LL", "'d", "'ſ", "''", "'x", "'", "a", "The", "été", "字", "م", "İ",
              "ſt", "_", "x̂", "1", "23", "4567", "²", "Ⅷ", "٣", "𝟘", "\U00011DE3", "\U00016FF5", "\U00011F52", ".",
              ",;", "(", "{}", "->", "<|endoftext|>", "<|endoftext", "🙂", "👩🏽‍🚀", "🇨🇭", "\ufeff", "\x00", "\x7f"]
    made = [
        "", " ", "\n", "a", "'", "Hello, world!", " leading and trailing  ", "tabs\t\tand\n\n\nlines\r\n\r\n  x",
        "def f(x):\n    return x ** 2  # squared\n\n\nfor i in range(10):\n\tprint(f(i))\n",
        "I'll say they've DON'T we're I'M o'clock 'tis ''s", "1234567 12,345.678 3.14159 ١٢٣٤٥ ⅧⅨ x²",
        "床前明月光，疑是地上霜。", "مرحبا بالعالم، كيف حالك؟", "हिन्दी में लिखा हुआ", "👩🏽‍🚀🧑‍🤝‍🧑🇨🇭 ok 🙂", "e\u0301 vs é, ﬁ, Å Å",
        "<|endoftext|>", "a<|endoftext|>b <|endoftext|> <|endoftext|", "before<tool>  after \n<tool>x</tool>",
        "wordcat cat cat. concat xcatx 9cat", "\u00a0x\u2003y\u3000z", "x" * 300 + " " * 70 + "7" * 50 + "\n" * 20,
    ]
    for _ in range(40):
        made.append("".join(rng.choice(spaces) if rng.random() < 0.35 else rng.choice(pieces) for _ in range(40)))
    for _ in range(12):
        made.append("".join(rng.choices(assigned, k=60)))
    return made


def write(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def categories():
    names = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cn Co".split()
    everything = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    table = bytearray([29]) * 0x110000
    counts = {"Cs": 2048}
    for index, name in enumerate(names):
        found = set()
        for piece, _ in pre_tokenizers.Split(Regex(r"\p{%s}" % name), "removed", invert=True).pre_tokenize_str(everything):
            found.update(piece)
        counts[name] = len(found)
        for c in found:
            table[ord(c)] = index
    white = {p for s, _ in pre_tokenizers.Split(Regex(r"\s"), "removed", invert=True).pre_tokenize_str(everything) for p in s}
    return {"counts": counts, "crc32": zlib.crc32(bytes(table)), "whitespace": sorted(map(ord, white))}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    documents, samples = corpus(), texts()
    write("corpus.json", documents)
    made = {}
    for kind, pre_tokenizer in KINDS.items():
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(documents, trainers.BpeTrainer(
            vocab_size=600, special_tokens=["<|endoftext|>", "<|pad|>"], show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        tokenizer.save(str(OUT / f"{kind}.json"))
        made[kind] = tokenizer

    old = json.loads((OUT / "gpt2.json").read_text())
    old["model"]["merges"] = [" ".join(pair) for pair in old["model"]["merges"]]
    del old["model"]["type"]
    write("old.json", old)
    made["old"] = Tokenizer.from_file(str(OUT / "old.json"))

    added = Tokenizer.from_file(str(OUT / "llama3.json"))
    added.add_tokens([
        AddedToken("cat", single_word=True), AddedToken("<tool>", lstrip=True, rstrip=True),
        AddedToken("</tool>", normalized=False), AddedToken("<to", normalized=False),
        AddedToken("字", single_word=True, normalized=False),
    ])
    added.add_special_tokens([AddedToken("<|end", special=True), AddedToken("👩🏽", lstrip=True, special=True)])
    added.post_processor = processors.TemplateProcessing(
        single="<|pad|> $A <|endoftext|>", special_tokens=[("<|pad|>", 1), ("<|endoftext|>", 0)])
    added.save(str(OUT / "added.json"))
    made["added"] = added

    ids, as_text = {}, {}
    for kind, tokenizer in made.items():
        ids[kind] = [tokenizer.encode(t, add_special_tokens=False).ids for t in samples]
        if kind not in ("llama3", "added"):
            continue
        tokenizer.encode_special_tokens = True
        as_text[kind] = [tokenizer.encode(t, add_special_tokens=False).ids for t in samples]
        tokenizer.encode_special_tokens = False

    characters = {}
    n = 0
    for b in range(256):
        if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b <= 255:
            characters[chr(b)] = b
        else:
            characters[chr(256 + n)] = b
            n += 1
    vocabulary = json.loads((OUT / "llama3.json").read_text())["model"]["vocab"]
    tokens = [bytes(characters[c] for c in t) for t, i in sorted(vocabulary.items(), key=lambda e: e[1]) if i > 1]
    ranks = {token: rank for rank, token in enumerate(tokens)}
    (OUT / "ranks.model").write_text("".join(f"{base64.b64encode(t).decode()} {r}\n" for t, r in ranks.items()))
    encoding = tiktoken.Encoding("golden", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={})
    as_text["ranks"] = [encoding.encode(t, disallowed_special=()) for t in samples]

    write("texts.json", {"texts": samples, "ids": ids, "idsAsText": as_text})
    write("categories.json", categories())


if __name__ == "__main__":
    main()
