#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install the Debian packages that bindep.txt lists and that are missing, as root or through a sudo that asks nothing.
# Where neither is there, say in one line what to install, and continue: what needs a missing package reports it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t wanted < <(sed -nE 's/^([a-z0-9.+-]+) \[.*platform:dpkg.*\]$/\1/p' bindep.txt | sort -u)
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "system packages: this is no Debian or Ubuntu; the demo and the tests need what these packages hold: ${wanted[*]}" >&2
  exit 0
fi

# Sets missing to the wanted packages that are not fully installed.
look() {
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/ installed$//p' || true)
  mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}") <(sort -u <<<"$installed"))
}

look
((${#missing[@]})) || exit 0

mkdir -p build/logs build/locks
exec 9>build/locks/system
flock 9
look # another make may have installed them while this one waited
((${#missing[@]})) || exit 0

prefix=()
if ((EUID != 0)); then
  if ! sudo -n true 2>/dev/null; then
    echo "system packages: not root, and no sudo that asks for nothing; please run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 0
  fi
  prefix=(sudo -n)
fi

echo "system packages: installing ${missing[*]}"
as_root() { "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >>build/logs/apt.log 2>&1 9>&-; }
apt() { as_root apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }
add() { apt install --no-install-recommends "${missing[@]}"; }
# A package list of an earlier day is often good enough, and an interrupted installation is rare: both are mended only
# where the first try fails.
if ! add && ! { as_root dpkg --configure -a && apt update && add; }; then
  tail -n 20 build/logs/apt.log >&2
  echo "system packages: apt-get failed (build/logs/apt.log); wanted: ${missing[*]}" >&2
  exit 1
fi
