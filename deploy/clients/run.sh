#!/usr/bin/env bash
# Serves examples/corpus, with data of its own, and tries it with the official clients. They are put into the user's
# cache folder once, at the versions of requirements.txt and package.json.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
export DATA_DIR="${DATA_DIR:-${TMPDIR:-/tmp}/yinju-clients-$(id -u)}" LISTEN_ADDR=127.0.0.1:0 YINJU_LANG=en
cache="${XDG_CACHE_HOME:-$HOME/.cache}/yinju/clients"
mkdir -p "$cache"

if ! cmp -s "$here/requirements.txt" "$cache/requirements.txt"; then
  python3 -m venv --clear "$cache/venv"
  "$cache/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$cache/requirements.txt"
fi
if ! cmp -s "$here/package.json" "$cache/package.json" || [ ! -d "$cache/node_modules/openai" ]; then
  cp "$here/package.json" "$cache/package.json"
  (cd "$cache" && npm install --silent --no-package-lock --no-fund --no-audit --ignore-scripts)
fi
cp "$here/chat.mjs" "$cache/chat.mjs" # node looks for packages beside the file

./yinju ingest examples/corpus
log="$(mktemp)"
./yinju serve --no-telegram 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null && wait "$server" || true; rm -f "$log"' EXIT
for _ in $(seq 300); do
  url="$(sed -n 's|.*HTTP: \(http://[0-9.:]*\).*|\1|p' "$log")"
  if [ -n "$url" ]; then break; fi
  kill -0 "$server" || { cat "$log"; exit 1; }
  sleep 0.2
done
[ -n "$url" ] || { echo "the server did not start:"; cat "$log"; exit 1; }

"$cache/venv/bin/python" "$here/chat.py" "$url"
node "$cache/chat.mjs" "$url"
"$cache/venv/bin/python" "$here/tools.py" "$url"
