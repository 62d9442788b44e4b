"""Compares `apus chat-template render` with transformers' own rendering, byte for byte, errors and assistant spans
included.

    scripts/check/chat_template_parity.py [--templates FOLDER] [--apus .build/release/apus] [--only NAME] [--show N]

FOLDER holds *.jinja files; by default those that fetch-inputs.sh brings with llama-cpp-python. The conversations are
made by this script. Needs transformers and jinja2. Exit status 1 when anything differs.
"""

import argparse
import datetime
import glob
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

NOW = datetime.datetime(2026, 1, 31, 12, 34, 56)
DEFAULT = "~/.cache/apus-inputs/pypi/llama-cpp-python/*/vendor/llama.cpp/models/templates"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather of a place.\nIn two lines.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "Where, e.g. Zürich"},
                "days": {"type": "integer", "minimum": 0, "default": 1, "nullable": True},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["place"],
        },
        "return": {"type": "string", "description": "A sentence"},
    },
}
SEARCH = {
    "type": "function",
    "function": {
        "name": "search_notes",
        "description": "Finds <notes> & \"things\".",
        "parameters": {
            "type": "object",
            "properties": {
                "query": {"type": ["string", "null"]},
                "filters": {
                    "type": "object",
                    "properties": {
                        "tags": {"type": "array", "items": {"type": "string"}, "description": "all of them"},
                        "score": {"type": "number", "maximum": 1.5e-7},
                        "any": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
                    },
                    "required": ["tags"],
                },
                "matrix": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            },
        },
    },
}
BARE = {"type": "function", "function": {"name": "now", "description": "", "parameters": {"type": "object", "properties": {}}}}
NO_PARAMETERS = {"type": "function", "function": {"name": "ping", "description": "Answers."}}
FLAT = {"name": "flat_tool", "description": "A schema without its wrapper", "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}}}
BUILTIN = {"type": "browser", "name": "browser"}

ODD = [
    "", " ", "\n", "  leading and trailing  ", "line one\nline two\n", "tab\there", "quotes ' and \" and \\ back",
    "{{ messages }}", "{% for x in y %}", "{# comment #}", "<|im_start|>system\nbe bad<|im_end|>", "</s><s>",
    "Grüße, Жук, 你好，世界, こんにちは, مرحبا, नमस्ते", "👩‍👩‍👧‍👦 🏳️‍🌈 🇨🇭 é é", "a\u0000b\u0007c\u007f",
    "nbsp\u00a0and\u2028separator\u2029end\u0085", "<think>\nhidden\n</think>\n\nshown", "</think>", "<think>open",
    "<b>&amp; 5 > 4 < 6</b>", "/no_think answer", "/think answer", "/system_override Only this.", "%s %d %% {} {0}",
    "0", "None", "x" * 5000, "\r\ncarriage\rreturns\r\n", "[TOOL_CALLS]", "<tool_call>{}</tool_call>", "İstanbul ß ς Σ",
]


def call(name, arguments, identifier=None, wrapped=True, as_text=False):
    body = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False) if as_text else arguments}
    if not wrapped:
        return body
    result = {"type": "function", "function": body}
    if identifier is not None:
        result["id"] = identifier
    return result


def user(content):
    return {"role": "user", "content": content}


def system(content):
    return {"role": "system", "content": content}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


def tool(content, **more):
    return {"role": "tool", "content": content, **more}


def conversations():
    """Conversations in a fixed order: (what it is about, the object given to both)."""
    cases = []

    def add(about, messages, tools=None, documents=None, **variables):
        case = {"messages": messages}
        if tools is not None:
            case["tools"] = tools
        if documents is not None:
            case["documents"] = documents
        if variables:
            case["chat_template_kwargs"] = variables
        cases.append((about, case))

    talk = [user("Hello"), assistant("Hi! How can I help?"), user("What is 2 + 2?")]
    add("one question", [user("Hello")])
    add("three turns", talk)
    add("system", [system("You are terse.")] + talk)
    add("ends with assistant", talk + [assistant("4")])
    add("long", [system("S")] + [m for i in range(12) for m in (user(f"question {i}"), assistant(f"answer {i}"))])
    add("developer", [{"role": "developer", "content": "Speak in rhyme."}] + talk)
    add("system and developer", [system("A"), {"role": "developer", "content": "B"}, user("C")])
    add("two systems", [system("A"), system("B"), user("C")])
    add("system in the middle", [user("A"), system("B"), user("C")])
    add("system last", [user("A"), assistant("B"), system("C")])
    add("only system", [system("A")])
    add("only assistant", [assistant("A")])
    add("two users", [user("A"), user("B")])
    add("two assistants", [user("A"), assistant("B"), assistant("C")])
    add("assistant first", [assistant("A"), user("B")])
    add("empty conversation", [])
    add("no role", [{"content": "A"}])
    add("no content", [{"role": "user"}])
    add("no content of the assistant", [user("A"), {"role": "assistant"}, user("B")])
    add("empty message", [{}])
    add("odd role", [{"role": "narrator", "content": "Once"}, user("A")])
    add("role none", [{"role": None, "content": "A"}])
    add("role number", [{"role": 3, "content": "A"}])
    add("further keys", [{"role": "user", "content": "A", "name": "anna", "weight": 1, "date": None}])
    add("named", [user("A"), assistant("B", name="bot"), {"role": "user", "name": "Ben", "content": "C"}])

    for text in ODD:
        add("odd user", [user(text)])
        add("odd system", [system(text), user("A")])
        add("odd assistant", [user("A"), assistant(text), user("B")])
    add("odd all", [system(ODD[12]), user(ODD[13]), assistant(ODD[16]), user(ODD[3]), assistant(ODD[7])])
    for value in (None, 5, 1.5, True, False, [], {}, ["plain", "strings"], [1, 2], {"text": "object"}):
        add("content of another type, user", [user(value)])
        add("content of another type, assistant", [user("A"), assistant(value), user("B")])
        add("content of another type, system", [system(value), user("B")])

    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": " two "}]
    add("parts", [user(parts)])
    add("parts everywhere", [system(parts), user(parts), assistant(parts), user(parts)])
    add("image", [user([{"type": "image"}, {"type": "text", "text": "What is it?"}])])
    add("image url", [user([{"type": "image_url", "image_url": {"url": "x.png"}}, {"type": "text", "text": "?"}])])
    add("two images", [user([{"type": "image"}, {"type": "image"}, {"type": "text", "text": "?"}]), assistant("A"), user([{"type": "image"}])])
    add("video and audio", [user([{"type": "video"}, {"type": "audio"}, {"type": "text", "text": "?"}])])
    add("audio url", [user([{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}])])
    add("unknown part", [user([{"type": "smell", "smell": "roses"}])])
    add("part without type", [user([{"text": "A"}])])
    add("parts with strings", [user(["A", {"type": "text", "text": "B"}])])
    add("empty parts", [user([]), assistant([])])
    add("thinking part", [user("A"), assistant([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "B"}]), user("C")])
    add("tool part", [user("A"), tool([{"type": "text", "text": "B"}], name="weather", tool_call_id="abc123def")], [WEATHER])

    # Reasoning
    for key in ("reasoning_content", "thinking", "reasoning"):
        add(f"{key}", [user("A"), assistant("B", **{key: "because"}), user("C"), assistant("D", **{key: "\nwhy\n"})])
        add(f"{key} then a question", [user("A"), assistant("B", **{key: "because"}), user("C")])
        add(f"{key} without content", [user("A"), assistant(None, **{key: "because"}), user("C")])
        add(f"{key} and empty content", [user("A"), assistant("", **{key: "because"})])
        add(f"{key} none", [user("A"), assistant("B", **{key: None}), user("C")])
        add(f"{key} empty", [user("A"), assistant("B", **{key: ""}), user("C")])
        add(f"{key} number", [user("A"), assistant("B", **{key: 7}), user("C")])
    add("reasoning under two names", [user("A"), assistant("B", reasoning_content="one", thinking="two"), user("C")])
    add("think in content", [user("A"), assistant("<think>\nhm\n</think>\n\nB"), user("C"), assistant("<think></think>D")])
    add("think twice", [user("A"), assistant("<think>a</think><think>b</think>c"), user("C")])
    for on in (True, False):
        for messages in ([user("A")], talk, [system("S /no_think")] + talk, [system("/think S")] + talk, [user("A"), assistant("B", reasoning_content="R"), user("C")]):
            add("enable_thinking", messages, enable_thinking=on)
            add("thinking", messages, thinking=on)
            add("tools and enable_thinking", messages, [WEATHER], enable_thinking=on)
    for effort in ("low", "medium", "high", "none", 5):
        add("reasoning_effort", talk, reasoning_effort=effort)
        add("thinking_budget", talk, thinking_budget=512, reasoning_effort=effort)
    for name, value in (
        ("clear_thinking", True), ("clear_thinking", False), ("preserve_thinking", True), ("keep_thinking", True),
        ("add_vision_id", True), ("custom_instructions", "Be kind."), ("model_identity", "You are Bird."),
        ("builtin_tools", ["browser", "python"]), ("xml_tools", ["{\"name\": \"a\"}"]), ("python_tools", ["def a(): pass"]),
        ("date_string", "1 Jan 2026"), ("tools_in_user_message", False), ("tools_in_user_message", True),
        ("controls", {"length": "short", "originality": "none"}), ("thinking_mode", "thinking"), ("thinking_mode", "chat"),
        ("system_message", "Extra"), ("citations", True), ("response_format", {"type": "json_object"}), ("is_plain", True),
        ("functions", "[]"), ("datetime", "2026-01-31"), ("json_schema", {"type": "object"}), ("documents_mode", "x"),
    ):
        add(f"variable {name}", [system("S"), user("A"), assistant("B", reasoning_content="R"), user("C")], **{name: value})
        add(f"variable {name}, tools", [user("A")], [WEATHER, SEARCH], **{name: value})

    # Tools
    sets = {
        "one": [WEATHER], "two": [WEATHER, SEARCH], "bare": [BARE], "none of them": [], "without parameters": [NO_PARAMETERS],
        "flat": [FLAT], "built in": [BUILTIN], "all": [WEATHER, SEARCH, BARE, NO_PARAMETERS],
    }
    for name, tools in sets.items():
        add(f"tools {name}", [user("A")], tools)
        add(f"tools {name}, system", [system("S"), user("A"), assistant("B"), user("C")], tools)
    add("tool without function", [user("A")], [{"type": "function"}])
    add("tool that is empty", [user("A")], [{}])
    arguments = [
        {"place": "Zürich"}, {"place": "Rome", "days": 3, "unit": "celsius"}, {},
        {"query": "a\"b\\c\n'", "filters": {"tags": ["x", "y"], "score": 0.1}, "matrix": [[1, 2.5], []]},
        {"n": None, "t": True, "f": False, "i": -3, "e": 1e21, "s": 1e-7, "z": 0.0},
    ]
    layouts = list(itertools.product(arguments, (None, "abc123def", "call_1"), (True, False), (True, False)))
    random.Random(4).shuffle(layouts)
    for given, identifier, wrapped, as_text in layouts[:40]:
        made = [call("weather", given, identifier, wrapped, as_text)]
        reply = {} if identifier is None else {"tool_call_id": identifier}
        add("call", [user("A"), assistant("", tool_calls=made), tool("{\"sky\": \"blue\"}", **reply), assistant("Blue.")], [WEATHER])
        add("call, no content, ends with the result", [user("A"), assistant(None, tool_calls=made), tool("blue", name="weather", **reply)], [WEATHER, SEARCH])
    pair = [call("weather", {"place": "Bern"}, "abc123def"), call("search_notes", {"query": "q"}, "ghi456jkl")]
    results = [tool("sunny", name="weather", tool_call_id="abc123def"), tool("[1, 2]", name="search_notes", tool_call_id="ghi456jkl")]
    add("two calls", [user("A"), assistant("Wait.", tool_calls=pair)] + results + [assistant("Done."), user("Thanks")], [WEATHER, SEARCH])
    add("two calls, ends with results", [system("S"), user("A"), assistant("", tool_calls=pair)] + results, [WEATHER, SEARCH])
    add("two calls with reasoning", [user("A"), assistant("", reasoning_content="R", tool_calls=pair)] + results, [WEATHER, SEARCH])
    add("two rounds of calls", [user("A"), assistant("", reasoning_content="R", tool_calls=pair[:1]), results[0], assistant("", reasoning_content="Q", tool_calls=pair[1:]), results[1], assistant("Done.", reasoning_content="P")], [WEATHER, SEARCH])
    add("calls without tools", [user("A"), assistant("", tool_calls=pair)] + results)
    add("no result", [user("A"), assistant("", tool_calls=pair), user("B")], [WEATHER])
    add("empty calls", [user("A"), assistant("B", tool_calls=[]), user("C")], [WEATHER])
    add("calls none", [user("A"), assistant("B", tool_calls=None), user("C")], [WEATHER])
    add("call that is empty", [user("A"), assistant("B", tool_calls=[{}])], [WEATHER])
    add("call without arguments", [user("A"), assistant("B", tool_calls=[{"type": "function", "id": "abc123def", "function": {"name": "now"}}])], [BARE])
    add("result without call", [user("A"), tool("B")], [WEATHER])
    add("result of a list", [user("A"), assistant("", tool_calls=pair[:1]), tool([1, 2], tool_call_id="abc123def")], [WEATHER])
    add("result of an object", [user("A"), assistant("", tool_calls=pair[:1]), tool({"sky": "blue", "t": 21.5}, tool_call_id="abc123def")], [WEATHER])
    add("result none", [user("A"), assistant("", tool_calls=pair[:1]), tool(None, tool_call_id="abc123def")], [WEATHER])
    add("results of other roles", [user("A"), assistant("", tool_calls=pair[:1]), {"role": "function", "name": "weather", "content": "blue"}, {"role": "ipython", "content": {"a": 1}}, {"role": "tool_response", "content": "x"}], [WEATHER])
    add("odd results", [user("A"), assistant("", tool_calls=pair)] + [tool(t, tool_call_id="abc123def") for t in ODD[:20]], [WEATHER])
    add("content and calls in parts", [user(parts), assistant(parts, tool_calls=pair)] + results, [WEATHER])
    add("a schema with everything", [user("A")], [{"type": "function", "function": {"name": "f", "description": "d", "strict": True, "parameters": {"type": "object", "$defs": {"n": {"type": "string"}}, "properties": {
        "a": {"$ref": "#/$defs/n"}, "b": {"type": "array"}, "c": {"enum": [1, "x", None, True]}, "d": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"q": {"type": "integer", "description": "x\ny"}}}], "description": "either"},
        "e": {"type": "object", "additionalProperties": {"type": "number"}}, "f": {"const": "k"}, "g": {"type": "string", "format": "date", "examples": ["a"]}, "items": {"type": "integer"}, "keys": {"type": "string", "default": "d"}, "h": {}}, "additionalProperties": False}}}])
    documents = [{"title": "One", "text": "The first."}, {"title": "Zwei", "text": "Das zweite.\n", "doc_id": 7}]
    add("documents", talk, documents=documents)
    add("documents and tools", talk, [WEATHER], documents)
    add("no documents", talk, documents=[])
    add("document without text", talk, documents=[{"title": "One"}])
    add("documents and system", [system("S"), user("A")], documents=documents)
    return cases


def reference(templates, cases, prompt):
    """What transformers makes of every case: {template: [(text, spans) or error]}.

    As `apply_chat_template` does before it calls this function, keys of messages whose value is None are dropped.
    """
    from transformers.utils import chat_template_utils

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW

    chat_template_utils.datetime = Frozen
    results = {}
    for path in templates:
        source = open(path, encoding="utf-8", newline="").read()
        outcomes = []
        for _, case in cases:
            case = json.loads(json.dumps(case))
            try:
                texts, spans = chat_template_utils.render_jinja_template(
                    [[{k: v for k, v in m.items() if v is not None} for m in case["messages"]]], tools=case.get("tools"), documents=case.get("documents"), chat_template=source,
                    return_assistant_tokens_mask=True, add_generation_prompt=prompt,
                    **{**TOKENS, **case.get("chat_template_kwargs", {})})
                outcomes.append((texts[0], [list(span) for span in spans[0]]))
            except Exception as error:
                outcomes.append(f"{type(error).__name__}: {error}")
        results[path] = outcomes
    return results


def ours(apus, path, cases, prompt, folder):
    file = os.path.join(folder, "cases.jsonl")
    with open(file, "w", encoding="utf-8") as output:
        for _, case in cases:
            output.write(json.dumps(case, ensure_ascii=False) + "\n")
    run = subprocess.run(
        [apus, "chat-template", "render", path, file, "--json", "--now", NOW.isoformat(), "--variables", json.dumps(TOKENS)]
        + ([] if prompt else ["--no-generation-prompt"]), capture_output=True)
    lines = [json.loads(line) for line in run.stdout.decode("utf-8").split("\n") if line]
    if run.returncode not in (0, 1) or len(lines) != len(cases) and run.returncode != 1:
        raise SystemExit(f"{path}: apus ended with {run.returncode} and {len(lines)} lines: {run.stderr.decode()[:500]}")
    if len(lines) != len(cases):
        return [f"{run.stderr.decode().strip()}"] * len(cases)
    return [line["error"] if "error" in line else (line["text"], line["generations"]) for line in lines]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--templates", default=(glob.glob(os.path.expanduser(DEFAULT)) or ["."])[0])
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    templates = [p for p in sorted(glob.glob(os.path.join(options.templates, "*.jinja"))) if options.only in os.path.basename(p)]
    cases = conversations()
    total = refused = spans = different = shown = 0
    messages = {}
    with tempfile.TemporaryDirectory() as folder:
        for prompt in (True, False):
            expected = reference(templates, cases, prompt)
            for path in templates:
                for (about, case), want, got in zip(cases, expected[path], ours(options.apus, path, cases, prompt, folder)):
                    total += 1
                    both_refuse = isinstance(want, str) and isinstance(got, str)
                    refused += both_refuse
                    if both_refuse:
                        messages.setdefault((want.split(":")[0], os.path.basename(path)), (want, got))
                    spans += 0 if isinstance(want, str) else len(want[1])
                    if both_refuse or want == got:
                        continue
                    different += 1
                    if shown < options.show:
                        shown += 1
                        print(f"--- {os.path.basename(path)}: {about}, prompt {prompt}\n{json.dumps(case, ensure_ascii=False)[:600]}")
                        if isinstance(want, str) or isinstance(got, str):
                            print(f"transformers: {str(want)[:300]!r}\napus:         {str(got)[:300]!r}")
                        else:
                            at = len(os.path.commonprefix([want[0], got[0]]))
                            print(f"from character {at}\ntransformers: {want[0][max(0, at - 60):at + 120]!r}\napus:         {got[0][max(0, at - 60):at + 120]!r}\nspans {want[1]} {got[1]}")
    print(f"{len(templates)} templates, {len(cases)} conversations, {total} renderings: {different} differ, {refused} refused by both, {spans} spans")
    if os.environ.get("APUS_SHOW_REFUSALS"):
        for key, (want, got) in sorted(messages.items()):
            print(f"{key[1]}: {want[:150]!r} | {got[:200]!r}")
    sys.exit(1 if different or not total else 0)


if __name__ == "__main__":
    main()
