#!/usr/bin/env bash
# Runs every check and every test. With an argument: only tests whose full name contains it (or, beginning with '/', that an xunit query selects),
# and no style check. Ends with the counts; the exit code is 0 only when all is green.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/packages.sh
source scripts/web.sh
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
configuration=Release
project_limit=30m # far above what any project takes: only a hang gets there

need_dotnet
need_command ffmpeg ffmpeg
need_command nginx nginx
need_command promtool prometheus
need_command redis-server redis-server
need_command prlimit util-linux
need_command chromium chromium
need_node
need_file '/usr/lib*/*/libsqlite3.so.0' libsqlite3-0
need_file '/usr/lib*/nginx/modules/ngx_rtmp_module.so' libnginx-mod-rtmp
install_missing_packages

# Lines of a test run that say nothing; with a filter, also the summary of a project without a match.
hidden='^  (Discover|Starting|Finished)'
filter=()
if [ $# -gt 0 ]; then
  case "$1" in
    /*) filter=(-filter "$1") ;;
    *) filter=(-method "*$1*") ;;
  esac
  hidden+='|^=== TEST EXECUTION SUMMARY ===$|^   StreamManager[.][A-Za-z.]+ +Total: 0$'
fi

echo "== Restore and build"
dotnet restore StreamManager.slnx --locked-mode -v quiet </dev/null
dotnet build StreamManager.slnx -c "$configuration" --no-restore -v quiet --nologo -warnaserror </dev/null

if [ ${#filter[@]} -eq 0 ]; then
  echo "== Style"
  dotnet format whitespace StreamManager.slnx --no-restore --verify-no-changes </dev/null
  dotnet format style StreamManager.slnx --no-restore --verify-no-changes </dev/null
fi

passed=0 failed=0 skipped=0

# check NAME COMMAND…: a check that is one test.
check() {
  if "${@:2}" </dev/null; then
    passed=$((passed + 1))
  else
    echo "$1 failed" >&2
    failed=$((failed + 1))
  fi
}

# The end-to-end tests open the built dashboard in a browser.
echo "== Dashboard"
install_web_packages
mkdir -p artifacts/test-results
if [ ${#filter[@]} -eq 0 ]; then
  check "The type check of the dashboard" npm run --prefix web --silent types
  check "The style check of the dashboard" npm run --prefix web --silent lint
  log=artifacts/test-results/web.json
  rm -f "$log"
  npm run --prefix web --silent test -- --reporter=dot --reporter=json --outputFile.json="../$log" </dev/null || true
  # Vitest counts a file that cannot be loaded as no test: it is one that failed.
  if read -r good bad <<<"$(node -e 'const r = require("./" + process.argv[1]); console.log(r.numPassedTests, r.numFailedTests + r.testResults.filter(f => f.status === "failed" && f.assertionResults.length === 0).length)' "$log" 2>/dev/null)" && [ -n "$good" ]; then
    passed=$((passed + good)) failed=$((failed + bad))
  else
    echo "The tests of the dashboard did not run" >&2
    failed=$((failed + 1))
  fi
fi
check "The build of the dashboard, or its size," build_web

# One project after another, those with real media processes last; inside a project xunit runs as many classes at once as there are cores: media run in real time and wait most of it.
mapfile -t projects < <(ls -d tests/*.Tests | grep -v -e EndToEnd -e TestKit; ls -d tests/*.Tests | grep -e EndToEnd -e TestKit)
for project in "${projects[@]}"; do
  name=$(basename "$project")
  echo "== $name"
  log=artifacts/test-results/$name.log
  status=0
  timeout --kill-after=10s "$project_limit" dotnet "$project/bin/$configuration/net10.0/$name.dll" -noLogo -noColor -longRunning 120 "${filter[@]}" \
    </dev/null 2>&1 | tee "$log" | grep -v -E "$hidden" || status=${PIPESTATUS[0]}
  summary=$(grep -E 'Total: [0-9]+, Errors: ' "$log" | tail -n 1 || true)
  count() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$summary"; }
  if [ -n "$summary" ]; then
    bad=$(($(count Errors) + $(count Failed)))
    failed=$((failed + bad))
    skipped=$((skipped + $(count Skipped)))
    passed=$((passed + $(count Total) - $(count Failed) - $(count Skipped) - $(count 'Not Run')))
    # An exit code that the counts do not explain is a failure of its own; with a filter, a project without a match is none.
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && [ ${#filter[@]} -eq 0 ]; then failed=$((failed + 1)); fi
  elif [ "$status" -ne 0 ]; then
    echo "$name ended with exit code $status and no summary" >&2
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
