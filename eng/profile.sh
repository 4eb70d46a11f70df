#!/usr/bin/env bash
# Where the processor goes while packages are downloaded: eng/profile.sh [seconds, default 10]
# Starts the program as run.sh does, with a database of its own in a directory that goes afterwards, and prints for
# untagged and tagged downloads of 20 KB over 32 connections: how many a second, microseconds of processor for each in
# the program and in its PostgreSQL, and, where strace is installed, system calls for each. Where perf is installed it
# leaves deployments-profile.data for `perf report` or `perf script`, with the names of methods.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
seconds=${1:-10}
warm_up=15 # seconds until the runtime has compiled what it will compile
data=$(mktemp -d)
url=http://127.0.0.1:$((20000 + RANDOM % 20000))
key=profile-bootstrap-key
file=$url/maven2/profile/org/example/acme/1.0.0/acme-1.0.0.jar
tags=(-H 'X-ProGet-Deployment-Application: BuildMaster' -H 'X-ProGet-Deployment-Target: WEB-07'
  -H 'X-ProGet-Deployment-Description: Release 7 to production')

"$root/eng/install.sh" bench

# perf finds the names of methods only where the runtime writes them down and maps its code once.
DOTNET_PerfMapEnabled=1 DOTNET_EnableWriteXorExecute=0 Deployments__Bootstrap__ApiKey=$key \
  "$root/run.sh" --urls "$url" --Deployments:DataDirectory="$data" >"$data/output" 2>&1 &
program=$!
trap 'kill $program 2>/dev/null; wait $program || true; rm -rf "$data"' EXIT
until curl -sf -o "$data/answer" "$url/health"; do
  kill -0 $program 2>/dev/null || { cat "$data/output" >&2; exit 1; }
  sleep 0.2
done

head -c 19600 /dev/urandom >"$data/acme.jar"
curl -sSf -o "$data/answer" -X POST -H "X-ApiKey: $key" -H 'Content-Type: application/json' \
  -d '{"name":"profile","feedType":"maven2"}' "$url/api/management/feeds/create"
curl -sSf -o "$data/answer" -T "$data/acme.jar" -H "X-ApiKey: $key" "$file"

load() { wrk -t2 -c32 -d"$1s" "${@:2}" "$file" | sed -nE 's/^ *([0-9]+) requests in .*/\1/p'; }

# Processor time of processes until now, user and kernel, in hundredths of a second.
ticks() {
  for process in "$@"; do cat "/proc/$process/stat" 2>/dev/null || true; done |
    awk '{ user += $14; kernel += $15 } END { print user + 0, kernel + 0 }'
}

profile() {
  local name=$1 postgres user kernel user_before kernel_before database database_before downloads
  load $warm_up "${@:2}" >/dev/null
  mapfile -t postgres < <(pgrep -P "$(sed -n 1p "$data/postgres/postmaster.pid")")
  read -r user_before kernel_before < <(ticks $program)
  database_before=$(ticks "${postgres[@]}" | awk '{ print $1 + $2 }')
  downloads=$(load "$seconds" "${@:2}")
  read -r user kernel < <(ticks $program)
  database=$(ticks "${postgres[@]}" | awk '{ print $1 + $2 }')
  awk -v name="$name" -v n="$downloads" -v s="$seconds" -v u=$((user - user_before)) -v k=$((kernel - kernel_before)) \
    -v d=$((database - database_before)) 'BEGIN { printf "%s: %d a second; for each %d us in the program (%d of it " \
    "the kernel'"'"'s), %d us in PostgreSQL\n", name, n / s, (u + k) * 10000 / n, k * 10000 / n, d * 10000 / n }'
  if command -v strace >/dev/null; then calls "${@:2}"; fi
}

calls() {
  local downloads
  strace -f -c -o "$data/calls" -p $program 2>/dev/null &
  local tracer=$!
  sleep 1
  downloads=$(load 3 "$@")
  kill -INT $tracer && wait $tracer || true
  awk -v n="$downloads" '$4 ~ /^[0-9]+$/ && $NF != "total" && $4 / n >= 0.05 { printf "  %-12s %5.2f\n", $NF, $4 / n }' \
    "$data/calls"
}

profile untagged
profile tagged "${tags[@]}"
if command -v perf >/dev/null; then
  perf record -F 499 -g -p $program -o deployments-profile.data -- sleep 5 >/dev/null 2>&1 &
  load 6 "${tags[@]}" >/dev/null
  wait $!
fi
