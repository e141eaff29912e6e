#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: python.sh MINOR... : print the first working interpreter of Python 3.MINOR, in the order given; exit 1 where there is none.
# pyenv's shims may answer "command not found", so a candidate counts only once it has run and can make virtual environments.
set -euo pipefail

IFS=: read -ra on_path <<<"$PATH"
for minor in "$@"; do
  candidates=("${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor".*/bin/python3."$minor")
  for folder in "${on_path[@]}"; do
    [[ $folder == */shims ]] || candidates+=("$folder/python3.$minor" "$folder/python3")
  done
  for candidate in "${candidates[@]}"; do
    [[ -x $candidate ]] || continue
    if real=$("$candidate" -I -c '
import ensurepip, os, ssl, sys, venv
ok = sys.version_info[:2] == (3, int(sys.argv[1])) and sys.version_info.releaselevel == "final" and sys.prefix == sys.base_prefix
print(os.path.realpath(sys.executable)) if ok else sys.exit(1)' "$minor" 2>/dev/null); then
      echo "$real"
      exit 0
    fi
  done
done
exit 1
