#!/usr/bin/env bash
# Prints one table of ratios, each measured in this run against a peer or the raw database.
#   ./bench.sh                    all rows; a quarter of an hour, most of it to make ten million records
#   ./bench.sh octopus [--deployments=N]   no bench: an invented Octopus server, to connect by hand
#   ./bench.sh start|capture|drain|connector|crowd|inventory|jobs|pages|vulnerabilities [--seconds=N]
#   ./bench.sh ... --records=N    instead of ten million
#   ./bench.sh ... --json         the table for machines
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

eng/install.sh bench
dotnet build --configuration Release --nologo --verbosity quiet Deployments.Tests/Bench
exec dotnet Deployments.Tests/Bench/bin/Release/net10.0/Deployments.Bench.dll "$@"
