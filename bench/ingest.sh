#!/usr/bin/env bash
# The same RTMP sessions on Kestrel's connection handlers, on Kestrel with inline scheduling, and on plain sockets with pipes over their streams: N publishers of 1 Mbit/s, media thrown away.
# In turn, ROUNDS times; the medians count.
#   N=300  ROUNDS=3  SECONDS_EACH=15  TRANSPORTS="kestrel sockets kestrel-inline sockets-16384"  bench/ingest.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
n=${N:-300}
rounds=${ROUNDS:-3}
seconds=${SECONDS_EACH:-15}
transports=${TRANSPORTS:-kestrel sockets kestrel-inline sockets-16384}

need_dotnet
need_command ffmpeg ffmpeg
install_missing_packages
build_tool
file=$(prepared_flv 1000 640x360)

# What the server's own project sets: the tool's settings are others.
export DOTNET_gcServer=0 DOTNET_gcConcurrent=1 DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0
port=$base_port
for round in $(seq "$rounds"); do
  for transport in $transports; do
    port=$((port + 1))
    buffer=4096
    [ "$transport" = "${transport#sockets-}" ] || buffer=${transport#sockets-}
    start_tool ingest --transport "${transport%-[0-9]*}" --buffer "$buffer" --port "$port"
    host=$child
    wait_for 10 listening "$port"
    start_tool publish --url "rtmp://127.0.0.1:$port/live" --key k --count "$n" --file "$file" >"$work/publish.log"
    publisher=$child
    wait_for 60 grep -q "publishing=$n" "$work/publish.log"
    sleep 5
    echo "$transport $(tool usage --pid "$host" --seconds "$seconds")" | tee -a "$work/results"
    stop "$publisher"
    grep -q "lost=0" "$work/publish.log" || echo "  publishers were dropped: $(tail -n 1 "$work/publish.log")"
    stop "$host"
  done
done

echo
echo "medians of $rounds rounds, $n publishers (CPU % of a core, PSS MB):"
for transport in $transports; do
  middle() { sed -nE "s/^$transport .*$1=([0-9.]+).*/\1/p" "$work/results" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
  printf '%-16s %7s %7s\n' "$transport" "$(middle cpu)" "$(middle pss)"
done
