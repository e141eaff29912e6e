#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: gate.sh NAME COMMAND... : run a gate with its output in build/logs/NAME.log, and print one line: ok or FAILED, seconds, and
# seconds of processor time.
# Of a gate that failed the whole log follows; of one that passed, what it left out.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

name=$1
shift
mkdir -p build/logs
log=build/logs/$name.log
begin=$SECONDS

# A pipe has a separate shell, whose times are not those of the gate: hence the file.
line() {
  times >"$log.times"
  printf '%-8s %-22s %4d s %5d s of CPU\n' "$1" "$name" $((SECONDS - begin)) \
    "$(awk -F '[ms ]+' 'NR == 2 { printf "%d", 60 * ($1 + $3) + $2 + $4 }' "$log.times")"
}

if "$@" >"$log" 2>&1 </dev/null; then
  line ok
  grep -i 'left out' "$log" | sed 's/^/         /' || true
else
  code=$?
  line FAILED
  cat "$log"
  exit "$code"
fi
