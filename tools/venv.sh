#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: venv.sh newest|oldest|importer : make that virtual environment of the clone, unless it is there and complete.
#   newest    .venv           the newest ansible-core that the newest Python takes
#   oldest    .venv-2.16      ansible-core 2.16, the oldest supported, on the oldest Python it takes (3.10 to 3.12)
#   importer  .venv-importer  galaxy-importer, whose pins fit nobody else
# The mark of a complete one is written last and names what went in: an interrupted or outdated one is made anew.
# A second make waits for the first. Without a fitting Python: exit 3, with one line that says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=$1
needs=(-r requirements.txt -r tests/requirements.txt)
case $kind in
newest) venv=.venv minors=(14 13 12 11 10) needs+=("ansible-core>=2.16.0") ;;
oldest) venv=.venv-2.16 minors=(10 11 12) needs+=("ansible-core>=2.16.0,<2.17") ;;
importer) venv=.venv-importer minors=(13 12 11) needs=("galaxy-importer>=0.4.30") ;;
*) echo "venv.sh: no such virtual environment: $kind" >&2 && exit 2 ;;
esac

mkdir -p build/logs build/locks
exec 9>"build/locks/$venv"
flock 9

if ! python=$(tools/python.sh "${minors[@]}"); then
  printf -v versions ', 3.%s' "${minors[@]}"
  echo "$venv: left out, none of Python ${versions:2} with venv and ensurepip was found on PATH or under pyenv" >&2
  exit 3
fi
mark=$(printf '%s\n' "$PWD" "$python" "${needs[@]}" | cat - requirements.txt tests/requirements.txt tools/venv.sh | sha256sum)
[[ -x $venv/bin/python && -f $venv/complete && $(<"$venv/complete") == "$mark" ]] && exit 0

log=build/logs/pip$venv.log
echo "$venv: installing with $("$python" -V)"
rm -rf "$venv"
if ! { "$python" -m venv "$venv" && "$venv/bin/python" -m pip install --no-input --disable-pip-version-check "${needs[@]}"; } >"$log" 2>&1 9>&-; then
  tail -n 20 "$log" >&2
  echo "$venv: pip failed ($log)" >&2
  exit 1
fi
printf '%s\n' "$mark" >"$venv/complete.new"
mv "$venv/complete.new" "$venv/complete"
