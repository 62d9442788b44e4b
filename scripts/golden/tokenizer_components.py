#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Golden/components.json: small tokenizers made by `tokenizers` that each try some of its
components, and what the library makes of odd texts.

Needs tokenizers==0.23.3. Usage: python scripts/golden/tokenizer_components.py [COUNT SEED OUT]
With arguments: COUNT random texts instead of the few that are kept, into OUT (for scripts/check/tokenizer_components.sh).

{"texts": […], "models": […], "cases": [{"name", "file": tokenizer.json with the number of its model, "ids": [[…], …],
"decoded": [text, …], "template": ids of "a" with what is put around it}, …]}
"""
import base64
import json
import pathlib
import random
import struct
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders as D, models, normalizers as N, pre_tokenizers as P
from tokenizers import processors, trainers

assert tokenizers.__version__ == "0.23.3"
OUT = pathlib.Path(__file__).parents[2] / "Tests/TokenizationTests/Golden/components.json"
CORPUS = OUT.parent / "corpus.json"
PATTERNS = {
    "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen35": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "tekken": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "possessive": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "grouped": r"(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\d{1,3}(?=(?:\d{3})*\b)|(?<name>[^\W\d_]+?)\B|[[:punct:]]+|(?>\s+)x|\S",
    "digits3": r"(?=(\d{3})+(?!\d))",
    "scripts": r"[\p{Han}\p{Hiragana}\p{Katakana}]+|\p{Latin}+|[\p{L}&&[^\p{Cyrillic}]]+|\P{L}+",
    "behind": r"(?<!a)b|(?<=\s)\w|^.|.$|\A\S|[^\x00-\x{7f}\u00e0-\u00ff]+|\x41|a{2,3}?|(ab|a)*c",
}
DEEPSEEK3 = [
    r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
DEEPSEEK_LLM = [
    r"[\r\n]", r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ]+", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$",
    r"[一-龥ࠀ-一가-퟿]+",
]


def charsmap():
    """A double array by hand: 'ﬁ' → 'fi', 'a' → 'b', a+U+0301 → 'á', NBSP → ' '."""
    entries = {"ﬁ": "fi", "a": "b", "a\u0301": "á", "\u00a0": " ", "Ａ": "A"}
    blob, values = b"", {}
    for key, text in entries.items():
        values[key.encode()] = len(blob)
        blob += text.encode() + b"\0"
    trie = {}
    for key, value in values.items():
        node = trie
        for byte in key:
            node = node.setdefault(byte, {})
        node[-1] = value
    units, used = {0: 0}, {0}

    def place(node, index):
        """Children of the unit at index go to index ^ offset ^ byte; a leaf to index ^ offset."""
        offset = 1
        labels = [b for b in node if b >= 0]
        while True:
            base = index ^ offset
            spots = [base ^ b for b in labels] + [base]
            if base and not used & set(spots) and all(s > 0 for s in spots):
                break
            offset += 1
        used.update(spots)
        units[index] = units.get(index, 0) | offset << 10 | (0x100 if -1 in node else 0)
        if -1 in node:
            units[base] = node[-1] | 1 << 31
        for b in labels:
            units[base ^ b] = b
            place(node[b], base ^ b)

    place(trie, 0)
    size = max(max(units), 255) + 257
    array = [units.get(i, 0) for i in range(size)]
    return struct.pack("<I", 4 * size) + struct.pack(f"<{size}I", *array) + blob


def texts(count, rng):
    assigned = [chr(c) for c in range(1, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    marks = [c for c in assigned if unicodedata.combining(c)]
    pieces = [
        "'s", "'T", "'Re", "'vE", "'LL", "'ſ", "a", "The", "THE", "été", "e\u0301", "a\u0301\u0323", "Việt", "字", "漢字", "ひらがな",
        "カタカナ", "ｶﾞ", "한글", "각", "م", "İ", "ẞ", "ﬁ", "Ａ", "ß", "ǅ", "море", "МОРЕ", "Σίσυφος", "_", "1", "23", "4567", "1234567",
        "²", "Ⅷ", "٣", ".", ",;", "(", "{}", "->", "//\n", "<s>", "</s>", "<unk>", "<tool>", "cat", "🙂", "👩🏽‍🚀", "🇨🇭", "\ufeff", "\x00",
        "\x07", "\x7f", "▁", "▁▁", "a▁b", " ", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\u2028",
        "ab", "aab", "abc", "<0x41>", "Ġ", "क्षि", "นี้", "x", "def f(x):", "\ufffd", "\u0378",
    ]
    made = ["", " ", "a", "  a ", "Hello, world!", " leading and trailing  ", "▁a ▁ b▁", "a\r\n\r\n  b", "<s>a</s> b<tool> c"]
    while len(made) < count:
        k = rng.randrange(8)
        if k < 5:
            made.append("".join(rng.choices(pieces, k=rng.randint(1, 12))))
        elif k == 5:
            made.append("".join(rng.choices(assigned, k=rng.randint(1, 12))))
        elif k == 6:
            made.append("".join(rng.choice(pieces) + rng.choice(marks) for _ in range(rng.randint(1, 8))))
        else:
            made.append("".join(rng.choices(marks + ["a", "e", "\u1100", "\u1161", "\u11a8"], k=rng.randint(1, 9))))
    return made


def corpus():
    return json.loads(CORPUS.read_text())


def trained(kind, normalizer, pre_tokenizer, **options):
    tokenizer = Tokenizer(models.Unigram() if kind == "unigram" else models.BPE(unk_token="<unk>", **options))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    specials = ["<unk>", "<s>", "</s>"] + ([f"<0x{b:02X}>" for b in range(256)] if options.get("byte_fallback") else [])
    if kind == "unigram":
        trainer = trainers.UnigramTrainer(vocab_size=320, special_tokens=specials, unk_token="<unk>", show_progress=False)
    else:
        names = {"continuing_subword_prefix", "end_of_word_suffix"}
        trainer = trainers.BpeTrainer(
            vocab_size=320 + len(specials), special_tokens=specials, show_progress=False, limit_alphabet=120,
            **{k: v for k, v in options.items() if k in names})
    documents = corpus()
    tokenizer.train_from_iterator(documents[:60], trainer)
    if options.get("byte_fallback"):
        # The bytes are ordinary tokens, not special ones.
        file = json.loads(tokenizer.to_str())
        file["added_tokens"] = [t for t in file["added_tokens"] if not t["content"].startswith("<0x")]
        tokenizer = Tokenizer.from_str(json.dumps(file))
    return tokenizer


def byte_level(pre_tokenizer, normalizer=None, base=[]):
    if not base:
        t = Tokenizer(models.BPE())
        t.pre_tokenizer = P.ByteLevel(add_prefix_space=False)
        t.train_from_iterator(corpus(), trainers.BpeTrainer(
            vocab_size=420, show_progress=False, initial_alphabet=P.ByteLevel.alphabet()))
        base.append(t.to_str())
    t = Tokenizer.from_str(base[0])
    t.pre_tokenizer = pre_tokenizer
    t.decoder = D.ByteLevel()
    if normalizer:
        t.normalizer = normalizer
    return t


def cases():
    made = {}
    plain = P.ByteLevel(add_prefix_space=False)
    raw = P.ByteLevel(add_prefix_space=False, use_regex=False)

    def split(pattern, behavior="isolated", invert=False):
        return P.Split(Regex(pattern), behavior, invert)

    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        made[form] = byte_level(plain, getattr(N, form)())
    made["lower, accents, strip"] = byte_level(plain, N.Sequence([N.NFD(), N.Lowercase(), N.StripAccents(), N.Strip()]))
    made["Lowercase"] = byte_level(plain, N.Lowercase())
    made["Nmt"] = byte_level(plain, N.Nmt())
    made["Replace"] = byte_level(plain, N.Sequence([
        N.Replace(Regex(r"\s{2,}|[\r\n]"), " "), N.Replace("'s", "<is>"), N.Prepend("«"), N.Strip(right=False)]))
    made["Precompiled"] = byte_level(plain, N.Precompiled(charsmap()))
    for name, pattern in PATTERNS.items():
        made[f"pattern {name}"] = byte_level(P.Sequence([split(pattern), raw]))
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        for invert in (False, True):
            made[f"{behavior} {invert}"] = byte_level(P.Sequence([split(r"\p{L}+|\d", behavior, invert), raw]))
        made[f"text {behavior}"] = byte_level(P.Sequence([P.Split("a", behavior), raw]))
        made[f"Punctuation {behavior}"] = byte_level(P.Sequence([P.Punctuation(behavior), raw]))
    made["deepseek v3"] = byte_level(P.Sequence([split(p) for p in DEEPSEEK3] + [raw]))
    made["deepseek llm"] = byte_level(P.Sequence([split(p) for p in DEEPSEEK_LLM] + [P.Digits(True), raw]))
    made["falcon"] = byte_level(P.Sequence([
        P.Punctuation("contiguous"), plain, P.Digits(False), P.Split(Regex("[0-9][0-9][0-9]"), "isolated")]))
    made["prefix space"] = byte_level(P.ByteLevel(add_prefix_space=True))
    made["WhitespaceSplit"] = byte_level(P.Sequence([P.WhitespaceSplit(), P.ByteLevel(add_prefix_space=True)]))
    made["Whitespace"] = byte_level(P.Sequence([P.Whitespace(), P.CharDelimiterSplit("x"), P.FixedLength(4), raw]))
    roberta = byte_level(plain)
    roberta.add_special_tokens(["<s>", "</s>"])
    roberta.post_processor = processors.RobertaProcessing(("</s>", 421), ("<s>", 420))
    made["RobertaProcessing"] = roberta

    marks = N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
    llama_decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
    llama = trained("bpe", marks, P.Split("▁", "merged_with_next"), byte_fallback=True, fuse_unk=True)
    llama.pre_tokenizer = None
    del_pre = json.loads(llama.to_str())
    del_pre["pre_tokenizer"] = None
    llama = Tokenizer.from_str(json.dumps(del_pre))
    llama.decoder = llama_decoder
    llama.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A $B", [("<s>", 1)])
    made["llama"] = llama
    gemma = Tokenizer.from_str(llama.to_str())
    gemma.normalizer = N.Replace(" ", "▁")
    gemma.pre_tokenizer = P.Split(" ", "merged_with_previous")
    gemma.decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse()])
    gemma.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("▁▁", normalized=True)])
    made["gemma"] = gemma
    for scheme in ("always", "first", "never"):
        t = trained("bpe", None, P.Metaspace(prepend_scheme=scheme), fuse_unk=scheme == "first")
        t.decoder = D.Metaspace(prepend_scheme=scheme)
        t.add_tokens(["cat"])
        made[f"Metaspace {scheme}"] = t
    unsplit = trained("bpe", None, P.Metaspace(prepend_scheme="first", split=False), byte_fallback=True)
    unsplit.decoder = llama_decoder
    made["Metaspace unsplit"] = unsplit
    words = trained("bpe", N.Lowercase(), P.Whitespace(), end_of_word_suffix="</w>")
    words.decoder = D.BPEDecoder("</w>")
    made["suffix"] = words
    prefixed = trained("bpe", None, P.WhitespaceSplit(), continuing_subword_prefix="##")
    made["prefix, no decoder"] = prefixed
    clip = trained("bpe", N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase()]), P.Sequence([
        split(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", "removed", True), raw]),
        end_of_word_suffix="</w>")
    clip.decoder = D.ByteLevel()
    made["clip"] = clip
    no_unknown = json.loads(trained("bpe", None, P.WhitespaceSplit()).to_str())
    no_unknown["model"]["unk_token"] = None
    no_unknown["decoder"] = {"type": "Strip", "content": "a", "start": 1, "stop": 0}
    made["no unknown"] = Tokenizer.from_str(json.dumps(no_unknown))
    ignoring = json.loads(llama.to_str())
    ignoring["model"]["ignore_merges"] = True
    ignoring["pre_tokenizer"] = {"type": "Split", "pattern": {"String": "▁"}, "behavior": "MergedWithNext", "invert": False}
    made["ignore_merges"] = Tokenizer.from_str(json.dumps(ignoring))

    unigram = trained("unigram", N.Sequence([N.Nmt(), N.NFKC(), N.Replace(Regex(" {2,}"), " ")]), P.Metaspace())
    unigram.decoder = D.Metaspace()
    made["unigram"] = unigram
    whole = trained("unigram", marks, None)
    file = json.loads(whole.to_str())
    file["model"]["byte_fallback"] = True
    file["model"]["vocab"] += [[f"<0x{b:02X}>", -20.0 - b / 7] for b in range(256)]
    whole = Tokenizer.from_str(json.dumps(file))
    whole.decoder = llama_decoder
    made["unigram bytes"] = whole
    return made


def main():
    if len(sys.argv) > 1:
        count, rng, out = int(sys.argv[1]), random.Random(int(sys.argv[2])), pathlib.Path(sys.argv[3])
    else:
        count, rng, out = 70, random.Random(11), OUT
    samples = texts(count, rng)
    result, shared = [], []
    for name, tokenizer in cases().items():
        file = json.loads(tokenizer.to_str())
        if file["model"] not in shared:
            shared.append(file["model"])
        file["model"] = shared.index(file["model"])
        encodings = [tokenizer.encode(t, add_special_tokens=False) for t in samples]
        result.append({
            "name": name, "file": file, "ids": [e.ids for e in encodings],
            "decoded": [tokenizer.decode(e.ids, skip_special_tokens=False) for e in encodings],
            "template": tokenizer.encode("a").ids,
        })
    out.write_text(json.dumps({"texts": samples, "models": shared, "cases": result}, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(len(result), "cases,", out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
