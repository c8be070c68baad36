#!/usr/bin/env bash
# Memory and CPU of the server with nothing connected, 30 s after its start. Wanted: below 90 MB.
#   SETTLE=30  SECONDS_EACH=10  bench/idle.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_dotnet
need_command curl curl
install_missing_packages
build_tool
build_server
start_server "$base_port" "$((base_port + 1))"
sleep "${SETTLE:-30}"
tool usage --pid "$server" --seconds "${SECONDS_EACH:-10}"
