# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m conformance.vendor FOLDER``: the vendor's own functional tests of oss2 against a local cloud.

The sdist comes from the package index through pip, checked against its hash, and is unpacked again for every run.
Passing tests are held against the lists ``oss2-v1.txt`` and ``oss2-v4.txt`` beside this file: a listed test that does
not pass any more is a failure, one that passes and is not listed is printed. ``--pin`` writes the lists. What the
local clouds answered is held against the models of the vendor's second client.
"""
from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from support.roundtrip import Validated

from sandbox.server.middleware.log_answers import VARIABLE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIGNATURES = ("v1", "v4")
LEAST = 136
"""How many tests have to pass under each signature (issue 3)."""

FILES = ("object", "upload", "download", "sign", "bucket", "iterator", "api_base", "multipart", "list_objects_v2",
         "chinese", "exception_ec", "put_object_chunked", "headers")
TESTS = 213
"""How many tests the 13 files have: fewer means that they did not run."""

VERSIONS = ("bucket_versioning", "object_versioning")
"""Two more files, which are pinned too and do not count among the basics."""

RACES = frozenset({"test_object.py::TestObject::test_timeout", "test_object.py::TestObject::test_default_timeout"})
"""They want a connection to take longer than a millisecond: on one machine the dice of the scheduler decide."""

REGION = "cn-hangzhou"
WORLD = f"region: {REGION}\nprofile: fast\ncredentials: {{vendor-key: {{secret: vendor-secret}}}}\n"
_ANSWERS = "answers"
_SECONDS = 2700
_MOST_AGAIN = 5


class Broken(Exception):
    """The tests could not be run at all."""


@dataclass(frozen=True)
class Outcome:
    """What one run gave."""

    passed: frozenset[str]
    failed: frozenset[str]


def sdist(folder: Path) -> Path:
    """Return the vendor's archive, which pip has downloaded into the folder and checked."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--no-binary", "oss2", "--require-hashes", "--requirement", str(HERE / "oss2.txt"), "--dest", str(folder)],
        check=False)
    if done.returncode:
        wanted = (HERE / "oss2.txt").read_text(encoding="utf-8").split()[-2]
        raise Broken(f"pip could not download {wanted} as a source archive from the package index; "
                     "its own words are above")
    (archive,) = folder.glob("oss2-*.tar.gz")
    return archive


def run(archive: Path, folder: Path, signature: str, tests: Sequence[str]) -> Outcome:
    """Unpack the vendor's files into the folder and run some tests of them, against a separate local cloud."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (source,) = folder.glob("oss2-*/")
    # The sdist leaves out a picture that some tests upload; no test looks at it.
    (source / "tests" / "example.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    world, report = folder / "world.yml", folder / "report.xml"
    world.write_text(WORLD, encoding="utf-8")
    cloud = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--state", str(folder / "state"), "--world", str(world)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: str(folder / _ANSWERS)},
        stdout=subprocess.PIPE, text=True)
    try:
        line = cloud.stdout.readline() if cloud.stdout else ""
        if not line:
            raise Broken("the local cloud did not start")
        _pytest(source, report, folder / "pytest.log", json.loads(line)["endpoint"], signature, tests)
    finally:
        cloud.terminate()
        cloud.communicate(timeout=30)
    return read_report(report)


def _pytest(source: Path, report: Path, log: Path, endpoint: str, signature: str, tests: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OSS_TEST_")}
    environment.update({
        "PYTHONPATH": str(HERE), "TMPDIR": str(log.parent), "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_PROXY": "127.0.0.1",
        "OSS_TEST_ACCESS_KEY_ID": "vendor-key", "OSS_TEST_ACCESS_KEY_SECRET": "vendor-secret",
        "OSS_TEST_ENDPOINT": endpoint, "OSS_TEST_REGION": REGION, "OSS_TEST_AUTH_VERSION": signature,
        # Two tests exist only when there is such a host, and want one that is a bucket's.
        "OSS_TEST_CNAME": "cname.invalid"})
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(source), "-q",
               "-p", "no:cacheprovider", "-p", "steady", f"--junitxml={report}", "--show-capture=no",
               *(f"tests/{test}" for test in tests)]
    with log.open("w", encoding="utf-8") as output:
        # pytest's own exit code says that some tests failed, which is known; the report says which.
        try:
            done = subprocess.run(command, cwd=source, env=environment, stdout=output, stderr=output, timeout=_SECONDS,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise Broken(f"the tests under {signature.upper()} did not end within {_SECONDS} s; see {log}") from None
    if not report.exists():
        raise Broken(f"pytest ended with {done.returncode} and without a report; see {log}")


def read_report(report: Path) -> Outcome:
    """Return what a JUnit report says; a test whose clean-up failed has not passed."""
    good: set[str] = set()
    bad: set[str] = set()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  pytest of this run wrote it
        module, _dot, name = case.get("classname", "").rpartition(".")
        test = f"{module.rpartition('.')[2]}.py::{name}::{case.get('name')}"
        (bad if len(case.findall("failure") + case.findall("error") + case.findall("skipped")) else good).add(test)
    return Outcome(frozenset(good - bad), frozenset(bad))


def judge(signature: str, outcome: Outcome, pinned: frozenset[str]) -> list[str]:
    """Print what one run gave against its list; return why it is a failure, nothing if it is none."""
    passed = outcome.passed - RACES
    lost, new = sorted(pinned - passed), sorted(passed - pinned)
    basics, every = _basics(outcome.passed), outcome.passed | outcome.failed
    total = len(_basics(every))
    _say(f"oss2 under {signature.upper()}: {len(basics)} of {total} of the basics pass, and of versioning "
         f"{len(outcome.passed) - len(basics)} of {len(every) - total}; {len(pinned)} are pinned")
    for test in new:
        _say(f"  newly passing: {test}")
    for test in lost:
        _say(f"  LOST: {test}")
    reasons = [f"{signature}: {len(lost)} pinned tests do not pass any more"] if lost else []
    if total != TESTS:
        reasons.append(f"{signature}: {total} tests ran instead of {TESTS}")
    if len(basics) < LEAST:
        reasons.append(f"{signature}: {len(basics)} pass, {LEAST} have to")
    return reasons


def differences(signature: str, folder: Path) -> list[str]:
    """Print how many answers the tests under a signature got, and what the vendor's models do not know of them."""
    seen = Validated()
    found = seen.read(folder / signature / _ANSWERS)
    if not seen.answers:
        found = ["there is no answer at all"]
    _say(f"  {seen.answers} answers under {signature.upper()}, held against the vendor's models")
    for text in found:
        _say(f"  DIFFERENT: {text}")
    return [f"{signature}: answers are other than the vendor's models in {len(found)} ways"] if found else []


def _basics(tests: frozenset[str]) -> frozenset[str]:
    versions = tuple(f"test_{name}.py::" for name in VERSIONS)
    return frozenset(test for test in tests if not test.startswith(versions))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _list(signature: str) -> Path:
    return HERE / f"oss2-{signature}.txt"


def pinned_of(signature: str) -> frozenset[str]:
    """Return the tests that have to pass under a signature version."""
    path = _list(signature)
    return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()


def main() -> int:
    """Run both signatures side by side; 1 when anything was lost, 2 when the tests could not be run."""
    parser = argparse.ArgumentParser(prog="python -m conformance.vendor", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the archive, the logs and the state of each run go")
    parser.add_argument("--pin", action="store_true", help="write the lists of passing tests")
    options = parser.parse_args()
    # The vendor's tests run in a separate folder, where a relative path would lead elsewhere.
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # A second run waits for the first: they unpack into the same folders.
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            outcomes = run_all(folder)
        except (Broken, OSError, subprocess.SubprocessError) as error:
            _say(f"conformance: {error}")
            return 2
    reasons: list[str] = []
    for signature, outcome in outcomes.items():
        if options.pin:
            names = sorted(outcome.passed - RACES)
            _list(signature).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        reasons += judge(signature, outcome, pinned_of(signature)) + differences(signature, folder)
    for reason in reasons:
        _say(f"FAILED: {reason}")
    return 1 if reasons else 0


def run_all(folder: Path) -> dict[str, Outcome]:
    """Return what the tests gave under each signature version."""
    archive = sdist(folder)
    with ThreadPoolExecutor() as pool:
        runs = {name: pool.submit(run_twice, archive, folder, name) for name in SIGNATURES}
        return {name: done.result() for name, done in runs.items()}


def run_twice(archive: Path, folder: Path, signature: str) -> Outcome:
    """Return what the tests gave; a few pinned ones that failed are tried again, alone, and that is printed.

    Some tests race against themselves: they take a patch away while their own threads still use it.
    """
    outcome = run(archive, folder / signature, signature, [f"test_{name}.py" for name in (*FILES, *VERSIONS)])
    again = sorted(pinned_of(signature) & outcome.failed)
    if not 0 < len(again) <= _MOST_AGAIN:
        return outcome
    second = run(archive, folder / f"{signature}-again", signature, again)
    for test in sorted(second.passed):
        _say(f"  passes under {signature.upper()} only when tried again: {test}")
    return Outcome(outcome.passed | second.passed, outcome.failed - second.passed)


if __name__ == "__main__":
    sys.exit(main())
