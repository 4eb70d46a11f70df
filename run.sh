#!/usr/bin/env bash
# Builds the program and runs it: ./run.sh [--demo] [--urls http://0.0.0.0:8624] ...
# Every argument goes to the program. Relative paths are relative to where the caller stands.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
web=$root/Deployments.Web

"$root/eng/install.sh" run

# No build server is left running beside the program; -clp keeps everything but errors quiet.
(cd "$root" && dotnet build "$web" -c Release -v quiet -clp:ErrorsOnly --nologo -nodeReuse:false \
  -p:UseSharedCompilation=false -p:RestoreLockedMode=true >&2)

# Pages' static files are read from the project folder, wherever the program is started from.
exec dotnet "$web/bin/Release/net10.0/Deployments.Web.dll" --contentRoot "$web" "$@"
