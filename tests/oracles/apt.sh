# shellcheck shell=bash
# To be sourced. apt_install PACKAGE...: installs packages of the distribution; fails where that cannot be
# done without a question: no apt-get, neither root nor a sudo that asks nothing. CALCSTORE_NO_INSTALL=1
# leaves the system alone.
apt_install() {
  [ -z "${CALCSTORE_NO_INSTALL-}" ] && command -v apt-get >/dev/null || return 1
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n "${as_root[@]}")
  fi
  local apt=("${as_root[@]}" apt-get -qq
    -o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=300)
  if [ -z "${apt_updated-}" ]; then
    apt_updated=yes
    "${apt[@]}" update </dev/null || true # perhaps the lists at hand will do
  fi
  "${apt[@]}" install --yes --no-install-recommends "$@" </dev/null
}
