#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Let galaxy-importer judge the artifact in build/dist as Galaxy would; a warning counts as a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

artifact=$(echo "$PWD"/build/dist/*.tar.gz)
home=$PWD/build/importer
rm -rf "$home"
mkdir -p "$home"
export PATH=$PWD/.venv-importer/bin:$PATH HOME=$home ANSIBLE_HOME=$home/ansible NO_COLOR=1
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH PYTHONPATH
cd "$home"
python ../../tools/importer.py "$artifact" 2>&1 | tee importer.txt
if grep -E '^(WARNING|ERROR)' importer.txt; then exit 1; fi
