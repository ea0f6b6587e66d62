#!/usr/bin/env bash
# Measures answers on the questions of examples/, with data of its own, and holds them to examples/floors.txt.
# What is given is passed on to yinju eval, such as --html report.html.
set -euo pipefail
cd "$(dirname "$0")/.."
export DATA_DIR="${DATA_DIR:-${TMPDIR:-/tmp}/yinju-eval-$(id -u)}"

./yinju ingest examples/corpus
floors=()
while IFS= read -r floor; do
  floors+=("--min=$floor")
done < <(grep -v '^#' examples/floors.txt)
./yinju eval "${floors[@]}" "$@" examples/questions.jsonl
