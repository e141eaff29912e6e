#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: about.sh VENV... : print what each virtual environment tests, or that it is left out because this machine has no suitable Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for venv in "$@"; do
  if [[ -e $venv/complete ]]; then
    "$venv/bin/python" -c 'import platform, sys
from importlib.metadata import version
what = "galaxy-importer" if sys.argv[1] == ".venv-importer" else "ansible-core"
print("testing with", what, version(what), "on Python", platform.python_version())' "$venv"
  else
    echo "left out: $venv, because this machine has no suitable Python"
  fi
done
.venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' ||
  echo "left out: ansible-core 2.20 and later, which need Python 3.12 or newer"
