#!/usr/bin/env bash
# Installs what this machine lacks for one purpose, and is silent and quick when nothing is missing.
#
#   eng/install.sh run      .NET SDK, PostgreSQL (not when ConnectionStrings__Deployments names a database)
#   eng/install.sh test     the same, plus the browser and package managers that some tests drive
#   eng/install.sh bench    the same as run, plus load generators
#   eng/install.sh cluster  the same as run, plus what eng/cluster.sh sets up: Patroni, etcd, HAProxy
set -euo pipefail

readonly postgres_oldest=15

has() { command -v "$1" >/dev/null 2>&1; }

has_browser() { has chromium || has chromium-browser || has google-chrome; }

has_sdk() { has dotnet && dotnet --list-sdks 2>/dev/null | grep -q '^10\.0\.'; }

# Looks where the program looks too (Deployments.Web/Embedded/PostgresPrograms.cs).
has_postgres() {
  local folder version
  for folder in "${Deployments__PostgresBin:-}" "$(dirname "$(command -v postgres || echo /none/postgres)")" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/bin /usr/local/bin \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    if [ ! -x "$folder/postgres" ] || [ ! -x "$folder/initdb" ]; then continue; fi
    version=$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    [ "$version" -ge "$postgres_oldest" ] && return 0
  done
  return 1
}

# Runs a command as root: directly, or through sudo when it needs no password or can ask for one.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

can_be_root() {
  [ "$(id -u)" -eq 0 ] || { has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

# Package lists are refreshed only when the installation does not work without that.
apt_install() {
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  echo "Installing $* ..." >&2
  as_root "${install[@]}" >/dev/null 2>&1 && return
  as_root apt-get update -qq >/dev/null
  as_root "${install[@]}" >/dev/null
}

# Debian's package would also start a server of its own on port 5432, which nobody here asked for.
apt_install_postgres() {
  local no_cluster=/etc/postgresql-common/createcluster.d/deployments-no-main-cluster.conf status=0
  as_root mkdir -p "$(dirname "$no_cluster")"
  echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
  apt_install postgresql || status=$?
  as_root rm -f "$no_cluster"
  return "$status"
}

# Debian's packages of these would also start a service each, now and at every boot, which nobody here asked for. Where
# there is one already it stays as it is.
apt_install_without_services() {
  local unit units=() status=0
  for unit in etcd.service patroni.service haproxy.service; do
    if has systemctl && [ ! -e "/lib/systemd/system/$unit" ] && [ ! -e "/etc/systemd/system/$unit" ]; then
      units+=("$unit")
    fi
  done
  [ ${#units[@]} -eq 0 ] || as_root systemctl --quiet mask "${units[@]}" >/dev/null 2>&1 || true
  apt_install "$@" || status=$?
  for unit in "${units[@]}"; do
    as_root systemctl --quiet unmask "$unit" >/dev/null 2>&1 || true
    as_root systemctl --quiet disable "$unit" >/dev/null 2>&1 || true
  done
  return "$status"
}

fail() {
  echo "$*" >&2
  exit 1
}

purpose=${1:-run}
needs_postgres=false
packages=()

has_sdk || fail "The .NET SDK 10.0 is missing: install it (package dotnet-sdk-10.0, or the installer from Microsoft)" \
  "and make sure that 'dotnet' is on the PATH."

case $purpose in
  run) [ -n "${ConnectionStrings__Deployments:-}${ConnectionStrings__Deployments__File:-}" ] || needs_postgres=true ;;
  test)
    needs_postgres=true
    has_browser || packages+=(chromium)
    has mvn || packages+=(maven)
    has node || packages+=(nodejs)
    has npm || packages+=(npm)
    has gem || packages+=(ruby)
    has go || packages+=(golang-go)
    has composer || packages+=(composer php-cli)
    has skopeo || packages+=(skopeo)
    has Rscript || packages+=(r-base-core)
    has twine || packages+=(twine)
    has nginx || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
    has haproxy || [ -x /usr/sbin/haproxy ] || packages+=(haproxy)
    has slapd || [ -x /usr/sbin/slapd ] || packages+=(slapd)
    { has dnf && has createrepo_c && has rpmbuild; } || packages+=(dnf dnf-plugins-core createrepo-c rpm)
    ;;
  bench)
    needs_postgres=true
    has wrk || packages+=(wrk)
    has nginx || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
    ;;
  cluster)
    needs_postgres=true
    has patroni || packages+=(patroni)
    has etcd || packages+=(etcd-server)
    has haproxy || [ -x /usr/sbin/haproxy ] || packages+=(haproxy)
    has ip || [ -x /usr/sbin/ip ] || packages+=(iproute2)
    has python3 || packages+=(python3)
    [ -d /usr/lib/python3/dist-packages/etcd ] || packages+=(python3-etcd)
    ;;
  *) fail "Usage: eng/install.sh run|test|bench|cluster" ;;
esac

missing=("${packages[@]}")
if $needs_postgres; then
  if has_postgres; then needs_postgres=false; else missing+=(postgresql); fi
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if ! has apt-get; then
  hint="Missing: ${missing[*]}. Install these with this system's package manager"
elif ! can_be_root; then
  hint="Missing: ${missing[*]}. Run: sudo apt-get install ${missing[*]}"
else
  hint=
fi

if $needs_postgres; then
  [ -z "$hint" ] || fail "$hint (PostgreSQL must be $postgres_oldest or newer, server programs included)."
  apt_install_postgres
  has_postgres || fail "PostgreSQL $postgres_oldest or newer is needed, but this system's packages are older:" \
    "install it from PostgreSQL's own package repository, or set ConnectionStrings__Deployments."
fi

# Without these some tests are skipped or fail, each saying what it wanted; that is no reason to run none.
if [ ${#packages[@]} -gt 0 ]; then
  if [ -n "$hint" ]; then
    echo "$hint" >&2
  elif [ "$purpose" = cluster ]; then
    apt_install_without_services "${packages[@]}"
  else
    apt_install "${packages[@]}" || true
  fi
fi
