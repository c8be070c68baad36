#!/usr/bin/env bash
# Memory of the server over publish/cut cycles: 4 destinations on air, the source cut by a reset three times of four and by a farewell else, each third time a destination that resets, each
# fiftieth time a source in another format (which starts a transcoder). The first cycles, in which code is compiled and buffers find their size, do not count.
#   COUNT=1000  WARMUP=100  EVERY=100  MEDIA_MS=333  bench/cycles.sh        about seven minutes
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
count=${COUNT:-1000}
warmup=${WARMUP:-100}

need_dotnet
need_command ffmpeg ffmpeg
install_missing_packages
build_tool
build_server
file=$(prepared_flv 1000 640x360)
other=$(prepared_flv 1500 854x480)

sink_port=$((base_port + 5))
{
  # The program returns to a source with its first keyframe, so that each cycle goes there and back; destinations come back at once.
  echo "return_after: 0"
  echo "destinations:"
  for i in 1 2 3 4; do
    echo "  - { name: d$i, url: \"rtmp://127.0.0.1:$sink_port/live\", stream_key: k$i, settings: { retry_initial_seconds: 0.2, retry_maximum_seconds: 0.5 } }"
  done
} >"$work/cycles.yml"
start_server "$base_port" "$((base_port + 1))" "$work/cycles.yml"
tool cycles --url "rtmp://127.0.0.1:$base_port/live" --key bench --file "$file" --other-file "$other" --sink-port "$sink_port" \
  --metrics "http://127.0.0.1:$metrics_port/metrics" --pid "$server" --count "$count" --warm-up "$warmup" --every "${EVERY:-100}" --media-ms "${MEDIA_MS:-333}"
