"""Makes Tests/ChatTemplatesTests/Golden: what transformers' own rendering gives for small templates of ours.

    ~/.cache/apus-peers/bin/python scripts/golden/chat_templates.py

snippets.json: [{"template", "expected"} or {"template", "refused": kind of error}], each rendered with CONTEXT.
chats.json: [{"template": file name, "case", "text", "generations"} or {..., "refused"}] for the templates beside it.
Pinned: transformers 5.23.0, jinja2 3.1.6.
"""

import datetime
import json
import os
import sys

from transformers.utils import chat_template_utils

FOLDER = os.path.join(os.path.dirname(__file__), "../../Tests/ChatTemplatesTests/Golden")

CONTEXT = {
    "messages": [{"role": "user", "content": "Hi"}],
    "variables": {
        "s": "Hello, World", "u": "Grüße 你好 👩‍👩‍👧 é", "w": "  \t padded \n ", "lines": "a\nb\r\nc\n\nd\u2028e",
        "n": 7, "m": -7, "f": 2.5, "z": 0, "t": True, "no": False, "nil": None,
        "l": [3, 1, 2], "words": ["beta", "Alpha", "gamma", "alpha"], "empty": [], "mixed": [1, "a", None, 2.5, True, [1], {"k": "v"}],
        "d": {"b": 2, "a": 1, "C": 3}, "nested": {"x": {"y": [10, {"z": "deep"}]}, "items": "shadow"},
        "people": [
            {"name": "Ann", "age": 31, "city": "Bern", "tags": ["x"]}, {"name": "bob", "age": 25, "city": "Rome"},
            {"name": "Cid", "age": 31, "city": "bern", "tags": []},
        ],
        "html": "<a href=\"x\">T & 'q'</a>", "big": 1e16, "small": 0.00001, "huge": 123456789012345680.0,
    },
}

# Expressions, one a line, each printed.
EXPRESSIONS = r"""
1 + 2 * 3 - 4
7 / 2
7 // 2
-7 // 2
7 // -2
-7 % 3
7 % -3
7.5 // 2
-7.5 // 2
-7.5 % 2
7.5 % -2
2 ** 10
2 ** -1
2 ** 0.5
-2 ** 2
2 ** 3 ** 2
1 / 0
1 // 0
1 % 0
1.0 / 0
true + true
true * 3
1 + 1.0
0.1 + 0.2
1e3
1e100
1.5e-7
1_000
0x1F
0b101
0o17
1e16
123456789.0
12345678901234567.0
-0.0
5.0
100000000000000000000.0
big
small
huge
9007199254740993
f * 2
n / m
-n
+f
-s
+s
not n
not empty
n and s
z and s
z or s
empty or nil
nil or no or z
n and f and s
1 < 2 < 3
1 < 3 < 2
3 > 2 > 1
1 == 1.0
true == 1
"1" == 1
nil == none
none == false
[1] == [1.0]
[1] == (1,)
{"a": 1} == {"a": 1.0}
{"a": 1, "b": 2} == {"b": 2, "a": 1}
1 != 2
"a" < "b"
"a" < "B"
"é" > "z"
[1, 2] < [1, 3]
[1, 2] < [1, 2, 0]
(1, "a") < (1, "b")
1 < "a"
none < 1
[1] < 1
1 in l
5 in l
5 not in l
"ell" in s
"x" in s
1 in s
s in s
"a" in d
"z" in d
1 in d
[] in d
1 in n
"a" in nil
"Ann" in people
missing in l
1 in missing
missing in missing
"" in s
s ~ n ~ f ~ t ~ nil
"a" ~ 1 ~ "b"
s + "!"
s + 1
1 + s
"ab" * 3
3 * "ab"
"ab" * -1
l * 2
l + [4]
l + (4,)
(1,) + (2,)
l - l
s - "a"
"%s is %d" % ("x", 3)
"%s" % 3
"%s" % [1, 2]
"%s %s" % (1,)
"%s" % (1, 2)
"%5d|%-5d|%05d|%+d|% d" % (42, 42, 42, 42, 42)
"%.2f %8.3f %e %g %g" % (3.14159, 2.5, 12345.678, 0.00001, 1e20)
"%x %X %o %#x %c%c" % (255, 255, 8, 255, 65, "z")
"%r %s" % ("a'b", "c")
"%(a)s-%(b)03d" % d
"%(q)s" % d
"%%"  % ()
"%5s|%-5s|%.2s" % ("ab", "ab", "abcdef")
"%d" % "x"
"%d" % 3.9
"%z" % 1
"%s" % missing
"%*d" % (6, 42)
"%.3d" % 5
"%s" % nil
"abc" % ()
"abc" % 1
"abc" % l
s[0]
s[-1]
s[100]
s[1:4]
s[:-1]
s[::-1]
s[::2]
s[5:1]
s[-3:]
s[10:1:-2]
s[1:-1:3]
s[::0]
s["x"]
s["upper"]()
u[0:8]
u[::-1]
u[-2:]
u[6]
u|length
l[0]
l[-1]
l[5]
l[1:]
l[::-1]
l[true]
l["x"]
l["index"]
l[1.0]
l[-100:100]
(1, 2, 3)[1]
(1, 2, 3)[1:]
()
(1,)
(1, 2)
[]
{}
[1, [2, [3]]]
{"a": [1], 2: none, none: 3.0, true: "x"}
{1: "a", true: "b"}
{[]: 1}
{(1, 2): 3}
d.a
d["a"]
d.zz
d["zz"]
d.zz.y
d["zz"]["y"]
d.items
nested.items
nested["items"]
nested["keys"]
nested.x.y[1].z
nested.x.y.1.z
nested["x"]["y"][0]
people[0].name
people[0]["tags"][0]
people[1].tags
people[1].tags[0]
people.0.name
nil.x
nil["x"]
nil[0]
n.x
n.x.y
n[0]
missing
missing.x
missing["x"]
missing[0]
missing[1:]
missing()
missing + 1
missing ~ "x"
missing == missing
missing == none
missing < 1
-missing
not missing
missing or "d"
missing and "d"
"a" if missing else "b"
"a" if no
("a" if no) is defined
"a" if t else "b" if no else "c"
"x" if z else "y" if t else "w"
nil[1:]
d[1:]
l["a":]
l[1:"b"]
n[1:]
range(5)
range(5)|list
range(1, 10, 3)|list
range(5, 0, -2)|list
range(0)|list
range(3)[1]
range(3)[-1]
range(10)[2:5]|list
range(10)[::-1]|list
range(3)|length
range(100001)
range(100000)|length
range("a")
range(1.5)
range(1, 2, 0)
range(3) == range(3)
2 in range(3)
dict(a=1, b=2)
dict([("a", 1), ("b", 2)])
dict({"a": 1}, b=2)
dict([1])
dict(1)
dict()
namespace(a=1).a
namespace(a=1).b
namespace({"a": 1}).a
namespace(a=1)["a"]
namespace(a=1)
namespace(_a=1)
namespace(a=1) is mapping
namespace()|length
cycler("a", "b").next()
cycler().next()
joiner()()
joiner("|")() ~ "x"
raise_exception("stop")
raise_exception("stop " ~ n)
strftime_now("%d %B %Y")
strftime_now("%Y-%m-%d %H:%M:%S")
strftime_now("%a %A %b %j %y %p %I %% %e")
strftime_now("%-d|%f|%z|%Z|")
strftime_now("")
strftime_now("ü %Y")
strftime_now(1)
s.upper()
s.lower()
s.title()
s.capitalize()
s.swapcase()
s.casefold()
"ǆ ß ŉ İ ΑΣ ΑΣΑ".lower()
"ß ŉ ǆ".upper()
"they're bill's o'neil 3rd".title()
"ß ǆabc".title()
"ßx".capitalize()
w.strip()
w.lstrip()
w.rstrip()
"xxabcxx".strip("x")
"abcba".strip("ab")
"abc".strip("")
"abc".strip(none)
"äöä".strip("ä")
"\u00a0\u2003x\u200b\u3000".strip()|length
"a b  c".split()
"a b  c".split(" ")
"a,b,c".split(",", 1)
"a,b,c".rsplit(",", 1)
"a b c".split(none, 1)
"  a  b c ".split(none, 1)
"  a  b c ".rsplit(none, 1)
"  a  b c ".rsplit()
"a b c".split(maxsplit=1)
"a,b".split(sep=",")
"".split()
"".split(",")
"abc".split("")
"<think>a</think>b".split("</think>")
"<think>a</think>b".split("</think>")[-1].lstrip("\n")
"aaa".split("aa")
"aaa".rsplit("aa")
lines.splitlines()
lines.splitlines(true)
"a-b-c".partition("-")
"a-b-c".rpartition("-")
"abc".partition("-")
"abc".rpartition("-")
", ".join(["a", "b"])
", ".join(d)
", ".join("abc")
"".join([1])
"-".join([])
s.replace("l", "L")
s.replace("l", "L", 1)
s.replace("", "-")
s.replace("", "-", 2)
s.replace("o", "")
"aaa".replace("aa", "b")
s.replace("l")
s.replace("l", 1)
s.startswith("Hell")
s.startswith("ell", 1)
s.startswith(("x", "H"))
s.startswith(1)
s.endswith("ld")
s.endswith("l", 0, -1)
s.endswith(("x", "d"))
s.find("o")
s.find("o", 5)
s.find("z")
s.find("", 3)
s.find("", 100)
s.rfind("o")
s.rfind("o", 0, 6)
s.index("W")
s.index("z")
s.rindex("l")
s.count("l")
s.count("l", 4)
s.count("")
u.find("好")
u.rfind("好")
"aéa".find("a", 1)
"prefix-x".removeprefix("prefix-")
"x.txt".removesuffix(".txt")
"x".removesuffix("")
"abc".center(9)|replace(" ", ".")
"abc".center(8, "*")
"abcd".center(7, "*")
"abc".ljust(5, "-")
"abc".rjust(5, "-")
"42".zfill(5)
"-42".zfill(5)
"ab".zfill(1)
"a\tb".expandtabs(4)
"abc\tb\n\tc".expandtabs()
"abc".isalpha()
"ab1".isalnum()
"12".isdigit()
"²".isdigit()
"²".isdecimal()
"½".isnumeric()
"".isdigit()
" \n".isspace()
"abc".islower()
"aB".islower()
"ABC".isupper()
"A1".isupper()
"1".isupper()
"Hello World".istitle()
"Hello world".istitle()
"a_1".isidentifier()
"1a".isidentifier()
"é".isascii()
"a\n".isprintable()
"{} {}".format(1, "a")
"{0} {1} {0}".format("a", "b")
"{a} {b}".format(a=1, b=2)
"{0[a]} {1.a}".format(d, d)
"{:>5}|{:<5}|{:^5}|{:*^7}".format("a", "b", "c", "d")
"{:5}|{:5}".format("a", 1)
"{:05d} {:+} {:,} {:x} {:#b} {:e}".format(42, 3, 1234567, 255, 5, 1234.5)
"{:.2f} {:8.3f} {:.0f} {:g} {:%}".format(3.14159, 2.5, 2.5, 1e-7, 0.25)
"{:.3}|{:.10}|{:10.3}".format(3.14159, 2.5, 1234.5)
"{!r} {!s}".format("a'b", "c")
"{{}} {}".format(1)
"{".format(1)
"{} {0}".format(1)
"{}".format()
"{a}".format(b=1)
"{:{}}".format("x", 5)
"{:d}".format("x")
"{:5}".format([1])
"{}".format([1])
"{0.__class__}".format(s)
"{a}".format_map({"a": 3})
"x".nothing()
"x".nothing
"x".__class__
"x".__class__.__mro__
l.append(4)
l.pop()
l.sort()
l.index(1)
l.index(9)
l.count(1)
l.copy()
l.append is defined
(1, 2, 1).count(1)
(1, 2, 1).index(2)
d.get("a")
d.get("zz")
d.get("zz", 5)
d.get("zz", default=5)
d.get([])
d.keys()
d.values()
d.items()
d.keys()|list
d.items()|list
d.items()|length
d.items()[0]
d.copy()
d.update({"x": 1})
d.pop("a")
d.setdefault("a", 1)
d.keys() is iterable
d.keys() is sequence
d.items()|sort
d.items()|first
d.items()|last
"a" in d.keys()
("a", 1) in d.items()
s|upper
s|lower
s|title
s|capitalize
"foo-bar (baz) [q {w <e"|title
"hELLO wORLD o'neil"|title
n|upper
nil|upper
missing|upper
w|trim
s|trim("Hd")
n|trim
s|length
n|length
nil|length
missing|length
l|length
d|count
s|first
s|last
l|first
l|last
empty|first
empty|last
empty|first is defined
n|first
d|first
d|last
l|map("string")|last
s|reverse
u|reverse
l|reverse
l|reverse|list
l|reverse|length
d|reverse|list
n|reverse
l|join
l|join(", ")
l|join(d=", ")
mixed|join("|")
people|join(", ", attribute="name")
people|join(", ", "age")
d|join(",")
missing|join(",")
n|join
s|join("-")
l|sort
l|sort(reverse=true)
l|sort(true)
words|sort
words|sort(case_sensitive=true)
words|sort(reverse=true)
people|sort(attribute="age")|map(attribute="name")|list
people|sort(attribute="age,name", reverse=true)|map(attribute="name")|list
people|sort(attribute="city")|map(attribute="name")|join
mixed|sort
d|sort
s|sort
missing|sort
words|unique|list
words|unique(true)|list
people|unique(attribute="city")|map(attribute="name")|list
l|unique
l|min
l|max
words|min
words|max
words|min(true)
people|max(attribute="age")
empty|min
mixed|min
l|sum
people|sum(attribute="age")
l|sum(start=10)
words|sum
empty|sum
l|map("string")|list
words|map("upper")|list
words|map("replace", "a", "A")|list
people|map(attribute="name")|list
people|map(attribute="tags")|list
people|map(attribute="tags", default="none")|list
people|map(attribute="tags.0")|list
people|map("nothing")|list
people|map("nothing") is defined
people|map|list
words|map(1)|list
l|map("string") is iterable
l|map("string")|length
l|select|list
mixed|select|list
l|select("odd")|list
l|select("gt", 1)|list
l|select(">", 1)|list
l|reject("odd")|list
mixed|select("string")|list
mixed|select("none")|list
mixed|reject("none")|list
words|select("in", ["beta"])|list
words|select("nothing")|list
people|selectattr("tags")|map(attribute="name")|list
people|selectattr("tags", "defined")|map(attribute="name")|list
people|selectattr("age", "equalto", 31)|map(attribute="name")|list
people|selectattr("age", "==", 31)|list|length
people|rejectattr("age", "==", 31)|list
people|rejectattr("tags")|map(attribute="name")|list
people|selectattr("name", "in", ["bob"])|first
people|selectattr|list
(people|selectattr("age")) is true
people|groupby("age")|list
people|groupby("city")|map(attribute="grouper")|list
people|groupby("city")|map("first")|list
people|groupby("city", case_sensitive=true)|map(attribute="list")|map("length")|list
people|groupby("tags.0", default="-")|length
l|batch(2)|list
l|batch(2, "x")|list
l|batch(0)|list
[1,2,3,4,5]|slice(2)|list
[1,2,3,4,5]|slice(3, "x")|list
l|slice(0)|list
d|items|list
missing|items|list
l|items|list
l|items is defined
d|dictsort
d|dictsort(true)
d|dictsort(false, "value")
d|dictsort(reverse=true)
d|dictsort(by="x")
l|dictsort
d|list
s|list
n|list
nil|list
nil|default("x")
missing|default("x")
missing|default
missing|d("x")
z|default("x", true)
z|default("x", boolean=true)
d.zz|default("x")
d.zz.y|default("x")
"42"|int
"42.9"|int
"x"|int
"x"|int(5)
"ff"|int(0, 16)
"0x1f"|int(0, 16)
"0x1f"|int(base=0)
" 12 "|int
"1_000"|int
"-7"|int
f|int
nil|int
t|int
missing|int
l|int
"1e3"|int
"inf"|int
"3.5"|float
"x"|float
"x"|float(1.5)
n|float
nil|float
" 1e3 "|float
"nan"|float
"-inf"|float
2.5|round
3.5|round
2.567|round(2)
2.567|round(1, "ceil")
2.567|round(1, "floor")
7|round
7|round(1)
1234|round(-2)
2.675|round(2)
s|round
7|round(0, "x")
m|abs
f|abs
s|abs
n|string
nil|string
l|string
missing|string
f|string ~ "x"
html|escape
html|e
html|safe
html|safe|escape
html|forceescape
html|safe + "<x>"
"<x>" + html|safe
(html|safe) ~ "<x>"
html|safe|upper
html|safe|replace("<", "[")
(html|safe).replace("<", "[")
(html|escape)|length
[html|safe]
html|safe is escaped
html is escaped
("<%s>"|safe) % "<b>"
("<{}>"|safe).format("<b>")
html|striptags
"a <!-- c > d --> b  <i>c"|striptags
s|replace("l", "L")
s|replace("l", "L", 1)
s|replace("o", 0)
n|replace("7", "8")
s|replace
lines|indent
lines|indent(2, true)
lines|indent(">", true, true)
lines|indent(width=2, first=true, blank=true)
"a\n\nb"|indent(2)
"a\n"|indent
n|indent
""|indent(2, true)
"a b c d e f g h i j"|truncate(9)
"a b c d e f g h i j"|truncate(9, true)
"a b c d e f g h i j"|truncate(9, leeway=0)
"abcdefghijklmno"|truncate(5, true, "…", 0)
s|truncate(2)
s|wordcount
u|wordcount
"don't stop-me now"|wordcount
"a b"|urlencode
"a/b?c=é&d"|urlencode
{"a b": "c/d", "e": 1}|urlencode
n|urlencode
s|center(20)
"%s-%d"|format("a", 5)
"%(x)s"|format(x=3)
"%s"|format
1024|filesizeformat
1000000|filesizeformat
1|filesizeformat
1500000|filesizeformat(true)
s|attr("upper")
s|attr("nothing")
d|attr("a")
d|attr("get")("a")
s|tojson
u|tojson
html|tojson
d|tojson
d|tojson(indent=2)
mixed|tojson
mixed|tojson(indent=4)
nested|tojson(indent=1)
empty|tojson(indent=2)
{}|tojson(indent=2)
u|tojson(ensure_ascii=true)
d|tojson(separators=(",", ":"))
d|tojson(sort_keys=true)
d|tojson(indent="--")
{1: 2, none: 3, true: 4, 2.5: 5}|tojson
{(1,2): 3}|tojson
missing|tojson
range(3)|tojson
d.items()|tojson
d.items()|list|tojson
"a\u0000b\u001f\u007f\u2028\\/\""|tojson
[1.0, 1e16, 0.1, -0.0, 1e-7]|tojson
"inf"|float|tojson
(1, 2)|tojson
html|safe|tojson
s|pprint
s|nothing
s is string
n is string
n is number
t is number
f is number
s is number
n is integer
t is integer
f is integer
f is float
n is float
t is boolean
n is boolean
t is true
n is true
no is false
z is false
nil is none
missing is none
missing is defined
nil is defined
missing is undefined
d.zz is undefined
d is mapping
l is mapping
l is sequence
s is sequence
d is sequence
n is sequence
missing is sequence
range(3) is sequence
l is iterable
s is iterable
n is iterable
nil is iterable
missing is iterable
d.items is callable
s is callable
missing is callable
range is callable
n is odd
n is even
s is odd
f is odd
n is divisibleby 7
n is divisibleby(3)
n is divisibleby 0
n is eq 7
n is eq(7)
n is equalto 7.0
n is ne 7
n is gt 3
n is ge 7
n is lt 3
n is le 7
n is greaterthan 3
n is lessthan 3
s is gt 3
"a" is in "abc"
1 is in l
1 is in n
"abc" is lower
"ABC" is upper
nil is sameas none
n is sameas 7
s is not string
missing is not defined
n is not in l
not n is string
"upper" is filter
"nothing" is filter
"odd" is test
n is nothing
n is string or t
n is number and f is number
n is odd is true
s is string ~ "x"
"a" "b" 'c'
"tab\tnew\\n\x41\u00e9\U0001F600\'\q"
'single "double"'
"\101\0"
1.5.x
l|length + 1
-n|abs
n|abs * 2
-1|abs
(-1)|abs
1 + l|length * 2
l | join ( "," ) | upper
not z and t
not (z and t)
1 if t else 2 + 3
[1, 2,][0]
{"a": 1,}["a"]
[n, f, s][1]
(n)
((n, f), s)
d.a + d["b"]
1 in [1] and 2 not in [1]
1 == 1 in [true]
"%s" % "a" ~ "b"
"a" ~ 1 + 2
2 ~ 3 * 4
l.0
people[-1].name
people[0:2]|map(attribute="name")|join("/")
s.split(", ")[1].lower()|length
s[1:3].upper() ~ s[::-1][0]
messages[0].role
messages[0]["content"]
tools
documents
add_generation_prompt
bos_token
"a".join
s.upper
range
dict
namespace
namespace(a=namespace(b=1))
[missing]
{"a": missing}
(missing,)
[nil, t, 1.0, "q'q", "d\"d", "b'\"", "\n\t\\\x00é\u200b\u00a0"]
loop
caller
varargs
"\ud83d"
foo.bar is defined
foo is defined and foo.bar
"x" in {"x": 1}
1.0|string
1e22|string
l|tojson|length
[1,2,3]|map("tojson")|join
"abc"|map("upper")|join
{"b":1,"a":2}|items|sort|list
{"b":1,"a":2}|dictsort|first
("a","b")|join
"a,b"|replace(",", "\n")|length
1|string|int + 1
"5" * 2|int
s|list|length
s|map("upper")|first
[[1,2],[3]]|sum(start=[])
[[1,2],[3]]|map("sum")|list
[{"a":{"b":1}}]|map(attribute="a.b")|list
[[5,6]]|map(attribute=1)|list
[[5,6]]|map(attribute="1")|list
l|select("divisibleby", 2)|first
f()
l()
s()
"a"()
range()
range(1,2,3,4)
s.upper(1)
s.split(",", 1, 2)
s|upper(1)
s|default(1, 2, 3)
s|trim(chars="H")
s|trim(nochars="H")
l|join(x=1)
dict(a=1, **{"b": 2})
dict(**{"a": 1})
range(*[1, 4])|list
range(*l)|list
dict(*[[("a", 1)]])
"{} {}".format(*[1, 2])
s.startswith(*["H"])
dict(**l)
dict(a=1, **{"a": 2})
"""

STATEMENTS = [
    # White space
    "a\n{% if t %}\nb\n{% endif %}\nc\n", "a\n  {% if t %}\n  b\n  {% endif %}\nc", "a {% if t %} b {% endif %} c",
    "a  {%- if t -%}  b  {%- endif -%}  c", "a\n\n{%- if t %}\n\nb\n\n{%- endif %}\n\nc", "a {{- n -}} b", "a\n {{- n }}\n b",
    "  {{ n }}\n", "  {%+ if t %}x{% endif %}", "\t{% if t +%}\nx{% endif %}", "{% if t -%}\n\n x {%- endif %}\n\n\n",
    "{# c #}\nx", "a\n  {# c #}\n  b", "a {#- c -#} b", "a\n{# c\nd #}\n\nb", "x{#+ c +#}\ny", "  {#+ c #} y",
    "{% raw %}{{ n }}{% if %}{% endraw %}", "a\n  {% raw %}\n  {{ x }}\n  {% endraw %}\n b", "{%- raw -%}  x  {%- endraw -%}  y",
    "{% raw -%}\n a {%- endraw +%}\n b", "x\n\n", "x\n", "\n", "", "x\r\ny\rz\r\n", "{{ '\r\n' }}|", "{{ n\n}}\n\n{{ n }}",
    "{% if t %}\n\n{% endif %}", "a\u00a0{%- if t %}b{% endif %}", "\u00a0 {% if t %}b{% endif %}", "{% set x = 1 %}\n{{ x }}",
    "{{ '}}' }}{{ \"%}\" }}", "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ {}}}", "{%if t%}x{%endif%}", "{{n}}{{-n}}", "a{{ -n }}b",
    "  {{ n }}  {% if t %}\n  {% endif %}  ", "{% for x in l %}\n{{ x }}\n{% endfor %}\n.", "{% for x in l -%}\n {{ x }}\n{%- endfor %}",
    "{{ n }} }} {", "{ { % #}", "{{ 1 -}}\n\n{{ 2 }}", "{% if t %}{{ '' }}\n{% endif %}x",
    # For
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }};{% endfor %}", "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1,1,2] %}{{ loop.changed(x) }}{% endfor %}", "{% for x in [] %}x{% else %}none{% endfor %}", "{% for x in l %}x{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k, v in d|items %}{{ loop.index }}{{ k }}{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}",
    "{% for a, b in [[1,2,3]] %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{% for (a, b), c in [[[1,2],3]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, in [[1],[2]] %}{{ a }}{% endfor %}", "{% for x in n %}{% endfor %}", "{% for x in nil %}{% endfor %}", "{% for x in missing %}x{% else %}e{% endfor %}",
    "{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{{ loop.last }}{% endfor %}", "{% for x in l if x > 5 %}x{% else %}none{% endfor %}",
    "{% for x in l if loop.index %}{% endfor %}", "{% for x in l %}{% for y in l if loop.index > 1 %}{{ y }}{% endfor %}|{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in l %}{% continue %}{% else %}else{% endfor %}", "{% for x in l %}{% break %}{% else %}else{% endfor %}", "{% for x in l %}{{ x }}{% if loop.last %}{% break %}{% endif %}{% else %}else{% endfor %}",
    "{% for x in l %}{% for y in l %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}", "{% break %}", "{% if t %}{% continue %}{% endif %}",
    "{% for x in l %}{% set q = x %}{% endfor %}{{ q }}", "{% set q = 0 %}{% for x in l %}{% set q = q + x %}{{ q }} {% endfor %}{{ q }}",
    "{% set q = 0 %}{% for x in l %}{{ q }}{% set q = x %}{% endfor %}", "{% set ns = namespace(q=0) %}{% for x in l %}{% set ns.q = ns.q + x %}{% endfor %}{{ ns.q }}",
    "{% for x in l %}{{ loop }}{% endfor %}", "{% for loop in l %}{% endfor %}", "{% for x in l %}{% set loop = 1 %}{% endfor %}", "{% set loop = 1 %}{{ loop }}",
    "{% for x in l recursive %}{{ x }}{% if x == 3 %}({{ loop([7, 8]) }}){% endif %}{% endfor %}", "{% for x in [[1,[2]],[3,[]]] recursive %}{{ x[0] }}{{ loop.depth }}{% if x[1] %}{{ loop([[x[1][0], []]]) }}{% endif %}{% endfor %}",
    "{% for x in l %}{{ loop(l) }}{% endfor %}", "{% for x in l %}{% set y = loop %}{% for z in l %}{{ y.index }}{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for x in s[:3] %}{{ x }}-{% endfor %}", "{% for x in 'é👩' %}{{ x }}-{% endfor %}", "{% for x in range(3) %}{{ x }}{% endfor %}", "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
    "{% for x in l|map('string') %}{{ x }}{{ loop.last }}{% endfor %}", "{% for x in l|map('string') %}{{ loop.length }}{{ x }}{% endfor %}", "{% set g = l|map('string') %}{{ g|list }}{{ g|list }}",
    "{% set g = l|map('string') %}{{ g|first }}{{ g|list }}", "{% for x in l %}{{ x }}{% endfor %}{{ x }}", "{% for x in l[::-1] %}{{ x }}{% endfor %}", "{% for x in l if x is odd recursive %}{{ x }}{% endfor %}",
    # If
    "{% if z %}a{% elif n %}b{% else %}c{% endif %}", "{% if z %}a{% elif no %}b{% else %}c{% endif %}", "{% if z %}a{% elif no %}b{% elif t %}d{% endif %}", "{% if missing %}a{% endif %}b", "{% if missing.x %}a{% endif %}",
    "{% if l %}{% set v = 1 %}{% else %}{% set v = 2 %}{% endif %}{{ v }}", "{% if not l %}{% set v = 1 %}{% endif %}{{ v }}", "{% if n, %}a{% endif %}", "{% if %}a{% endif %}", "{% if t %}a", "{% endif %}",
    "{% if s|nothing %}{% endif %}", "{% if no %}{{ s|nothing }}{% endif %}x", "{% if t %}{{ s|nothing }}{% endif %}x", "{{ 'a' if t else s|nothing }}", "{{ s|nothing if no else 'b' }}", "{% if no %}{% for x in l %}{{ x|nothing }}{% endfor %}{% endif %}",
    "{% if no %}{{ x is nothing }}{% endif %}y", "{% for x in l %}{% if no %}{{ x|nothing }}{% endif %}{% endfor %}z", "{% if no %}{% set x %}{{ s|nothing }}{% endset %}{% endif %}", "{% if no %}{% set x = s|nothing %}{% endif %}x", "{% if no %}{% macro f() %}{{ s|nothing }}{% endmacro %}{% endif %}",
    # Set
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set a, b = 1 %}", "{% set a, b = l %}", "{% set a, b, c = l %}{{ c }}{{ a }}", "{% set (a, b) = (1, 2) %}{{ b }}", "{% set x = x or 5 %}{{ x }}", "{% set n = n + 1 %}{{ n }}",
    "{% set x %}block {{ n }}{% endset %}{{ x }}|{{ x|length }}", "{% set x | upper %}block{% endset %}{{ x }}", "{% set x | length %}block{% endset %}{{ x + 1 }}", "{% set x | replace('b', 'c') | upper | list %}ab{% endset %}{{ x }}", "{% set x %}{% set y = 1 %}{% endset %}{{ y }}",
    "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b }}", "{% set ns.a = 1 %}", "{% set d.a = 1 %}", "{% set ns = namespace(a=1) %}{% set ns.a, ns.b = 2, 3 %}{{ ns.a }}{{ ns.b }}", "{% set ns = namespace() %}{% set ns._a = 1 %}", "{% set ns = namespace() %}{% set ns.a %}x{% endset %}{{ ns.a }}",
    "{% set ns = namespace(l=[]) %}{% for x in l %}{% set ns.l = ns.l + [x * 2] %}{% endfor %}{{ ns.l }}", "{% set true = 1 %}", "{% set 1 = 2 %}", "{% set a.b.c = 1 %}", "{% set a[0] = 1 %}", "{% set x = %}", "{% set a, = [1] %}{{ a }}", "{% set ns = namespace() %}{% set ns.self = ns %}{{ ns.self.self is defined }}",
    # Macros
    "{% macro f(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(b=4, a=5) }}", "{% macro f(a) %}[{{ a }}]{% endmacro %}{{ f() }}", "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{% endmacro %}{{ f(b=1) }}",
    "{% macro f(a, b=a) %}{{ b }}{% endmacro %}{{ f(3) }}", "{% macro f(a=b, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ f() }}", "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}", "{% macro f(x) %}{{ kwargs.y }}{% endmacro %}{{ f(1, y=2) }}",
    "{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}body{% endcall %}", "{% macro f() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) f() %}{{ b }}{{ a }}{% endcall %}", "{% macro f() %}x{% endmacro %}{% call f() %}body{% endcall %}", "{% macro f() %}{{ caller is defined }}{% endmacro %}{{ f() }}",
    "{% macro f() %}{{ caller() }}{% endmacro %}{{ f() }}", "{% macro f(caller) %}{{ caller }}{% endmacro %}{{ f(1) }}", "{% macro f(caller=none) %}{{ caller }}{% endmacro %}{{ f() }}", "{% macro fact(k) %}{% if k < 2 %}1{% else %}{{ k * fact(k - 1)|int }}{% endif %}{% endmacro %}{{ fact(5) }}",
    "{% macro f() %}{{ q }}{% endmacro %}{{ f() }}{% set q = 1 %}{{ f() }}", "{% macro f() %}{% set q = 2 %}{{ q }}{% endmacro %}{% set q = 1 %}{{ f() }}{{ q }}", "{% macro f() %}{{ n }}{{ missing }}{% endmacro %}{{ f() }}", "{% macro f() %}  x  {% endmacro %}[{{ f() }}]",
    "{% macro f(a) %}{{ a }}{% endmacro %}{% for x in l %}{{ f(x) }}{% endfor %}", "{% for x in l %}{% macro f() %}{{ x }}{% endmacro %}{{ f() }}{% endfor %}", "{% if t %}{% macro f() %}x{% endmacro %}{% endif %}{{ f() }}", "{{ f() }}{% macro f() %}x{% endmacro %}", "{% macro f(a, a) %}{% endmacro %}",
    "{% macro f(a=1, b) %}{% endmacro %}", "{% macro f(x) %}{{ x }}{% endmacro %}{{ f.name }}{{ f.arguments }}{{ f }}", "{% macro f() %}{{ '<' }}{% endmacro %}{{ f()|escape }}", "{% macro f(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ f(*[1, 2]) }}{{ f(**{'a': 3, 'b': 4}) }}", "{% macro f() %}{% endmacro %}{{ f()|length }}",
    "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}g{% endmacro %}{{ f() }}", "{% macro outer() %}{% macro inner() %}i{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}{{ inner is defined }}", "{% for x in l %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}",
    "{% macro f(m) %}{% for x in m %}{{ x }}{% endfor %}{% endmacro %}{{ f(l) }}", "{% macro f(x) %}{% set ns = namespace(v=x) %}{% set ns.v = ns.v + 1 %}{{ ns.v }}{% endmacro %}{{ f(1)|int + 1 }}", "{% call range(3) %}{% endcall %}", "{% call n %}{% endcall %}",
    "{% macro l2(d) %}{{ d }}{% if d < 3 %}{{ l2(d + 1) }}{% endif %}{% endmacro %}{{ l2(0) }}", "{% macro f(a) %}{{ a is defined }}{{ a }}{% endmacro %}{{ f(missing) }}{{ f() }}{{ f(none) }}",
    # Others
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b')|upper %}aa{% endfilter %}", "{% filter length %}abc{% endfilter %}", "{% filter nothing %}{% endfilter %}", "{% filter indent(2) %}a\nb{% endfilter %}",
    "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "{% with a = 1, b = a %}{{ b }}{% endwith %}", "{% block x %}b{{ n }}{% endblock %}", "{% block x %}{% endblock y %}", "{% print n, s %}", "{% print n %}",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% from 'x' import y %}", "{% extends 'x' %}", "{% if no %}{% include 'x' %}{% endif %}y", "{% nothing %}", "{% do l.append(1) %}", "{% 5 %}", "{% %}",
    "{% generation %}a{{ n }}{% endgeneration %}", "x{% generation %}{% set q = 1 %}{{ q }}{% endgeneration %}{{ q }}", "{% for x in l %}{% generation %}{{ x }}{{ loop.index }}{% endgeneration %}{% endfor %}", "{% for x in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %}", "{%- generation -%} a {%- endgeneration -%} b",
    "{{ n", "{{ n }", "{% if t }}", "{{ n %}", "{# open", "{% raw %}open", "{{ 'open }}", "{{ (1 }}", "{{ 1) }}", "{{ [1 }}", "{{ {1: }}", "{{ 1 2 }}", "{{ }}", "{{ a..b }}", "{{ a. }}", "{{ |upper }}", "{{ s| }}", "{{ s is }}", "{{ 1 + }}", "{{ @ }}", "{{ a ? b }}", "{{ not }}", "{{ a if }}", "{{ f(a=1, 2) }}", "{{ f(a=1, a=2) }}", "{{ f(*a, *b) }}", "{{ l[1:2, 3] }}", "{{ l[] }}", "{{ l[1, 2] }}",
    "{% for x l %}{% endfor %}", "{% for in l %}{% endfor %}", "{% for x in %}{% endfor %}", "{% for x in l %}", "{% endfor %}", "{% else %}", "{% macro %}{% endmacro %}", "{% macro f %}{% endmacro %}", "{% set %}", "{% if t %}{% endfor %}", "{% if t %}x{% else %}y{% else %}z{% endif %}", "{% if t: %}x{% endif %}", "{% for x in l: %}{{ x }}{% endfor %}",
    "{{ 1;2 }}", "{{ a = 1 }}", "{{ s|upper()|lower }}", "{{ s . upper ( ) }}", "{{ d . a }}", "{{- s -}}{{- n -}}", "{% set x = {'a': [1, {'b': 2}]} %}{{ x.a[1].b }}", "{{ s\n|upper\n|lower }}", "{% set a = 'x' if no %}{{ a is defined }}", "{{ [1,2][:1] ~ (3,) }}", "{{ l|join(',')|replace(',', '\n') }}\n!", "{{ '%s' % (l|join('-')) }}",
    "{% set items = d.items()|list %}{{ items[0][0] }}", "{{ (d.items()|list)[0] }}", "{% set m = messages %}{% for x in m %}{{ x.role }}: {{ x['content'] }}{% endfor %}", "{{ messages|length }}{{ messages[-1].role == 'user' }}", "{% if messages[0]['role'] == 'system' %}a{% else %}b{% endif %}",
    "{{ 0 ~ '' ~ none ~ true ~ 1.50 ~ [1.0] ~ {'a': none} }}", "{{ '' }}{{ none }}{{ true }}{{ [] }}", "{{ s.split(',')|map('trim')|list }}", "{{ dict(a=1).items()|list }}", "{{ namespace(x=[1]).x[0] }}", "{% set x = namespace(y=d) %}{{ x.y.a }}{{ x['y']['b'] }}", "{% set x = cycler('a', 'b') %}{{ x.next() }}{{ x.next() }}{{ x.current }}{{ x.reset() }}{{ x.next() }}", "{% set j = joiner('+') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}",
]


def without_none(messages):
    """Messages as apply_chat_template hands them on: keys whose value is None are dropped."""
    return [{k: v for k, v in m.items() if v is not None} if isinstance(m, dict) else m for m in messages]


def render(template, messages, tools=None, documents=None, prompt=False, variables=None):
    try:
        texts, spans = chat_template_utils.render_jinja_template(
            [without_none(messages)], tools=tools, documents=documents, chat_template=template,
            return_assistant_tokens_mask=True, add_generation_prompt=prompt, **(variables or {}))
        texts[0].encode("utf-8")
        return texts[0], [list(span) for span in spans[0]]
    except RecursionError:
        raise
    except Exception as error:
        return type(error).__name__


def main():
    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime(2026, 1, 31, 12, 34, 56)

    chat_template_utils.datetime = Frozen
    templates = ["{{ " + line + " }}" for line in EXPRESSIONS.strip("\n").split("\n")] + STATEMENTS
    cases = []
    for template in templates:
        outcome = render(template, CONTEXT["messages"], variables=CONTEXT["variables"])
        if isinstance(outcome, str):
            cases.append({"template": template, "refused": outcome})
        elif " at 0x" in outcome[0] or "<function" in outcome[0] or "<class" in outcome[0]:
            continue  # Python prints an address.
        else:
            cases.append({"template": template, "expected": outcome[0]})
    write("snippets.json", {"context": CONTEXT, "cases": cases})
    if os.path.exists(os.path.join(FOLDER, "conversations.json")):
        conversations = json.load(open(os.path.join(FOLDER, "conversations.json"), encoding="utf-8"))
        chats = []
        for name in sorted(os.listdir(FOLDER)):
            if not name.endswith(".jinja"):
                continue
            source = open(os.path.join(FOLDER, name), encoding="utf-8").read()
            for index, case in enumerate(conversations):
                for prompt in (False, True):
                    outcome = render(source, case["messages"], case.get("tools"), case.get("documents"), prompt, case.get("variables"))
                    entry = {"template": name, "conversation": index, "prompt": prompt}
                    if isinstance(outcome, str):
                        entry["refused"] = outcome
                    else:
                        entry["text"], entry["generations"] = outcome
                    chats.append(entry)
        write("chats.json", chats)


def write(name, value):
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as output:
        json.dump(value, output, ensure_ascii=False, indent=0)
        output.write("\n")
    print(f"{name}: {len(value['cases']) if isinstance(value, dict) else len(value)} cases", file=sys.stderr)


if __name__ == "__main__":
    main()
