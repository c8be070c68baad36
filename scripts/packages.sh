# Sourced by run.sh and test.sh: installs operating-system packages that are missing, and says what it does.

missing_packages=()

# need_command COMMAND PACKAGE: remembers PACKAGE when COMMAND is not there, wherever it may come from.
need_command() {
  command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing_packages+=("$2")
}

# need_file PATTERN PACKAGE: remembers PACKAGE when no file matches.
need_file() {
  compgen -G "$1" >/dev/null || missing_packages+=("$2")
}

# Installs what was remembered. Services that a package brings are not started: we run our own.
install_missing_packages() {
  [ ${#missing_packages[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install: ${missing_packages[*]} (this script can do it on Debian and Ubuntu only)." >&2
    return 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "Please install as root: apt-get install ${missing_packages[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing with apt: ${missing_packages[*]}"
  local policy=/usr/sbin/policy-rc.d policy_is_ours=
  if [ ! -e "$policy" ]; then
    # Debian's way to say "install, but start no service": nginx would take port 80.
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    policy_is_ours=1
  fi
  local status=0
  {
    "${as_root[@]}" apt-get update -qq &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing_packages[@]}"
  } </dev/null >/dev/null || status=$?
  [ -z "$policy_is_ours" ] || "${as_root[@]}" rm -f "$policy"
  [ "$status" -eq 0 ] || echo "apt could not install: ${missing_packages[*]}" >&2
  missing_packages=()
  return "$status"
}

# The .NET SDK is the one thing that has to be there already.
need_dotnet() {
  if ! command -v dotnet >/dev/null 2>&1; then
    echo "The .NET 10 SDK is needed; see global.json for the version." >&2
    return 1
  fi
}
