# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a host may answer: the counterpart of LIMIT_SPEC in plugin_utils/_source/answers.py."""

    DOCUMENTATION = r"""
options:
  answer_max_bytes:
    description:
      - The bytes that the host may answer to one script. A larger answer is not read further, and the task reports it.
    type: int
    default: 4194304
  answer_max_line:
    description:
      - The bytes that one line of an answer may have. An answer with a longer line is not read, and the task reports it.
    type: int
    default: 4096
  answer_timeout:
    description:
      - Seconds that the host has for the answer to one script, beyond those that the script itself waits. Then the connection is closed,
        and the task reports it.
      - A host that did not answer has 30 seconds in the next task of the same run of Ansible. After a second time it is not asked again.
    type: int
    default: 120
"""
