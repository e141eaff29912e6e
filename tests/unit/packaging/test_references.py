# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to docs/facts.md, docs/local-cloud.md and docs/laws.md resolve, and no user reads one as a source."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes

ROOT = Path(__file__).resolve().parents[3]
Sources = Callable[..., list[str]]

NUMBER = r"\d+(?:\.\d+)?"
JOINED = rf"{NUMBER}(?:(?:, and |, | and | to |-){NUMBER}\b)*"
DOCUMENT = r"(?<![\w/`-])(?P<document>[Ff]acts|[Tt]raps?|[Ll]aws?|local-cloud(?:\.md)?)"
REFERENCE = re.compile(rf"{DOCUMENT} (?P<numbers>{JOINED})(?:, row (?P<row>\d+))?")
"""``facts 1.3, 1.4``, ``laws 7 and 9``, ``facts 3.1-3.4``, ``local-cloud 6, row 5``, ``trap 13``."""

INTERNAL = re.compile(rf"{REFERENCE.pattern}|\bdesign law\b|\bfacts\.md\b|\blocal-cloud\b")
"""What must not occur in a text that a user reads."""


def headings(page: str) -> set[str]:
    """The numbers of the numbered headings of a page."""
    return set(re.findall(rf"^#+ ({NUMBER})\.? ", page, re.MULTILINE))


def section(page: str, title: str) -> str:
    """The text of a page from a heading to the next one of the same level."""
    return re.split(r"^## ", page.split(f"\n## {title}", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> set[str]:
    """The numbers that begin table rows (``| 9.4 | ...``) and list items (``13. ...``) of a text."""
    return set(re.findall(rf"^(?:\| )?({NUMBER})(?:\.| \|) ", text, re.MULTILINE))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The three documents, by the word that refers to them."""
    files = {"facts": "facts.md", "local-cloud": "local-cloud.md", "law": "laws.md"}
    return {word: (ROOT / "docs" / name).read_text(encoding="utf-8") for word, name in files.items()}


@pytest.fixture(scope="module")
def targets(pages: dict[str, str]) -> dict[str, set[str]]:
    """What a reference may name: per word the numbers of headings and rows."""
    found = {word: headings(page) for word, page in pages.items()}
    found["facts"] |= rows(section(pages["facts"], "9."))
    found["trap"] = rows(section(pages["facts"], "Traps"))
    found["row"] = rows(section(pages["local-cloud"], "6."))
    return found


def joined(numbers: str) -> Iterator[str]:
    """The single numbers of ``1.7, 3.1-3.4 and 5``; a range names each of its sections."""
    for part in re.split(r", and |, | and ", numbers):
        ends = re.split(r"-| to ", part)
        if len(ends) == 1:
            yield part
            continue
        first, last = (end.rpartition(".") for end in ends)
        assert first[0] == last[0], f"a range over chapters: {part}"
        for number in range(int(first[2]), int(last[2]) + 1):
            yield f"{first[0]}{first[1]}{number}"


def references(text: str) -> Iterator[tuple[str, str]]:
    """The references of a text as (word, number); a line break with its comment sign counts as a blank."""
    flat = re.sub(r"\s*\n\s*(?:#\s)?\s*", " ", text)
    for match in REFERENCE.finditer(flat):
        word = match["document"].lower().removesuffix(".md")
        word = word if word in ("facts", "local-cloud") else word.removesuffix("s")
        yield from ((word, number) for number in joined(match["numbers"]))
        if match["row"]:
            yield "row", match["row"]


def texts(sources: Sources) -> Iterator[tuple[str, str]]:
    """Every tracked text file that we have written: name and content."""
    for name in sources():
        if name == "LICENSE" or (ROOT / name).resolve() == Path(__file__).resolve():
            continue
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(facts 1.3, 1.4)", [("facts", "1.3"), ("facts", "1.4")]),
        ("codes: facts 1.7, 3.1-3.3.", [("facts", n) for n in ("1.7", "3.1", "3.2", "3.3")]),
        ("(facts 2.1 to 2.3)", [("facts", n) for n in ("2.1", "2.2", "2.3")]),
        ("facts 4.3 and\n# trap 5 say", [("facts", "4.3"), ("trap", "5")]),
        ("laws 1 and 7 of the design", [("law", "1"), ("law", "7")]),
        ("local-cloud.md 3.2 and 10", [("local-cloud", "3.2"), ("local-cloud", "10")]),
        ("(local-cloud 10, and 4 for ExportImage)", [("local-cloud", "10"), ("local-cloud", "4")]),
        ("(local-cloud 6, row 5)", [("local-cloud", "6"), ("row", "5")]),
        ("ansible_facts 3, set_facts 2", []),
    ],
)
def test_references_are_read_in_all_their_forms(text: str, found: list[tuple[str, str]]) -> None:
    assert list(references(text)) == found


def test_the_documents_have_what_is_referred_to(targets: dict[str, set[str]]) -> None:
    assert {"1", "1.1", "7.4", "9.10"} <= targets["facts"]
    assert targets["trap"] == {str(number) for number in range(1, 37)}
    assert targets["law"] == {str(number) for number in range(1, 16)}
    assert targets["row"] == {str(number) for number in range(1, 25)}
    assert {"3.1", "3.6", "4", "6", "10", "11"} <= targets["local-cloud"]


def test_every_reference_resolves(sources: Sources, targets: dict[str, set[str]]) -> None:
    found = [(name, *reference) for name, text in texts(sources) for reference in references(text)]
    assert len(found) > 200, "the scan does not see the references"
    assert [row for row in found if row[2] not in targets[row[1]]] == []


def test_sections_that_a_page_names_in_parentheses_are_on_it(pages: dict[str, str]) -> None:
    for word in ("facts", "local-cloud"):
        named = re.findall(r"\((\d\.\d+(?:, \d\.\d+)*)\)", pages[word])
        numbers = {number for group in named for number in group.split(", ")}
        assert numbers <= headings(pages[word]), word


def test_links_of_the_documents_lead_somewhere(sources: Sources) -> None:
    broken = []
    for name in ["README.md", "CONTRIBUTING.md", "sandbox/README.md", *sources(".md", below="docs/")]:
        text = (ROOT / name).read_text(encoding="utf-8")
        # tools/docs.sh copies the pages of the documentation site to the top folder.
        folder = ROOT if name.startswith("docs/site/") else (ROOT / name).parent
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path = unquote(link.split("#")[0])
            if path and "://" not in path and not (folder / path).is_file():
                broken.append((name, link))
        defined = set(re.findall(r"^\[([^\]]+)\]: ", text, re.MULTILINE))
        if defined:
            prose = re.sub(r"`[^`]*`", "", text)
            used = set(re.findall(r"\[([A-Za-z][^\]\n]*)\](?![(:\w])", prose))
            broken += [(name, label) for label in sorted(used - defined)]
            broken += [(name, f"unused: {label}") for label in sorted(defined - used)]
    assert broken == []


def test_files_that_the_documents_name_exist(sources: Sources) -> None:
    """The recipes name files and folders: a move that forgets them fails here."""
    path = re.compile(r"`((?:plugins|roles|playbooks|sandbox|tests|docs|tools|changelogs|benchmarks)/[\w./-]+)`")
    known = set(sources())
    missing = []
    for name in ["CONTRIBUTING.md", "docs/architecture.md", "docs/facts.md", "docs/laws.md", "docs/local-cloud.md"]:
        for named in path.findall((ROOT / name).read_text(encoding="utf-8")):
            example = named.startswith(("sandbox/scenarios/NN", "changelogs/fragments/name"))
            folder = f"{named.rstrip('/')}/"
            if not (example or named in known or any(file.startswith(folder) for file in known)):
                missing.append((name, named))
    assert missing == []


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The string constants of a program that are no docstrings: messages, hints, findings, module documentation."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def test_no_user_reads_an_internal_reference(sources: Sources) -> None:
    """Findings, hints, messages, documentation and argument specs name the vendor's page instead."""
    seen = []
    for name in sources(".py", below="plugins/"):
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        seen += [(name, line) for line, text in literals(tree) if INTERNAL.search(" ".join(text.split()))]
    folders = ("plugins/", "roles/", "playbooks/", "meta/")
    for name in [*(name for folder in folders for name in sources(".yml", ".md", below=folder)), "README.md"]:
        text = (ROOT / name).read_text(encoding="utf-8")
        comment = "\0" if name.endswith(".md") else "#"
        said = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(comment))
        # A link to a page of docs is for readers who want more; it is no source of a rule.
        seen += [(name, match.group()) for match in INTERNAL.finditer(re.sub(r"https?://\S+|\[\S+\]\(\S+\)", "", said))]
    assert seen == []


def test_every_finding_names_the_page_of_the_vendor_that_it_follows() -> None:
    """A few rules are our own (a host that cannot be probed has no page); they name the collection."""
    page = re.compile(r"(SMC|ECS|ENS|OSS|RAM|VPC|STS|BssOpenApi)(, | FAQ | ExportImage: |: )\S")
    own = {name for name, rule in classes.ALL.items() if rule.source == "edgelift.ens_migration"}
    answers = {"no-answer", "answer-not-understood"}
    others = {"migration-ended", "ledger-unusable", "fstab-missing", "not-looked-at", "probe-expired", "client-noexec"}
    assert own == {"is-controller", *others, "probe-incomplete", "unreachable", "unsafe-folder", *answers}
    assert [name for name, rule in classes.ALL.items() if name not in own and not page.match(rule.source)] == []
