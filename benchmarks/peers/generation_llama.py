#!/usr/bin/env python3
"""How fast llama.cpp reads a prompt and writes after it, as one JSON object: random tokens, medians of the rounds.

The library's own functions are called, so that nothing but the model's passes is timed. llama-cpp-python builds for the
machine that it is installed on; where gcc 12 meets AMX, its tile configuration is compiled wrongly: take another
compiler there.
"""
import argparse
import ctypes
import json
import random
import statistics
import time

import llama_cpp

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("model", help="a GGUF file")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--prompt-tokens", type=int, default=512)
parser.add_argument("--tokens", type=int, default=128)
parser.add_argument("--rounds", type=int, default=3)
given = parser.parse_args()

llama_cpp.llama_backend_init()
silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
llama_cpp.llama_log_set(silence, ctypes.c_void_p(0))
model = llama_cpp.llama_model_load_from_file(given.model.encode(), llama_cpp.llama_model_default_params())
if not model:
    raise SystemExit(f"{given.model} could not be loaded")
settings = llama_cpp.llama_context_default_params()
settings.n_ctx = given.prompt_tokens + given.tokens
settings.n_batch = settings.n_ubatch = given.prompt_tokens
settings.n_threads = settings.n_threads_batch = given.threads
context = llama_cpp.llama_init_from_model(model, settings)
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
ids = [random.Random(i).randrange(vocabulary) for i in range(given.prompt_tokens + given.tokens)]


def decode(tokens):
    array = (ctypes.c_int32 * len(tokens))(*tokens)  # the batch only points to it
    if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(array, len(tokens))) != 0:
        raise SystemExit("llama_decode failed")
    # The logits are asked for, as a sampler would.
    llama_cpp.llama_get_logits_ith(context, -1)


prompt, written = [], []
for number in range(given.rounds + 1):
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    start = time.perf_counter()
    decode(ids[:given.prompt_tokens])
    middle = time.perf_counter()
    for token in ids[given.prompt_tokens:]:
        decode([token])
    end = time.perf_counter()
    if number > 0:
        prompt.append(given.prompt_tokens / (middle - start))
        written.append(given.tokens / (end - middle))
print(json.dumps({"prompt_tokens_per_second": statistics.median(prompt),
                  "written_tokens_per_second": statistics.median(written),
                  "version": llama_cpp.__version__,
                  "system": llama_cpp.llama_print_system_info().decode()}))
