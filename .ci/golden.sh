#!/usr/bin/env bash
# Compare documents with those that the original printed, field by field: nothing may be
# missing and no type may differ. Takes the folder of golden documents, the command to
# run and the scenarios. Monitors whose documents differ on purpose are left out; each
# stands with its reason in docs/differences.md.
set -euo pipefail
golden=$1 command=$2
shift 2
ours=$(mktemp -d)
trap 'rm -rf "$ours"' EXIT

declare -A on_purpose=(
    [icmp]='"id":"v6-(literal|bracket)"'
)

python3 "$golden/run.py" --cmd "$command" --out "$ours/all" "$@"
mkdir "$ours/reference" "$ours/compared"
for name in "$@"; do
    left_out=${on_purpose[$name]:-nothing is left out}
    cp "$golden/$name.yml" "$ours/reference"
    for file in "$golden/$name".*ndjson; do
        grep -Ev "$left_out" "$file" >"$ours/reference/${file##*/}" || true
    done
    grep -Ev "$left_out" "$ours/all/$name.ndjson" >"$ours/compared/$name.ndjson"
done
python3 "$golden/compare.py" "$ours/reference" "$ours/compared" "$@" | grep -v "^  extra"
