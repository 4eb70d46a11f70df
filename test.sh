#!/usr/bin/env bash
# Runs every check: ./test.sh [arguments of `dotnet test`, such as --filter NAME]
# The last line is always `N passed, N failed, N skipped`; the exit code is 0 only when nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

results=$(mktemp -d)

# The sum of one counter over the result files of all test projects.
count() {
  { grep -rhoE '<Counters [^>]*' "$results" --include='*.trx' || true; } |
    sed -nE "s/.* $1=\"([0-9]+)\".*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}

# The tests that took longest, with their times: where to begin when a run takes too long.
slowest() {
  { grep -rhoE '<UnitTestResult [^>]*' "$results" --include='*.trx' || true; } |
    sed -nE 's/.* testName="([^"]*)".* duration="([0-9:]+\.?[0-9]{0,1})[^"]*".*/\2 \1/p' | sort -r | sed -n 1,20p
}

# shellcheck disable=SC2317 # the trap below calls it
# Runs however the script ends, so that a build error or a crashed test host is never a silent success.
finish() {
  local status=$? passed failed skipped total
  passed=$(count passed)
  total=$(count total)
  # `executed` leaves out skipped tests; the counter for those is not filled in by the test runner.
  skipped=$((total - $(count executed)))
  failed=$((total - passed - skipped))
  rm -rf "$results"
  if [ "$failed" -gt 0 ] && [ "$status" -eq 0 ]; then status=1; fi
  if [ "$failed" -eq 0 ] && [ "$status" -ne 0 ]; then failed=1; fi
  echo "$passed passed, $failed failed, $skipped skipped"
  exit "$status"
}
trap finish EXIT

eng/install.sh test

# No build server outlives the script.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

dotnet restore --locked-mode -v quiet
# Formatting and style are warnings of this build.
dotnet build -c Release --no-restore -warnaserror -v quiet --nologo

status=0
dotnet test -c Release --no-build --nologo --logger trx --results-directory "$results" "$@" || status=$?

echo "The slowest:"
slowest

if [ "$status" -eq 0 ] && [ "$(count total)" -eq 0 ]; then
  echo "No test ran." >&2
  status=1
fi
exit "$status"
