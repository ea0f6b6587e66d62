#!/usr/bin/env bash
# Lets schemathesis try every operation of /openapi.json on a real `yinju serve` over examples/corpus, with data of its
# own. Exits with 1 where it finds anything. SEED makes the same requests again; EXAMPLES are those of one operation.
set -euo pipefail
cd "$(dirname "$0")/../.."
root="$PWD" here="$PWD/deploy/api"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/yinju/api-$(sha256sum "$here"/requirements.txt | cut -c1-12)"
if [ ! -e "$venv/ready" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" --quiet --disable-pip-version-check install --no-deps -r "$here"/requirements.txt
  touch "$venv/ready"
fi

work="$(mktemp -d "${TMPDIR:-/tmp}/yinju-api.XXXXXX")"
chmod 755 "$work"
serving=
finish() {
  if [ -n "$serving" ]; then
    kill "$serving" 2>/dev/null && wait "$serving" || true
  fi
  rm -rf "$work"
}
trap finish EXIT

# Of the account's own settings only where the parts are: no database, no language model, no bot.
while IFS= read -r key; do unset "$key"; done < <(grep -oE '^#?[A-Z0-9_]+=' .env.example | tr -d '#=' | grep -vE '^(PARTS_DIR|MODEL_DIR|ONNXRUNTIME_LIB|DICTIONARY_FILE)$')
key="$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')"
export DATA_DIR="$work/data" REINGEST_SETTLE=0s LISTEN_ADDR=127.0.0.1:0 YINJU_LANG=en HTTP_RATE=1000000 API_KEYS="tester:ask+admin:$key"

cd "$work" # where no .env is read
"$root/yinju" ingest "$root/examples/corpus"
: >serve.log # it is read before the server has begun
"$root/yinju" serve 2>serve.log &
serving=$!
address=
for _ in $(seq 300); do
  address="$(sed -nE 's#^HTTP: (http://[0-9.:]+).*#\1#p' serve.log)"
  [ -n "$address" ] && break
  kill -0 "$serving" || { cat serve.log; exit 1; }
  sleep 0.2
done

cp "$here/hooks.py" yinju_hooks.py
seed=()
[ -n "${SEED:-}" ] && seed=(--seed "$SEED")
SCHEMATHESIS_HOOKS=yinju_hooks PYTHONPATH="$work" "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$address/openapi.json" \
  --header "Authorization: Bearer $key" --checks all --max-examples "${EXAMPLES:-150}" --workers 2 --warnings off "${seed[@]}"
grep -E 'level=(WARN|ERROR)' serve.log && { echo "the server has met faults of its own" >&2; exit 1; }
exit 0
