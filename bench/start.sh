#!/usr/bin/env bash
# How long the server takes from its start until it is ready, with many keys and destinations in its state. Wanted: below 2 s with 10,000 keys and 500 destinations.
#   KEYS=10000  DESTINATIONS=500  RUNS=5  bench/start.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

keys=${KEYS:-10000}
destinations=${DESTINATIONS:-500}
need_dotnet
need_command curl curl
install_missing_packages
build_server
api=$base_port
export ADMIN_TOKEN=bench-token-of-the-owner ENCRYPTION_KEY="a passphrase for measuring" DATA_DIR=$work/data
export PORT=$api WS_PORT=$((api + 1)) METRICS_PORT=$((api + 2)) HEALTH_PORT=$((api + 3)) RTMP_PORT=$((api + 4)) BIND_ADDRESS=127.0.0.1
unset CONFIG_FILE

ready() { curl -fsS -o /dev/null "http://127.0.0.1:$((api + 3))/health/ready"; }

# begin: starts the server and says in $took how many milliseconds it was until it was ready.
begin() {
  local from
  from=$(date +%s%N)
  start dotnet artifacts/bench/server/StreamManager.Server.dll >"$work/server.log" 2>&1
  server=$child
  until ready 2>/dev/null; do sleep 0.02; done
  took=$((($(date +%s%N) - from) / 1000000))
}

# requests COUNT PATH BODY: posts BODY, with # replaced by its number, COUNT times.
requests() {
  local i body
  for ((i = 1; i <= $1; i++)); do
    [ "$i" = 1 ] || echo next
    body=${3//#/$i}
    printf 'url = "http://127.0.0.1:%d%s"\nheader = "Authorization: Bearer %s"\nheader = "Content-Type: application/json"\noutput = "/dev/null"\nfail\ndata = "%s"\n' \
      "$api" "$2" "$ADMIN_TOKEN" "${body//\"/\\\"}"
  done >"$work/requests"
  curl --no-progress-meter --parallel --parallel-max 32 --config "$work/requests" 2>"$work/refused" || { sort "$work/refused" | uniq -c | head -n 5 >&2; return 1; }
}

begin
echo "empty: ready after $took ms"
requests "$keys" /api/keys '{ "name": "key #", "kind": "regular" }'
requests "$destinations" /api/destinations '{ "name": "destination #", "url": "rtmp://127.0.0.1:9/live", "streamKey": "key-#", "enabled": false }'
stop "$server"
for ((run = 1; run <= ${RUNS:-5}; run++)); do
  begin
  count=$(curl -fsS -H "Authorization: Bearer $ADMIN_TOKEN" "http://127.0.0.1:$api/api/destinations" | grep -o '"streamKeyHint"' | wc -l)
  echo "$keys keys, $count destinations: ready after $took ms"
  stop "$server"
done
