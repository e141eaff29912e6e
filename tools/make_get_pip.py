# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the get-pip script that ansible-test would download, made from the pip wheel that the package index serves.

usage: make_get_pip.py ANSIBLE_TEST_HOME, with the Python that has ansible-test. ansible-test fetches that script from a
host that is no package index, so where only an index is reached it could make none of its virtual environments; a
script that lies in its cache is taken as it is.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

STAND_IN = '''\
"""pip {version} from its wheel, in the place of get-pip.py."""
import base64, os, pathlib, sys, tempfile

WHEEL = {data!r}


def main():
    arguments = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    with tempfile.TemporaryDirectory() as folder:
        wheel = os.path.join(folder, {name!r})
        pathlib.Path(wheel).write_bytes(base64.b85decode(WHEEL))
        sys.path.insert(0, wheel)
        from pip._internal.cli.main import main as pip_main

        arguments = [wheel if word.split("==")[0] == "pip" else word for word in arguments]
        sys.exit(pip_main(["install", "--upgrade", "--force-reinstall"] + arguments))


if __name__ == "__main__":
    main()
'''


def pip_version() -> str:
    """Return the version of pip that the installed ansible-test puts into its virtual environments."""
    return str(get_venv_packages(SimpleNamespace(version="3.12"))["pip"])


def main() -> None:
    """Write the script unless it is in the cache."""
    cache = Path(sys.argv[1]) / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    version = pip_version()
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "download", "--no-deps", "-d", folder, f"pip=={version}"], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        data = base64.b85encode(wheel.read_bytes()).decode()
        fresh = script.with_suffix(".new")
        fresh.write_text(STAND_IN.format(version=version, name=wheel.name, data=data))
        fresh.replace(script)


if __name__ == "__main__":
    main()
