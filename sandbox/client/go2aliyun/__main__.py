# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bundle's launcher starts the program; the launcher names the client's folder."""
from __future__ import annotations

import os
import sys
from pathlib import Path

from sandbox.client.go2aliyun.main import main

sys.exit(main(sys.argv[1:], Path(os.environ["GO2ALIYUN_HOME"])))
