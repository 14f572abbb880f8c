#!/bin/bash
# Succeeds if the server has a version AVAILABLE of every model in its config. The image has no curl; bash speaks TCP.
#   health_check.sh [CONFIG] [REST_PORT]
set -euo pipefail
config=${1:-/config/models.config}
port=${2:-8501}

names=$(sed 's/#.*//' "$config" | grep -oE '\bname: *"[^"]+"' | cut -d'"' -f2 || true)
[ -n "$names" ] || { echo "no models in $config" >&2; exit 1; }
for name in $names; do
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /v1/models/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$name" >&3
  grep -qE '"state": *"AVAILABLE"' <&3 || { echo "$name is not available" >&2; exit 1; }
done
