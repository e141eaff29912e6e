#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# End what still runs from this clone, then remove what make wrote into it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -x .venv/bin/python && -d build ]]; then
  while IFS= read -r bed; do
    PYTHONPATH=$PWD:$PWD/tests .venv/bin/python -m testbed down --dir "$(dirname "$bed")"
  done < <(find build -maxdepth 5 -name bed.json)
fi
# A local cloud that an interrupted run left: its command line names a state folder in this clone.
for folder in /proc/[0-9]*; do
  words=$(tr '\0' ' ' 2>/dev/null <"$folder/cmdline" || true)
  if [[ $words == *" -m sandbox "*"$PWD/build/"* ]]; then kill "${folder#/proc/}" || true; fi
done
rm -rf build .venv .venv-* .ansible tests/output .mypy_cache .pytest_cache .ruff_cache
find . -name __pycache__ -type d -prune -exec rm -rf {} +
