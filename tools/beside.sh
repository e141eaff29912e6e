#!/usr/bin/env bash
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: beside.sh TARGET COMMAND... : run make TARGET in the background beside COMMAND. Fails if one of them fails.
# The last line that COMMAND prints is repeated at the end, below the lines of TARGET.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

target=$1
shift
mkdir -p build/logs

# A separate session: an interrupt of COMMAND ends all processes of TARGET, too.
setsid env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory --keep-going "$target" </dev/null &
beside=$!
trap 'kill -TERM -- "-$beside" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

"$@" </dev/null | tee build/logs/beside.txt
code=$?
wait "$beside" || code=$?
trap - EXIT
echo
tail -n 1 build/logs/beside.txt
exit "$code"
