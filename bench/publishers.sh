#!/usr/bin/env bash
# Many publishers of 1 Mbit/s at once: none may be dropped; CPU and memory of the server. Each has a channel of its own.
#   N=300  SECONDS_EACH=30  bench/publishers.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
n=${N:-300}
seconds=${SECONDS_EACH:-30}

need_dotnet
need_command ffmpeg ffmpeg
install_missing_packages
build_tool
build_server
file=$(prepared_flv 1000 640x360)

server_config="$work/channels.yml"
{
  echo "channels:"
  for i in $(seq "$n"); do printf '  - { id: c%s, ingest_key: publisher%s }\n' "$i" "$i"; done
} >"$server_config"
start_server "$base_port" "$((base_port + 1))" "$server_config"
start_tool publish --url "rtmp://127.0.0.1:$base_port/live" --key publisher --count "$n" --file "$file" >"$work/publish.log"
publisher=$child
wait_for 60 grep -q "publishing=$n" "$work/publish.log"
sleep 5
tool usage --pid "$server" --seconds "$seconds"
kill "$publisher"
wait "$publisher" && echo "no publisher was dropped" || echo "publishers were dropped"
cat "$work/publish.log"
