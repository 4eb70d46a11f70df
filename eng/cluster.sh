#!/usr/bin/env bash
# A whole cluster on this machine, to look at and to break: three hosts with etcd, Patroni and PostgreSQL, two with
# Deployments and HAProxy, each a network namespace. Needs no root: all of it lives in one user namespace and one
# folder, and is gone after "down", whatever happened to it.
#
#   eng/cluster.sh up        starts it; then http://127.0.0.1:8640 is its entrance
#   eng/cluster.sh status    who is what
#   eng/cluster.sh run HOST COMMAND ...   runs something on db1, db2, db3, web1, web2
#   eng/cluster.sh test      loads it, kills, cuts and fills, counts what was acknowledged; without one it starts one
#                            and ends it afterwards
#   eng/cluster.sh down      ends all of it
#
# CLUSTER_FOLDER: where it lives (default: /tmp/deployments-cluster-USER). CLUSTER_PORT: its entrance.
# CLUSTER_CONNECT=hosts: the program knows all three servers itself (Npgsql's several hosts) instead of HAProxy.
# CLUSTER_POSTGRES_BIN: the server programs of a certain version (default: the newest that is installed).
# CLUSTER_PROGRAM: a folder with the published program (default: it is built).
set -euo pipefail

script=$(readlink -f "${BASH_SOURCE[0]}")
root=$(dirname "$(dirname "$script")")
folder=${CLUSTER_FOLDER:-/tmp/deployments-cluster-$(id -un)}
port=${CLUSTER_PORT:-8640}
readonly databases=(db1 db2 db3) webs=(web1 web2)
PATH=$PATH:/usr/sbin:/sbin

fail() {
  echo "$*" >&2
  exit 1
}

address() {
  case $1 in
    db*) echo "10.77.0.1${1#db}" ;;
    web*) echo "10.77.0.2${1#web}" ;;
  esac
}

addresses() { for host in "${databases[@]}"; do address "$host"; done | paste -sd,; }

secret() { cat "$folder/secrets/$1"; }

is_up() { [ -f "$folder/pid" ] && kill -0 "$(cat "$folder/pid")" 2>/dev/null; }

# Waits until a command succeeds.
patiently() {
  local seconds=$1 deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || fail "Not within $seconds s: $* (see $folder/log)"
    sleep 0.2
  done
}

# --- Outside --------------------------------------------------------------------------------------------------------

# Runs this script inside the namespaces of the cluster.
inside() {
  is_up || fail "No cluster is up."
  nsenter --target "$(cat "$folder/pid")" --user --preserve-credentials --mount --net --pid \
    env CLUSTER_FOLDER="$folder" "$script" "inside-$1" "${@:2}"
}

build() {
  if [ -n "${CLUSTER_PROGRAM:-}" ]; then
    ln -sfn "$(readlink -f "$CLUSTER_PROGRAM")" "$folder/program"
    return
  fi
  echo "Building ..."
  (cd "$root" && dotnet publish Deployments.Web -c Release -o "$folder/program" -v quiet -clp:ErrorsOnly --nologo \
    -nodeReuse:false -p:UseSharedCompilation=false -p:RestoreLockedMode=true -p:RunAnalyzers=false)
}

postgres_bin() {
  local bin
  for bin in "${CLUSTER_POSTGRES_BIN:-}" $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV) \
    "$(dirname "$(command -v postgres || echo /none/postgres)")"; do
    if [ -x "$bin/postgres" ]; then
      echo "$bin"
      return
    fi
  done
  fail "PostgreSQL is missing."
}

up() {
  ! is_up || fail "A cluster is up: $0 down"
  "$root/eng/install.sh" cluster
  rm -rf "$folder"
  mkdir -p "$folder"/{log,secrets,packages,etc} && chmod 700 "$folder"
  local name
  for name in superuser replication deployments api; do
    head -c 18 /dev/urandom | base64 | tr '+/' 'ab' >"$folder/secrets/$name"
  done
  head -c 32 /dev/urandom | base64 >"$folder/secrets/key-file" && chmod 600 "$folder"/secrets/*
  postgres_bin >"$folder/etc/bin"
  build
  # Every process of the cluster is a child of the namespace's first one, and dies with it.
  CLUSTER_FOLDER="$folder" setsid unshare --user --map-root-user --net --mount --pid --fork --kill-child --mount-proc \
    "$script" inside-hosts >"$folder/log/hosts" 2>&1 </dev/null &
  local outer=$!
  echo "$outer" >"$folder/outer"
  patiently 30 test -f "$folder/etc/ready"
  pgrep -P "$outer" >"$folder/pid"
  echo "Starting etcd, Patroni and PostgreSQL ..."
  inside start-databases
  echo "Starting Deployments and HAProxy ..."
  inside start-webs
  open_door
  echo "http://127.0.0.1:$port has user Admin, API key $(secret api)"
}

# From this machine into the cluster there is no network, but files are the same: HAProxy inside listens on a socket.
open_door() {
  cat >"$folder/etc/door.cfg" <<EOF
defaults
    mode tcp
    timeout connect 2s
    timeout client 10m
    timeout server 10m
listen door
    bind 127.0.0.1:$port
    option redispatch
    server web1 unix@$folder/web1/door
    server web2 unix@$folder/web2/door backup
EOF
  setsid haproxy -D -f "$folder/etc/door.cfg" -p "$folder/door.pid" >"$folder/log/door" 2>&1 </dev/null
}

down() {
  [ ! -f "$folder/door.pid" ] || kill "$(cat "$folder/door.pid")" 2>/dev/null || true
  local pid
  for pid in $(cat "$folder/pid" "$folder/outer" 2>/dev/null); do
    kill -9 "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  done
  rm -rf "$folder"
}

# --- Inside, as the namespaces' root ----------------------------------------------------------------------------------

# The network: a bridge with a cable to each host. Then nothing more: who is the namespace's first process ends it.
hosts() {
  mount -t tmpfs tmpfs /run && mkdir -p /run/netns
  printf 'root:x:0:0::/:/bin/sh\ndeployments:x:1000:1000::/:/bin/sh\n' >"$folder/etc/passwd"
  mount --bind "$folder/etc/passwd" /etc/passwd
  ip link set lo up
  ip link add bridge type bridge && ip link set bridge up && ip address add 10.77.0.1/24 dev bridge
  local host
  for host in "${databases[@]}" "${webs[@]}"; do
    mkdir -p "$folder/$host"
    ip netns add "$host"
    ip link add "to-$host" type veth peer name eth0 netns "$host"
    ip link set "to-$host" master bridge up
    ip -n "$host" link set lo up
    ip -n "$host" link set eth0 up
    ip -n "$host" address add "$(address "$host")/24" dev eth0
  done
  for host in "${databases[@]}"; do # a disk each, small enough to be filled
    mount -t tmpfs -o size=512m tmpfs "$folder/$host"
  done
  touch "$folder/etc/ready"
  trap : CHLD
  while true; do
    sleep 3600 &
    wait -n || true
  done
}

# On a host, as somebody who is not root: PostgreSQL demands that.
on() {
  nsenter --net="/run/netns/$1" unshare --user --map-user=1000 --map-group=1000 "${@:2}"
}

# Starts a program that goes on, and starts it again when it ends, as systemd would.
start() {
  local host=$1 name=$2
  shift 2
  setsid nsenter --net="/run/netns/$host" unshare --user --map-user=1000 --map-group=1000 \
    bash -c 'while true; do "$@"; sleep 1; done' -- "$@" >>"$folder/log/$host-$name" 2>&1 </dev/null &
}

start_etcd() {
  local host=$1 at all
  at=$(address "$host")
  all=$(for host in "${databases[@]}"; do echo "$host=http://$(address "$host"):2380"; done | paste -sd,)
  start "$1" etcd etcd --name "$1" --data-dir "$folder/$1/etcd" \
    --listen-client-urls "http://$at:2379,http://127.0.0.1:2379" --advertise-client-urls "http://$at:2379" \
    --listen-peer-urls "http://$at:2380" --initial-advertise-peer-urls "http://$at:2380" \
    --initial-cluster "$all" --initial-cluster-state new --pre-vote --logger zap --log-level error
}

start_patroni() {
  local host=$1 config=$folder/$1/patroni.yml etcd
  etcd=$(for host in "${databases[@]}"; do [ "$host" = "$1" ] || echo "$(address "$host"):2379"; done | paste -sd,)
  host=$1
  sed -e "s|NAME|$host|g; s|ADDRESS|$(address "$host")|g; s|NETWORK|10.77.0.0/24|g; s|DATA|$folder/$host|g" \
    -e "s|ETCD|$etcd|g; s|BIN|$(cat "$folder/etc/bin")|g; s|SUPERUSER_PASSWORD|$(secret superuser)|g" \
    -e "s|REPLICATION_PASSWORD|$(secret replication)|g" "$root/eng/patroni.yml" >"$config"
  chmod 600 "$config"
  start "$host" patroni patroni "$config"
}

start_databases() {
  local host
  for host in "${databases[@]}"; do start_etcd "$host"; done
  patiently 30 curl -fsS -m 2 "http://$(address db1):2379/health"
  for host in "${databases[@]}"; do start_patroni "$host"; done
  patiently 120 is_healthy
  sql postgres "create role deployments login password '$(secret deployments)'"
  sql postgres "create database deployments owner deployments"
}

# The program: it knows HAProxy on its own host, or all servers.
connection_string() {
  local server="Host=127.0.0.1;Port=5000"
  [ "${CLUSTER_CONNECT:-haproxy}" = haproxy ] || server="Host=$(addresses)"
  echo "$server;Database=deployments;Username=deployments;Password=$(secret deployments);Timeout=3"
}

start_web() {
  local host=$1 standbys=()
  [ "${CLUSTER_CONNECT:-haproxy}" != haproxy ] || standbys=(Deployments__StandbyHosts=127.0.0.1:5001)
  mkdir -p "$folder/$host/data"
  start "$host" web env -i PATH="$PATH" HOME="$folder/$host" DOTNET_gcServer=0 LC_ALL=C.UTF-8 \
    ASPNETCORE_URLS="http://$(address "$host"):8625" \
    ConnectionStrings__Deployments="$(connection_string)" \
    Deployments__DataDirectory="$folder/$host/data" Deployments__PackagesDirectory="$folder/packages" \
    Deployments__KeyFile="$folder/secrets/key-file" Deployments__Bootstrap__ApiKey="$(secret api)" \
    "${standbys[@]}" Deployments__AnonymousView=true Deployments__KnownProxies="10.77.0.21, 10.77.0.22" \
    dotnet "$folder/program/Deployments.Web.dll"
}

start_webs() {
  local host
  for host in "${webs[@]}"; do
    sed "s|bind :8624|&\n    bind unix@$folder/$host/door|" "$root/eng/haproxy-cluster.cfg" >"$folder/$host/haproxy.cfg"
    start "$host" haproxy haproxy -db -f "$folder/$host/haproxy.cfg"
    start_web "$host"
  done
  for host in "${webs[@]}"; do patiently 120 is_ready "$host"; done
}

is_ready() { curl -fsS -m 2 "http://$(address "$1"):8625/health/ready"; }

# What Patroni says, by any host that answers: one line each, "db1 leader running".
members() {
  local host
  for host in "${databases[@]}"; do
    curl -fsS -m 2 "http://$(address "$host"):8008/cluster" 2>/dev/null | python3 -c '
import json, sys
for one in json.load(sys.stdin)["members"]:
    print(one["name"], one["role"], one["state"], one.get("lag", ""))' 2>/dev/null && return
  done
  return 1
}

# A primary, a synchronous standby and another one, both of which follow it, and etcd on all three.
is_healthy() {
  local host all
  for host in "${databases[@]}"; do
    curl -fsS -m 2 "http://$(address "$host"):2379/health" 2>/dev/null | grep -q true || return 1
  done
  all=$(members) && grep -q ' leader running' <<<"$all" && grep -q ' sync_standby running' <<<"$all" &&
    [ "$(sql postgres "select count(*) filter (where state = 'streaming') = 2 and bool_or(sync_state = 'sync')
      from pg_stat_replication" 2>/dev/null)" = t ]
}

# The host with a role: leader, sync_standby.
host_of() { members | awk -v role="$1" '$2 == role { print $1; exit }'; }

sql() {
  PGTARGETSESSIONATTRS=read-write PGPASSWORD=$(secret superuser) \
    psql -XAtq -v ON_ERROR_STOP=1 -U postgres -d "$1" -h "$(addresses)" \
    -c "set statement_timeout = '60s'" -c "${@:2}"
}

status() {
  echo "member role state lag"
  members || echo "Patroni does not answer."
  local host
  for host in "${webs[@]}"; do
    echo "$host $(is_ready "$host" 2>/dev/null | head -c 100 || echo "is not ready")"
  done
}

# --- Faults -----------------------------------------------------------------------------------------------------------

# Every process of a host whose command has this word in it.
kill_on() {
  local host=$1 word=$2 pid
  for pid in $(ip netns pids "$host"); do
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "$word"; then kill -9 "$pid" 2>/dev/null || true; fi
  done
}

fault() {
  local what=$1 host=${2:-}
  case $what in
    kill-postgres) kill_on "$host" postgres: && kill_on "$host" bin/postgres ;;
    kill-host) ip netns pids "$host" | xargs -r kill -9 2>/dev/null || true ;;
    start-host) start_etcd "$host" && start_patroni "$host" ;;
    kill-web) kill_on "$host" Deployments.Web.dll ;;
    start-web) start_web "$host" ;;
    cut) ip link set "to-$host" down ;;
    mend) ip link set "to-$host" up ;;
    fill) dd if=/dev/zero of="$folder/$host/ballast" bs=64k 2>/dev/null || true ;;
    free) rm -f "$folder/$host/ballast" ;;
  esac
}

case ${1:-} in
  up) up ;;
  down) down ;;
  status) inside status ;;
  run) inside on "${@:2}" ;;
  test)
    is_up || { trap down EXIT && up; }
    inside test
    ;;
  inside-hosts) hosts ;;
  inside-start-databases) start_databases ;;
  inside-start-webs) start_webs ;;
  inside-status) status ;;
  inside-on) on "${@:2}" ;;
  inside-fault) fault "${@:2}" ;;
  inside-host-of) host_of "$2" ;;
  inside-healthy) is_healthy ;;
  inside-ready) is_ready "$2" ;;
  inside-sql) sql deployments "$2" ;;
  inside-test) exec python3 "$root/eng/cluster-test.py" "$script" "$folder" ;;
  *) fail "Usage: eng/cluster.sh up|status|run|test|down" ;;
esac
