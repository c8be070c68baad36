#!/usr/bin/env bash
# CPU of the server with 2,000 WebSocket clients that get the frame of metrics each second, while a program is on air. Wanted: below 25 % of one core.
#   COUNT=2000  SECONDS_EACH=20  bench/websocket.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_dotnet
need_command curl curl
need_command ffmpeg ffmpeg
install_missing_packages
build_tool
build_server
ulimit -n "$(ulimit -Hn)"
api_port=$((base_port + 1))
start_server "$base_port" "$api_port"
file=$(prepared_flv 2500 1280x720)
start_tool publish --url "rtmp://127.0.0.1:$base_port/live" --key bench --file "$file"
wait_for 30 sh -c "curl -sS --fail -H 'Authorization: Bearer bench' http://127.0.0.1:$api_port/api/status | grep -q '\"state\":\"live\"'"
sleep 5

echo "program on air, no client:"
tool usage --pid "$server" --seconds "${SECONDS_EACH:-20}"

start_tool websocket --url "ws://127.0.0.1:$api_port/ws" --token bench --count "${COUNT:-2000}" --seconds "$((${SECONDS_EACH:-20} + 5))" >"$work/clients.txt"
clients=$child
wait_for 120 grep -q ready "$work/clients.txt"
echo "with ${COUNT:-2000} clients:"
tool usage --pid "$server" --seconds "${SECONDS_EACH:-20}"
wait "$clients" && verdict=0 || verdict=$?
cat "$work/clients.txt"
exit "$verdict"
