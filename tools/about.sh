#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Say which versions are tested here, and what this machine's Pythons leave out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for venv in .venv .venv-2.16; do
  [[ -e $venv/complete ]] || continue
  "$venv/bin/python" -c 'import platform
from importlib.metadata import version
print("testing on ansible-core", version("ansible-core"), "and Python", platform.python_version())'
done
.venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' ||
  echo "left out: ansible-core 2.20 and later, which need Python 3.12; none was found"
[[ -e .venv-2.16/complete ]] || echo "left out: ansible-core 2.16, which needs Python 3.10, 3.11 or 3.12; none was found"
[[ -e .venv-importer/complete ]] || echo "left out: galaxy-importer, which needs Python 3.11, 3.12 or 3.13; none was found"
[[ ! -e .venv-2.16/complete ]] || echo "left out on ansible-core 2.16: integration tests that run no Ansible, and what they share with others: see once in Makefile"
