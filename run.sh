#!/usr/bin/env bash
# Starts the server: installs what is missing, builds when a source has changed, and becomes the server process. Arguments go to the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/packages.sh
source scripts/web.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

need_dotnet
need_file '/usr/lib*/*/libsqlite3.so.0' libsqlite3-0
install_missing_packages || echo "Going on without it: if the library is nowhere else, the server will say so." >&2
need_command "${FFMPEG_PATH:-ffmpeg}" ffmpeg
install_missing_packages || echo "Going on without it: the fallback will be the last picture instead of a slate, image or video." >&2

need_node
install_missing_packages || echo "Going on without it: there will be no dashboard, the API works." >&2

# What the build depends on: every source file by content, and the SDK.
fingerprint() {
  {
    dotnet --version
    find src Directory.Build.props Directory.Packages.props global.json BannedSymbols.txt .editorconfig -type f \
      -not -path '*/bin/*' -not -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum | cut -d' ' -f1
}

wanted=$(fingerprint)
if [ ! -f artifacts/server/StreamManager.Server.dll ] || [ "$(cat artifacts/server.fingerprint 2>/dev/null)" != "$wanted" ]; then
  echo "Building the server (first start, or a source has changed)"
  rm -rf artifacts/server.new
  dotnet publish src/StreamManager.Server -c Release -o artifacts/server.new -v quiet --nologo --disable-build-servers -p:RestoreLockedMode=true </dev/null
  rm -rf artifacts/server artifacts/server.fingerprint
  mv artifacts/server.new artifacts/server
  echo "$wanted" >artifacts/server.fingerprint
fi

# The dashboard lies beside the server. It is no reason not to start: what is on air does not need it.
if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
  if ! build_web; then
    echo "The dashboard could not be built: going on without it, the API works." >&2
    rm -rf artifacts/server/wwwroot
  elif [ "$(cat artifacts/server/wwwroot.fingerprint 2>/dev/null)" != "$web_built_for" ]; then
    rm -rf artifacts/server/wwwroot artifacts/server/wwwroot.fingerprint
    cp -r artifacts/web artifacts/server/wwwroot
    echo "$web_built_for" >artifacts/server/wwwroot.fingerprint
  fi
fi

# The C library keeps a heap for each thread; two are enough, and memory stays where it is over weeks of publishes (bench/README.md).
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"

# exec: signals reach the server itself, and its exit code is ours.
exec dotnet artifacts/server/StreamManager.Server.dll "$@"
