#!/usr/bin/env python3
"""Checks GGUF files read and written by Apus: are the bits those of the `gguf` package and of transformers?

Needs torch, transformers 5.23, gguf 0.19, safetensors (scripts/golden/README.md says how to get the environment).
  "$APUS_PEERS/bin/python" scripts/check/gguf_parity.py APUS MODEL.gguf... [--folder FOLDER] [--llama PYTHON]

APUS        the program, such as .build/release/apus
MODEL.gguf  models of the families llama, qwen3, gemma3, …
--folder    a Hugging Face folder that is converted to GGUF too
--llama     a Python with llama-cpp-python: it must go on with a text as Apus does, from the files written

For each MODEL.gguf: it becomes a folder in f32, and every tensor must have the bits of gguf.dequantize after undoing
what llama.cpp's converter does, and those of transformers' own reading of the file. The folder goes back to GGUF in f32,
f16, bf16 and q8_0: every tensor must have the bits of gguf.quantize, or of the float type, of the original's values;
transformers must read the result as the same weights. Exit status 1 where anything differs.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Type
from safetensors import safe_open
from transformers import AutoModelForCausalLM

failures = 0


def report(good, text):
    global failures
    failures += not good
    print(("ok    " if good else "WRONG ") + text, flush=True)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def folder_tensors(path):
    tensors = {}
    for name in sorted(os.listdir(path)):
        if name.endswith(".safetensors"):
            with safe_open(os.path.join(path, name), "pt") as file:
                for key in file.keys():
                    tensors[key] = file.get_tensor(key)
    return tensors


def file_tensors(path):
    return {t.name: t for t in gguf.GGUFReader(path).tensors}


def same_bits(a, b):
    return a.shape == b.shape and numpy.array_equal(a.view(numpy.uint8), b.view(numpy.uint8))


def gguf_name(name, architecture, layers):
    mapping = gguf.get_tensor_name_map(next(k for k, v in gguf.MODEL_ARCH_NAMES.items() if v == architecture), layers)
    stem, kind = name.rsplit(".", 1)
    return mapping.get_name(stem) + "." + kind


def to_gguf(values, name, architecture, config):
    """What llama.cpp's converter does to a tensor of a Hugging Face folder."""
    if architecture in ("llama", "smollm3") and name.endswith(("q_proj.weight", "k_proj.weight")):
        heads = config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"]
        return values.reshape(heads, 2, values.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(values.shape)
    if architecture == "gemma3" and name.endswith("norm.weight"):
        return values + numpy.float32(1)
    return values


def state(path):
    model = AutoModelForCausalLM.from_pretrained(os.path.dirname(path), gguf_file=os.path.basename(path),
                                                 dtype=torch.float32)
    return model.state_dict()


def check_reading(apus, path, work):
    print(path)
    folder = os.path.join(work, "folder")
    run(apus, "convert", path, folder, "--dtype", "f32", "--force")
    own = folder_tensors(folder)
    config = json.load(open(os.path.join(folder, "config.json")))
    reader = gguf.GGUFReader(path)
    architecture = reader.get_field("general.architecture").contents()
    originals = {t.name: t for t in reader.tensors}
    wrong, exact = [], 0
    for name, values in own.items():
        tensor = originals.pop(gguf_name(name, architecture, config["num_hidden_layers"]))
        expected = gguf.dequantize(tensor.data, tensor.tensor_type)
        if architecture == "gemma3" and name.endswith("norm.weight"):
            good = same_bits(values.numpy(), expected - numpy.float32(1))
        else:
            good = same_bits(to_gguf(values.numpy(), name, architecture, config), expected)
        wrong += [] if good else [name]
        exact += good
    left = [name for name in originals if name != "rope_freqs.weight"]
    types = sorted({t.tensor_type.name for t in reader.tensors})
    report(not wrong and not left, f"{exact} tensors ({', '.join(types)}) have gguf's bits {wrong[:3]} {left[:3]}")
    reference = state(path)
    wrong = [name for name, values in own.items() if not torch.equal(values, reference[name])]
    report(not wrong, f"{len(own)} tensors are those that transformers reads {wrong[:3]}")
    return folder


def check_writing(apus, folder, work, llama):
    config = json.load(open(os.path.join(folder, "config.json")))
    architecture = config["model_type"].removesuffix("_text")
    source = {name: values.float().numpy() for name, values in folder_tensors(folder).items()}
    for dtype in ("f32", "f16", "bf16", "q8_0"):
        path = os.path.join(work, f"model-{dtype}.gguf")
        run(apus, "convert", folder, path, "--dtype", dtype, "--force")
        wrong, written = [], file_tensors(path)
        for name, values in source.items():
            tensor = written.pop(gguf_name(name, architecture, config["num_hidden_layers"]))
            values = to_gguf(values, name, architecture, config)
            wanted = {"f32": Type.F32, "f16": Type.F16, "bf16": Type.BF16, "q8_0": Type.Q8_0}[dtype]
            if values.ndim == 1:
                wanted = Type.F32
            elif wanted == Type.Q8_0 and values.shape[-1] % 32:
                wanted = Type.F16
            if tensor.tensor_type != wanted or not same_bits(tensor.data, gguf.quantize(values, wanted)):
                wrong.append(name)
        left = [name for name in written if name != "rope_freqs.weight"]
        report(not wrong and not left, f"{dtype}: {len(source)} tensors have gguf's bits {wrong[:3]} {left[:3]}")
        back = os.path.join(work, "back")
        run(apus, "convert", path, back, "--dtype", "f32", "--force")
        own = folder_tensors(back)
        if architecture != "smollm3":
            reference = state(path)
            wrong = [name for name, values in own.items() if not torch.equal(values, reference[name])]
            report(not wrong, f"{dtype}: transformers reads the file as the weights that come back {wrong[:3]}")
        if dtype == "f32":
            worst = max(numpy.abs(own[name].numpy() - values).max() for name, values in source.items())
            report(worst <= (1e-5 if architecture == "gemma3" else 0), f"f32 and back changes weights by {worst}")
        if llama and dtype in ("f16", "q8_0"):
            code = (
                "import sys; from llama_cpp import Llama; m = Llama(sys.argv[1], n_ctx=128, verbose=False, n_threads=2);"
                "print(m.create_completion(sys.argv[2], max_tokens=16, temperature=0)['choices'][0]['text'])"
            )
            prompt = "The capital of France is"
            text = run(llama, "-c", code, path, prompt)
            own = run(apus, "generate", path, "--prompt", prompt, "--temperature", "0", "--max-tokens", "16")
            # Later words may differ: the two round their activations differently.
            good = text.split()[:3] == own.removeprefix(prompt).split()[:3]
            report(good, f"{dtype}: llama.cpp goes on with {text.strip()[:60]!r}, Apus with {own[len(prompt):].strip()[:60]!r}")
    if os.path.exists(os.path.join(folder, "tokenizer.json")):
        old, new = (json.load(open(os.path.join(f, "tokenizer.json")))["model"] for f in (folder, back))
        report(old["vocab"] == new["vocab"], f"the {len(old['vocab'])} tokens of the vocabulary came back")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apus")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--folder", action="append", default=[])
    parser.add_argument("--llama")
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(prefix="gguf-parity-")
    try:
        for path in arguments.models:
            check_writing(arguments.apus, check_reading(arguments.apus, path, work), work, arguments.llama)
        for folder in arguments.folder:
            print(folder)
            check_writing(arguments.apus, folder, work, arguments.llama)
    finally:
        shutil.rmtree(work)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
