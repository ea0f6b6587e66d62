#!/usr/bin/env bash
# Has Docker Compose and systemd read what is in this folder for them, and hadolint where it is there; no engine and no
# running systemd.
set -euo pipefail
cd "$(dirname "$0")"
need() {
  echo "make test-deploy needs $1: $2" >&2
  exit 1
}
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  need "Docker Compose" "install docker-compose or the plugin, 2.24 or later (Debian 13: apt install docker-cli docker-compose)"
fi
command -v systemd-analyze >/dev/null || need systemd-analyze "install it (Debian: apt install systemd)"

work="$(mktemp -d "${TMPDIR:-/tmp}/yinju-deploy.XXXXXX")"
trap 'rm -rf "$work"' EXIT
env -u CORPUS "${compose[@]}" -f compose.yaml config --quiet

cp systemd/* "$work"
sed -i 's#/usr/local/bin/yinju#/bin/true#' "$work"/*.service # which need not be installed here
systemd-analyze verify "$work"/*.service "$work"/*.timer
for unit in "$work"/*.service; do # from 0, shut in, to 100; a unit that says nothing has 96
  systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" >"$work/security" || {
    cat "$work/security" >&2
    exit 1
  }
done

if command -v hadolint >/dev/null; then hadolint Dockerfile; fi
echo "Dockerfile, compose.yaml and the units are as they are wanted."
