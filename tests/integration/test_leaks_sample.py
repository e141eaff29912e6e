# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short sample of ``make secrets``, and what its search finds."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from urllib.parse import quote

import oss2
import pytest
from leaks.forms import forms, hits
from leaks.play import cloud, execute, table
from leaks.runs import KEY, PLANTED_RUN, RUNS, SAMPLE_RUN, SECRETS

SECRET = "Zk+9/q=Wm%7Rt&Lp3vXc"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote(SECRET, safe=""),
        SECRET[::-1],
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        *(base64.b64encode(f"{'x' * count}{SECRET}{'y' * count}".encode()).decode() for count in range(6)),
        *(base64.urlsafe_b64encode(f"{'x' * count}{SECRET}".encode()).decode() for count in range(3)),
    ],
)
def test_the_search_finds_every_form(tmp_path: Path, text: str) -> None:
    (tmp_path / "plain").write_text(f"before {text} after", encoding="utf-8")
    (tmp_path / "zipped.gz").write_bytes(gzip.compress(f"before {text} after".encode()))
    with (tmp_path / "sparse").open("wb") as file:
        file.seek(1 << 30)
        file.write(text.encode())
        file.truncate(1 << 31)
    for path in tmp_path.iterdir():
        assert hits(path, {"key": SECRET}), path
        assert hits(path, {"key": "An0therS3cretThatIsN0t"}) == []


def test_the_search_reads_over_the_borders_of_its_chunks(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"." * ((1 << 24) - 5) + SECRET.encode() + b".")
    assert hits(path, {"key": SECRET}) == [f"{path}: key (raw)"]
    named = tmp_path / forms(SECRET)["hex"].decode()
    named.touch()
    assert hits(named, {"key": SECRET}) == [f"{named}: key (hex)"]


def test_each_run_has_a_name_of_one_word() -> None:
    names = [run.name for run in (*RUNS, PLANTED_RUN)]
    assert [name for name in names if names.count(name) > 1 or " " in name] == []


@pytest.mark.long
def test_a_play_with_secrets_leaves_none(tmp_path: Path) -> None:
    with cloud(tmp_path) as sandbox:
        found = execute(SAMPLE_RUN, sandbox, "nobody,", tmp_path / "run")
    # The output, the log, the dump of the callback, junit, the tree and the processes at least.
    assert (found.wrong, found.files >= 6, found.secrets) == ([], True, 7), table([found])
    assert found.hits == []


@pytest.mark.long
def test_planted_secrets_are_found_wherever_they_are(tmp_path: Path) -> None:
    with cloud(tmp_path) as sandbox:
        auth = oss2.AuthV4(KEY, SECRETS["secret key"])
        bucket = oss2.Bucket(auth, sandbox.endpoint, sandbox.bucket, region=sandbox.region)
        bucket.put_object("edgelift/planted", SECRETS["signature"].encode().hex())
        bucket.put_object(f"edgelift/{SECRETS['password of the proxy']}", b"")
        # ansible-runner takes a path only.
        (tmp_path / "inventory").touch()
        source = tmp_path / "source"
        (source / "tmp").mkdir(parents=True)
        (source / "tmp" / "planted").write_text(SECRETS["security token"][::-1], encoding="utf-8")
        found = execute(PLANTED_RUN, sandbox, str(tmp_path / "inventory"), tmp_path / "run", source)
    assert found.wrong == [], table([found])
    left = f"{tmp_path}/run/left/"
    seen = {(hit.removeprefix(left).partition("/")[0].partition(":")[0], hit.rpartition(": ")[2]) for hit in found.hits}
    wrong = "wrong key (base64 1)"
    assert {("output", wrong), ("ansible.log", wrong), ("dump.jsonl", wrong), ("junit", wrong), ("tree", wrong)} <= seen
    assert {("artifacts", wrong), ("artifacts", "secret key (raw)")} <= seen
    # The cache of the facts lies among the artifacts of ansible-runner.
    assert {("processes", "wrong key (raw)"), ("artifacts", "wrong key (reversed)")} <= seen
    assert f"{source}/tmp/planted: security token (reversed)" in found.hits
    assert {("bucket", "signature (hex)"), ("bucket", "password of the proxy (raw)")} <= seen
