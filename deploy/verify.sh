#!/usr/bin/env bash
# Has Docker Compose and systemd read what is in this folder for them. Needs docker with its compose plugin, or docker-compose,
# and systemd-analyze; no engine and no running systemd.
set -euo pipefail
cd "$(dirname "$0")"
work="$(mktemp -d "${TMPDIR:-/tmp}/yinju-deploy.XXXXXX")"
trap 'rm -rf "$work"' EXIT
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
CORPUS=/tmp "${compose[@]}" -f compose.yaml config --quiet
cp systemd/* "$work"
sed -i 's#/usr/local/bin/yinju#/bin/true#' "$work"/*.service # which need not be installed here
systemd-analyze verify "$work"/*.service "$work"/*.timer
echo "compose.yaml and the units are as Compose and systemd want them."
