#!/usr/bin/env bash
# Tests the page: its modules with Node's own runner, then the whole in a headless Chromium against real servers.
# The two npm packages that this takes are kept in the user's cache folder, by the hash of their lock file.
set -euo pipefail
cd "$(dirname "$0")"
need() {
  command -v "$1" >/dev/null && return
  echo "make test-page needs $1: $2" >&2
  exit 1
}
need node "install Node.js 20 or later (Debian: apt install nodejs npm)"
need npm "install it beside Node.js (Debian: apt install npm)"
need chromium "install it (Debian: apt install chromium fonts-noto-cjk)"

node --test unit.test.js

modules="${XDG_CACHE_HOME:-$HOME/.cache}/yinju/pagetest-$(sha256sum package-lock.json | cut -c1-16)"
if [ ! -e "$modules/.whole" ]; then
  mkdir -p "$modules"
  cp package.json package-lock.json "$modules"
  npm ci --prefix "$modules" --ignore-scripts --no-audit --no-fund
  touch "$modules/.whole"
fi
export PAGE_MODULES="$modules" CHROMIUM="$(command -v chromium)"
cd ../../..
go test -tags page -run '^TestPage$' -count=1 -timeout 10m -v .
