#!/usr/bin/env bash
# One source of 6 Mbit/s 1080p30 to N destinations: CPU and memory of the relaying processes for this server, nginx-rtmp `push`, and one
# `ffmpeg -c copy` per destination, all in one run on one machine. Figures of different machines do not compare; the ratios to nginx do.
#   COUNTS="1 8 32 100"  RELAYS="nginx ffmpeg server"  WINDOW=20  WARMUP=6  FFMPEG_MOST=32  bench/fanout.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
counts=${COUNTS:-1 8 32 100}
relays=${RELAYS:-nginx ffmpeg server}
window=${WINDOW:-20}
warmup=${WARMUP:-6}
ffmpeg_most=${FFMPEG_MOST:-32}

need_dotnet
need_command ffmpeg ffmpeg
need_command curl curl
need_command nginx nginx
need_file '/usr/lib*/nginx/modules/ngx_rtmp_module.so' libnginx-mod-rtmp
install_missing_packages
build_tool
case " $relays " in *" server "*) build_server ;; esac
file=$(prepared_flv 6000 1920x1080)

publish() {
  start ffmpeg -nostdin -v error -re -stream_loop -1 -i "$file" -c copy -f flv "$1"
  publisher=$child
}

# measure RELAY N PIDS: waits until N publishes are in the sink, lets it run warm, measures; adds a line to the results.
measure() {
  local relay=$1 n=$2 pids=$3 before after usage rate
  wait_for 60 eval "[ \"\$(cut -d' ' -f1 '$work/sink.status')\" -ge $n ]"
  sleep "$warmup"
  [ "$relay" != server ] || save_metrics "$work/metrics.before"
  before=$(cut -d' ' -f3 "$work/sink.status")
  usage=$(tool usage --pid "$pids" --seconds "$window")
  after=$(cut -d' ' -f3 "$work/sink.status")
  if [ "$relay" = server ]; then
    save_metrics "$work/metrics.after"
    echo "$n $(tool quantile --metric program_handover_milliseconds --percent 50 --before "$work/metrics.before" --after "$work/metrics.after") $(
      tool quantile --metric program_handover_milliseconds --before "$work/metrics.before" --after "$work/metrics.after")" >>"$work/handover"
  fi
  rate=$(awk -v b="$((after - before))" -v n="$n" -v s="$window" 'BEGIN { printf "%.2f", b * 8 / n / s / 1e6 }')
  echo "$relay $n $(sed -E 's/[a-z]+=//g' <<<"$usage") $rate $(cut -d' ' -f2 "$work/sink.status")" | tee -a "$work/results"
}

port=$base_port
for n in $counts; do
  for relay in $relays; do
    [ "$relay" != ffmpeg ] || [ "$n" -le "$ffmpeg_most" ] || continue
    port=$((port + 5))
    sink_port=$port relay_port=$((port + 1)) api_port=$((port + 2))
    : >"$work/sink.status"
    start_tool sink --port "$sink_port" --status "$work/sink.status" >"$work/sink.log"
    sink=$child
    wait_for 10 listening "$sink_port"
    case "$relay" in
      nginx)
        write_nginx_conf "$work/nginx-$port" "$relay_port" $(seq -f "rtmp://127.0.0.1:$sink_port/live/k%g" "$n")
        start_nginx "$work/nginx-$port" "$relay_port"
        publish "rtmp://127.0.0.1:$relay_port/live/source"
        measure nginx "$n" "$nginx"
        stop "$publisher"
        stop "$nginx"
        ;;
      ffmpeg)
        # The source is held by an nginx that is not counted; each ffmpeg plays it from there.
        write_nginx_conf "$work/nginx-$port" "$relay_port"
        start_nginx "$work/nginx-$port" "$relay_port"
        publish "rtmp://127.0.0.1:$relay_port/live/source"
        pids=()
        for i in $(seq "$n"); do
          start ffmpeg -nostdin -v error -i "rtmp://127.0.0.1:$relay_port/live/source" -c copy -f flv "rtmp://127.0.0.1:$sink_port/live/k$i"
          pids+=("$child")
        done
        measure ffmpeg "$n" "$(IFS=,; echo "${pids[*]}")"
        for pid in "${pids[@]}" "$publisher" "$nginx"; do stop "$pid"; done
        ;;
      server)
        start_server "$relay_port" "$api_port"
        for i in $(seq "$n"); do add_destination "$api_port" "d$i" "rtmp://127.0.0.1:$sink_port/live" "k$i"; done
        publish "rtmp://127.0.0.1:$relay_port/live/bench"
        measure server "$n" "$server"
        stop "$publisher"
        stop "$server"
        ;;
    esac
    stop "$sink"
  done
done

echo
awk '
  { cpu[$1, $2] = $3; pss[$1, $2] = $4; rate[$1, $2] = $7; if (!($2 in seen)) { seen[$2] = 1; n[++ns] = $2 } if (!($1 in name)) { name[$1] = 1; r[++rs] = $1 } }
  END {
    printf "%-8s %5s %9s %9s %14s %16s\n", "relay", "N", "CPU %", "PSS MB", "CPU to nginx", "Mbit/s each"
    for (i = 1; i <= rs; i++) for (j = 1; j <= ns; j++) if ((r[i], n[j]) in cpu)
      printf "%-8s %5d %9.2f %9.1f %14s %16.2f\n", r[i], n[j], cpu[r[i], n[j]], pss[r[i], n[j]], (("nginx", n[j]) in cpu && cpu["nginx", n[j]] > 0) ? sprintf("%.2f", cpu[r[i], n[j]] / cpu["nginx", n[j]]) : "-", rate[r[i], n[j]]
    print ""
    for (i = 1; i <= rs; i++) {
      lo = hi = ""
      for (j = 1; j <= ns; j++) if ((r[i], n[j]) in cpu) { if (lo == "") lo = n[j]; hi = n[j] }
      if (hi > lo) { slope[r[i]] = (cpu[r[i], hi] - cpu[r[i], lo]) / (hi - lo)
        printf "%-8s per added destination (%d to %d): %.3f %% of a core, %.2f MB%s\n", r[i], lo, hi, slope[r[i]], (pss[r[i], hi] - pss[r[i], lo]) / (hi - lo), (slope["nginx"] > 0) ? sprintf(", %.2f times nginx", slope[r[i]] / slope["nginx"]) : "" }
    }
  }' "$work/results"
[ ! -f "$work/handover" ] || awk '
  NR == 1 { print "\nserver, from a packet'"'"'s arrival to its hand-over to the sockets, the coalescing time apart:" }
  { printf "%5d destinations: p50 %.2f ms, p99 %.2f ms (%d hand-overs)\n", $1, $2, $4, $5 }' "$work/handover"
