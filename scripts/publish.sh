#!/usr/bin/env bash
# scripts/publish.sh DIRECTORY: puts the whole server there, with its dashboard and documents, to be run without this checkout.
set -euo pipefail
[ $# -eq 1 ] || { echo "Usage: scripts/publish.sh DIRECTORY" >&2; exit 2; }
mkdir -p "$1"
directory=$(realpath "$1")
if [ -n "$(ls -A "$directory")" ] && [ ! -f "$directory/StreamManager.Server.dll" ]; then
  echo "$directory is neither empty nor an earlier server: nothing was done." >&2
  exit 1
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
source scripts/web.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

need_dotnet
need_node
install_missing_packages

dotnet publish src/StreamManager.Server -c Release -o "$directory" -v quiet --nologo --disable-build-servers -p:RestoreLockedMode=true </dev/null
build_web
rm -rf "$directory/wwwroot" "$directory/docs"
cp -r artifacts/web "$directory/wwwroot"
cp -r README.md LICENSE docs "$directory/"
echo "The server is in $directory: dotnet $directory/StreamManager.Server.dll"
