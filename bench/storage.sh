#!/usr/bin/env bash
# Writes and reads of documents of 1 KB: the server's SQLite store beside a plain loop over SQLite and the sqlite3 command line (all WAL, synchronous=FULL, same disk), and its Redis store beside
# redis-benchmark on the same Redis (append-only file, flushed each second). In turn, so that ratios of a round are of the same minute.
#   CALLERS="1 16"  SECONDS_EACH=5  ROUNDS=3  STATE_DIR=/a/folder/on/the/disk/to/measure  bench/storage.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

seconds=${SECONDS_EACH:-5}
need_dotnet
need_command sqlite3 sqlite3
need_command redis-server redis-server
need_command redis-benchmark redis-tools
install_missing_packages
dotnet build bench/StreamManager.Benchmarks -c Release -v quiet --nologo -clp:ErrorsOnly </dev/null
state=$(mktemp -d -p "${STATE_DIR:-$work}" state.XXXXXX)
trap 'rm -rf "$state"; cleanup' EXIT

load() { dotnet bench/StreamManager.Benchmarks/bin/Release/net10.0/StreamManager.Benchmarks.dll storage "$@"; }

# shell_writes COUNT: as many transactions of one row each as the sqlite3 command line makes of a script.
shell_writes() {
  local i body from took
  body=$(printf '%01016d' 7)
  {
    printf '.output /dev/null\nPRAGMA journal_mode = WAL;\nPRAGMA synchronous = FULL;\nCREATE TABLE documents (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;\n'
    for ((i = 0; i < $1; i++)); do echo "REPLACE INTO documents VALUES ('$((RANDOM % 1000))', CAST('$((10000000 + i))$body' AS BLOB));"; done
  } >"$work/script.sql"
  from=$(date +%s%N)
  sqlite3 -bail "$state/shell.db" <"$work/script.sql"
  took=$(($(date +%s%N) - from))
  echo "sqlite3 writes callers=1 per_second=$(($1 * 1000000000 / took))"
  rm -f "$state"/shell.db*
}

# redis_peer CALLERS COUNT COMMAND WORD: redis-benchmark without pipelining.
redis_peer() {
  redis-benchmark -p "$base_port" -c "$1" -n "$2" -t "$3" -d 1024 -r 1000 --csv |
    awk -F, -v what="$4" -v callers="$1" '{ gsub(/"/, "") } $1 == "SET" || $1 == "GET" { printf "redis-benchmark %s callers=%s per_second=%.0f p50_ms=%s p99_ms=%s\n", what, callers, $2, $5, $7 }'
}

mkdir "$state/redis"
start redis-server --bind 127.0.0.1 --port "$base_port" --dir "$state/redis" --save "" --appendonly yes --appendfsync everysec >"$work/redis.log"
wait_for 10 listening "$base_port"
for ((round = 1; round <= ${ROUNDS:-3}; round++)); do
  echo "round $round, load $(cut -d' ' -f1 /proc/loadavg)"
  for callers in ${CALLERS:-1 16}; do
    mkdir "$state/sqlite" "$state/loop"
    load sqlite "$state/sqlite" "$callers" "$seconds"
    load loop "$state/loop" "$callers" "$seconds"
    rm -r "$state/sqlite" "$state/loop"
    [ "$callers" != 1 ] || shell_writes 2000
    load redis "redis://127.0.0.1:$base_port" "$callers" "$seconds"
    redis_peer "$callers" 50000 set writes
    redis_peer "$callers" 50000 get reads
  done
done
