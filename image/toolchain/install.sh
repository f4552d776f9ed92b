#!/bin/sh
# Runs once, as root, inside `docker build`: packages, locales and the user `claude`, all in one layer.
# Usage: install.sh full|minimal
set -eu

toolchain=$1
here=$(dirname "$0")

case $toolchain in
  minimal) lists="$here/packages.minimal" ;;
  full) lists="$here/packages.minimal $here/packages.full" ;;
  *) echo "install.sh: TOOLCHAIN is 'full' or 'minimal', not '$toolchain'" >&2; exit 2 ;;
esac

# Manuals and translations are half the files of a full toolchain, and nobody pages through them in a session.
cat > /etc/dpkg/dpkg.cfg.d/convocate <<'DPKG'
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/locale.alias
DPKG

export DEBIAN_FRONTEND=noninteractive
apt-get update
# shellcheck disable=SC2086,SC2046 # one word per package
apt-get install --yes --no-install-recommends $(cat $lists | grep --invert-match '^#' | sort --unique)
localedef --inputfile=en_US --charmap=UTF-8 en_US.UTF-8

# Ubuntu's image comes with uid 1000, which an operator may want for CONVOCATE_UID.
if id ubuntu >/dev/null 2>&1; then userdel --remove ubuntu; fi
groupadd --gid 1337 claude
useradd --uid 1337 --gid 1337 --create-home --home-dir /home/claude --shell /bin/bash claude
echo 'claude ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/claude
chmod 0440 /etc/sudoers.d/claude

apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/* \
  /var/log/apt /var/log/alternatives.log /var/log/dpkg.log
