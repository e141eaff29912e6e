#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: molecule.sh [COMMAND...] : run the scenario "default" (or another molecule command) with all its files below build/molecule.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export PATH=$PWD/.venv/bin:$PATH MOLECULE_BED=$PWD/build/molecule/bed MOLECULE_EPHEMERAL_DIRECTORY=$PWD/build/molecule/run
export ANSIBLE_COLLECTIONS_PATH=$PWD/build/collections PYTHONPATH=$PWD:$PWD/tests:$PWD/build/collections NO_COLOR=1
# molecule writes its configuration from extensions/molecule/config.yml
unset ANSIBLE_CONFIG ANSIBLE_HOME
mkdir -p build/molecule
exec molecule "${@:-test}"
