# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several test files share: helpers, not tests."""

PATIENCE = 300.0
"""Seconds that a test waits for an event, or for a program to end, before it fails.

On an idle machine most take less than one second. A busy machine takes 50 times as long, and no test may fail for that.
"""

CALM = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_TIMEOUT": "60"}
"""For the environment of ansible-playbook: on a busy machine a connection may take longer than Ansible's 10 seconds."""
