#!/usr/bin/env bash
# Builds the program that run.sh runs, into Deployments.Web/bin/run, where something has changed since the last time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/Deployments.Web/bin/run

# What the program is made of, folders too: their time tells of files that were removed.
is_built() {
  [ -f "$program/built" ] && [ -z "$(find \
    "$root"/{Deployments.Web,Deployments.Data,db,*.props,global.json,eng/build.sh} \
    -name bin -prune -o -name obj -prune -o -newer "$program/built" -print -quit)" ]
}

# Compiled for this machine in advance, and put in place whole. The analyzers are the tests' business. No build server
# is left running beside the program; -clp keeps everything but errors quiet.
build() (
  new=$program.new
  rm -rf "$new" && mkdir -p "$new" "$root"/Deployments.{Web,Data}/{bin,obj} && touch "$new/built"
  cd "$root" && dotnet publish Deployments.Web -c Release -o "$new" -v quiet -clp:ErrorsOnly --nologo \
    -nodeReuse:false -p:UseSharedCompilation=false -p:RestoreLockedMode=true -p:RunAnalyzers=false >&2
  rm -rf "$program" && mv "$new" "$program"
)

is_built || build
