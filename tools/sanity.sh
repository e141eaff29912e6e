#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: sanity.sh VENV : run ansible-test sanity of that virtual environment over build/tree, on every Python that is here.
# PYTHONS="10 11" in the environment takes these minor versions of Python 3 only, and that of the virtual environment.
# ansible-test keeps its virtual environments below HOME, so it gets a HOME inside build; it makes them with pip from the package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$PWD/$1
home=$PWD/build/at
pip_cache=$("$venv/bin/python" -m pip cache dir 2>/dev/null || true)
"$venv/bin/python" tools/make_get_pip.py "$home"

# Real interpreters before everything else: pyenv's shims answer for Pythons that they do not have.
path=$venv/bin
missing=()
for minor in ${PYTHONS:-10 11 12 13 14}; do
  if python=$(tools/python.sh "$minor"); then path+=:$(dirname "$python"); else missing+=("3.$minor"); fi
done
((${#missing[@]} == 0)) || echo "sanity: compile and import left out for Python ${missing[*]}: not found on this machine"

cd build/tree/ansible_collections/edgelift/ens_migration
exec env HOME="$home" PIP_CACHE_DIR="$pip_cache" PATH="$path:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
  ansible-test sanity --local --color no
