# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The race harness: several controllers run the collection's own code against the services of the local cloud.

Everything is in one process and on one virtual clock. A generator with a seed decides which process continues at each
call, which is killed or stopped, and which answers are lost, so every run can be repeated.
``python -m races`` is the program.

Invented here: the bytes of the disks are left out, an exported object is a header of the right size.
"""
