#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: venv.sh newest|importer|docs|2.NN : make that virtual environment of the clone, unless it is there and complete.
#   newest    .venv           the newest released ansible-core that the newest Python takes
#   importer  .venv-importer  galaxy-importer, whose pins do not fit the others
#   docs      .venv-docs      Sphinx and antsibull-docs
#   2.NN      .venv-2.NN      that ansible-core, pre-releases included, on the oldest Python that it takes
# TEST_PYTHON=3.12 in the environment asks for that Python alone. The mark of a complete environment is written last and names what was
# installed: an interrupted or outdated environment is made again. A second make waits for the first. Without a suitable Python: exit 3,
# with one line that names the reason. Only files whose SHA-256 is in tests/locks are installed; "make lock" renews these.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kind=$1
locks=(tests/locks/common.txt "tests/locks/$kind.txt")
venv=.venv-$kind
case $kind in
newest) venv=.venv minors=(14 13 12 11 10) ;;
importer) minors=(13 12 11) locks=(tests/locks/importer.txt) ;;
docs) minors=(14 13 12) locks=(tests/locks/docs.txt) ;;
2.16 | 2.17) minors=(10 11 12) ;;
2.18 | 2.19) minors=(11 12 13) ;;
2.20 | 2.21) minors=(12 13 14) ;;
2.22) minors=(13 14) ;;
*) echo "venv.sh: no such virtual environment: $kind" >&2 && exit 2 ;;
esac
[[ -z ${TEST_PYTHON:-} ]] || minors=("${TEST_PYTHON#3.}")

mkdir -p build/logs build/locks
exec 9>"build/locks/$venv"
flock 9

if ! python=$(tools/python.sh "${minors[@]}"); then
  printf -v versions ', 3.%s' "${minors[@]}"
  echo "$venv: left out. No Python ${versions:2} with venv and ensurepip was found on PATH or under pyenv" >&2
  exit 3
fi
mark=$(printf '%s\n' "$PWD" "$python" "$kind" | cat - "${locks[@]}" tests/locks/build.txt tools/venv.sh | sha256sum)
[[ -x $venv/bin/python && -f $venv/complete && $(<"$venv/complete") == "$mark" ]] && exit 0

log=build/logs/pip$venv.log
echo "$venv: installing with $("$python" -V)"
rm -rf "$venv"
# A package without a wheel is built with the tools of the lock: pip would fetch others without a check of their hashes.
pip=("$venv/bin/python" -m pip install --no-input --disable-pip-version-check --require-hashes --no-build-isolation)
if ! { "$python" -m venv "$venv" && "${pip[@]}" -r tests/locks/build.txt && "${pip[@]}" "${locks[@]/#/-r}"; } >"$log" 2>&1 9>&-; then
  tail -n 20 "$log" >&2
  echo "$venv: pip failed ($log)" >&2
  exit 1
fi
printf '%s\n' "$mark" >"$venv/complete.new"
mv "$venv/complete.new" "$venv/complete"
