#!/usr/bin/env bash
# Ingests a folder and asks it questions, with data of the demo's own: your corpus is not touched.
# CORPUS names the folder; Q is the question, or three about examples/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
export DATA_DIR="${DATA_DIR:-${TMPDIR:-/tmp}/yinju-demo-$(id -u)}"

./yinju ingest -- "${CORPUS:-examples/corpus}"
questions=("${Q:-}")
if [ -z "${Q:-}" ]; then
  questions=("修铁路的人怎么对付冻土？" "港珠澳那座桥干嘛不一路架过去，非得钻海底？" "三峡电站的总装机容量是多少千瓦？")
fi
for question in "${questions[@]}"; do
  printf '\n── %s\n' "$question"
  ./yinju ask -- "$question"
done
