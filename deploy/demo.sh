#!/usr/bin/env bash
# Ingests a folder and asks it questions, with data of the demo's own: your corpus is not touched.
# CORPUS names the folder; Q is the question, or three about examples/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
export DATA_DIR="${DATA_DIR:-${TMPDIR:-/tmp}/yinju-demo-$(id -u)}"

./yinju ingest -- "${CORPUS:-examples/corpus}"
questions=("${Q:-}")
if [ -z "${Q:-}" ]; then
  questions=("青藏铁路最高点在哪里，海拔多少？" "人类最后一例天花病人是哪年的？" "三峡电站的总装机容量是多少千瓦？")
fi
for question in "${questions[@]}"; do
  printf '\n── %s\n' "$question"
  ./yinju ask -- "$question"
done
