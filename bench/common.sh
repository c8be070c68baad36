# Sourced by the scripts of this folder: the tool, the test file, ports, children and their end. Everything stays on loopback.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
source scripts/packages.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

work=$(mktemp -d)
children=()
base_port=${BASE_PORT:-$((20000 + RANDOM % 20000))}

cleanup() {
  local pid
  for pid in "${children[@]}"; do kill -CONT "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

# Starts a child in the background; its process id is in $child.
start() {
  "$@" &
  child=$!
  children+=("$child")
}

# Ends one child and waits for it.
stop() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  local rest=() pid
  for pid in "${children[@]}"; do [ "$pid" = "$1" ] || rest+=("$pid"); done
  children=("${rest[@]}")
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries--)) -gt 0 ] || { echo "Waited in vain for: $*" >&2; return 1; }
    sleep 0.1
  done
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

tool() { dotnet bench/StreamManager.BenchTool/bin/Release/net10.0/StreamManager.BenchTool.dll "$@"; }

# The tool as a child of its own: in the background, ended by stop.
start_tool() { start dotnet bench/StreamManager.BenchTool/bin/Release/net10.0/StreamManager.BenchTool.dll "$@"; }

build_tool() { dotnet build bench/StreamManager.BenchTool -c Release -v quiet --nologo -clp:ErrorsOnly </dev/null; }

# Publishes the server of this checkout to artifacts/server, as ./run.sh does.
build_server() { dotnet publish src/StreamManager.Server -c Release -o artifacts/bench/server -v quiet --nologo -clp:ErrorsOnly </dev/null; }

# prepared_flv KBPS WIDTHxHEIGHT: path of a file of 20 s at 30 frames a second and a constant rate, made once.
prepared_flv() {
  local file=artifacts/bench/$2-$1k.flv
  if [ ! -f "$file" ]; then
    mkdir -p artifacts/bench
    ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=$2:rate=30,noise=alls=12:allf=t" -f lavfi -i "sine=sample_rate=48000" -t 20 \
      -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 60 -keyint_min 60 -sc_threshold 0 \
      -b:v "$1k" -minrate "$1k" -maxrate "$1k" -bufsize "$1k" -x264-params nal-hrd=cbr -c:a aac -b:a 128k -f flv "$file.partial"
    mv "$file.partial" "$file"
  fi
  echo "$file"
}

# start_server RTMP_PORT API_PORT [CONFIG_FILE]: the server of this checkout with a data directory of its own; its metrics are on the port after API_PORT, in $metrics_port. COALESCING_MS
# sets its coalescing time.
start_server() {
  metrics_port=$(($2 + 1))
  mkdir -p "$work/data-$1"
  echo "${COALESCING_MS:+coalescing_ms: $COALESCING_MS}" >"$work/empty.yml"
  start env PORT="$2" WS_PORT=0 METRICS_PORT="$metrics_port" HEALTH_PORT=0 RTMP_PORT="$1" BIND_ADDRESS=127.0.0.1 DATA_DIR="$work/data-$1" CONFIG_FILE="${3:-$work/empty.yml}" \
    ADMIN_TOKEN=bench INGEST_KEY=bench dotnet artifacts/bench/server/StreamManager.Server.dll >"$work/server.log" 2>&1
  server=$child
  wait_for 30 listening "$1" && wait_for 30 listening "$2" || { tail -n 20 "$work/server.log" >&2; return 1; }
}

# save_metrics FILE: what the server's counters say now.
save_metrics() { curl -sS --fail -o "$1" "http://127.0.0.1:$metrics_port/metrics"; }

# add_destination API_PORT NAME URL KEY
add_destination() {
  curl -sS --fail-with-body -o /dev/null -H 'Authorization: Bearer bench' -H 'Content-Type: application/json' \
    -d "{\"name\":\"$2\",\"platform\":\"custom\",\"url\":\"$3\",\"streamKey\":\"$4\",\"enabled\":true}" "http://127.0.0.1:$1/api/destinations"
}

# write_nginx_conf DIRECTORY RTMP_PORT [PUSH_URL…]
write_nginx_conf() {
  local directory=$1 port=$2 module url
  shift 2
  mkdir -p "$directory"
  module=$(compgen -G '/usr/lib*/nginx/modules/ngx_rtmp_module.so' | head -n 1)
  {
    echo "load_module $module; daemon off; master_process off; pid $directory/pid; error_log $directory/error.log warn;"
    echo "events { worker_connections 2048; }"
    echo "rtmp { access_log off; server { listen 127.0.0.1:$port; chunk_size 4096; application live { live on;"
    for url in "$@"; do echo "push $url;"; done
    echo "} } }"
  } >"$directory/nginx.conf"
}

start_nginx() {
  start "$(command -v nginx || echo /usr/sbin/nginx)" -p "$1" -c "$1/nginx.conf" -e "$1/error.log"
  nginx=$child
  wait_for 10 listening "$2"
}
