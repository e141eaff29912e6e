#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: like_ee.sh FOLDER ARTIFACT PYTHON : install into FOLDER what execution-environment.yml installs into an image, without a container:
# ansible-core and ansible-runner, the artifact, and what its meta/execution-environment.yml names. No compiler is used, and HOME stays as it is.
set -euo pipefail

folder=$1 artifact=$2 python=$3
definition=$(dirname "${BASH_SOURCE[0]}")/../execution-environment.yml
collection=$folder/collections/ansible_collections/edgelift/ens_migration
export CC=/bin/false CXX=/bin/false PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 ANSIBLE_HOME=$folder/ansible
mkdir -p "$folder/tmp"
export TMPDIR=$folder/tmp

"$python" -m venv "$folder/venv"
mapfile -t base < <(sed -n 's/^ *package_pip: //p' "$definition")
"$folder/venv/bin/python" -m pip install --quiet "${base[@]}" bindep
"$folder/venv/bin/ansible-galaxy" collection install "$artifact" -p "$folder/collections" >"$folder/galaxy.log"
need() { sed -n "s/^ *$1: //p" "$collection/meta/execution-environment.yml"; }
"$folder/venv/bin/python" -m pip install --quiet -r "$collection/$(need python)"
# The names of system packages that are missing.
"$folder/venv/bin/bindep" -b -f "$collection/$(need system)"
"$folder/venv/bin/python" -m pip check
