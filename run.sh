#!/usr/bin/env bash
# Builds the program where something has changed, and runs it: ./run.sh [--demo] [--urls http://0.0.0.0:8624] ...
# Every argument goes to the program. Relative paths are relative to where the caller stands.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

"$root/eng/install.sh" run
"$root/eng/build.sh"
exec dotnet "$root/Deployments.Web/bin/run/Deployments.Web.dll" "$@"
