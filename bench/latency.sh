#!/usr/bin/env bash
# Time from a publisher's send to a destination's receive, over N destinations, for nginx-rtmp, one ffmpeg per destination, and this server.
#   N=8  RELAYS="nginx ffmpeg server"  SECONDS_EACH=20  bench/latency.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
n=${N:-8}
relays=${RELAYS:-nginx ffmpeg server}
seconds=${SECONDS_EACH:-20}

need_dotnet
need_command ffmpeg ffmpeg
need_command curl curl
need_command nginx nginx
need_file '/usr/lib*/nginx/modules/ngx_rtmp_module.so' libnginx-mod-rtmp
install_missing_packages
build_tool
case " $relays " in *" server "*) build_server ;; esac
file=$(prepared_flv 6000 1920x1080)

port=$base_port
for relay in $relays; do
  port=$((port + 5))
  sink_port=$port relay_port=$((port + 1)) api_port=$((port + 2)) key=source
  : >"$work/sink.status"
  start_tool sink --port "$sink_port" --latency --status "$work/sink.status" >"$work/sink.log"
  sink=$child
  wait_for 10 listening "$sink_port"
  relay_pids=()
  case "$relay" in
    nginx)
      write_nginx_conf "$work/nginx-$port" "$relay_port" $(seq -f "rtmp://127.0.0.1:$sink_port/live/k%g" "$n")
      start_nginx "$work/nginx-$port" "$relay_port"
      relay_pids=("$nginx")
      ;;
    ffmpeg)
      write_nginx_conf "$work/nginx-$port" "$relay_port"
      start_nginx "$work/nginx-$port" "$relay_port"
      relay_pids=("$nginx")
      ;;
    server)
      start_server "$relay_port" "$api_port"
      relay_pids=("$server")
      key=bench
      for i in $(seq "$n"); do add_destination "$api_port" "d$i" "rtmp://127.0.0.1:$sink_port/live" "k$i"; done
      ;;
  esac
  start_tool publish --url "rtmp://127.0.0.1:$relay_port/live" --key "$key" --file "$file" --stamp >"$work/publish.log"
  publisher=$child
  if [ "$relay" = ffmpeg ]; then
    for i in $(seq "$n"); do
      start ffmpeg -nostdin -v quiet -fflags nobuffer -i "rtmp://127.0.0.1:$relay_port/live/source" -c copy -f flv "rtmp://127.0.0.1:$sink_port/live/k$i"
      relay_pids+=("$child")
    done
  fi
  wait_for 60 eval "[ \"\$(cut -d' ' -f1 '$work/sink.status')\" -ge $n ]"
  # What a relay had cached when a destination joined is old by nature: measuring begins when all are in step.
  sleep 5
  kill -USR1 "$sink"
  sleep "$seconds"
  stop "$sink"
  echo "$relay, $n destinations: $(cat "$work/sink.log")"
  for pid in "$publisher" "${relay_pids[@]}"; do stop "$pid"; done
done
