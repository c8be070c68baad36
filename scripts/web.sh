# Sourced by run.sh and test.sh: builds the dashboard (web/) into artifacts/web when one of its sources has changed.
# "|| return 1": bash does not end a function by itself whose caller looks at its outcome.

# Node.js and npm, remembered for install_missing_packages.
need_node() {
  need_command node nodejs
  need_command npm npm
}

# What the dashboard is built from, by content.
web_fingerprint() {
  {
    node --version
    find web -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum | cut -d' ' -f1
}

# The packages of the lock file, when it has changed since they were installed.
install_web_packages() {
  local wanted installed=web/node_modules/.installed-for
  wanted=$({ node --version; sha256sum web/package-lock.json; } | sha256sum)
  [ "$(cat "$installed" 2>/dev/null)" != "$wanted" ] || return 0
  echo "Installing the packages of the dashboard"
  npm ci --prefix web --no-audit --no-fund --ignore-scripts --loglevel error </dev/null >/dev/null || return 1
  echo "$wanted" >"$installed"
}

# Sets web_built_for to the fingerprint of what is in artifacts/web afterwards.
build_web() {
  web_built_for=$(web_fingerprint)
  [ ! -f artifacts/web/index.html ] || [ "$(cat artifacts/web.fingerprint 2>/dev/null)" != "$web_built_for" ] || return 0
  install_web_packages || return 1
  echo "Building the dashboard (first start, or a source has changed)"
  rm -f artifacts/web.fingerprint
  npm run --prefix web --silent build </dev/null || return 1
  echo "$web_built_for" >artifacts/web.fingerprint
}
