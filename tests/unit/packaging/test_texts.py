# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the texts for users say is what the code does: packages, phases, samples; and they are plain English."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.transport import PRODUCTS
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes

from .test_modules import FQCN, MODULES, ROOT, fragments, texts

Sources = Callable[..., list[str]]
PREFIX = f"ansible_collections.{FQCN}."
PACKAGES = {**{name: product.distribution for name, product in PRODUCTS.items()}, "oss": "oss2"}
"""The package of each client of ``_api/clients.py``; those without a class of their own use the core alone."""
USE = re.compile(r"\b(?:clients|cloud|client)\.(" + "|".join(PACKAGES) + r")\b")


def file_of(name: str) -> Path | None:
    """Return the file of a module of the collection, None if there is none."""
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(file: Path) -> Iterator[Path]:
    """Yield the files of the collection that a file imports."""
    package = list(file.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = (node.module or "").removeprefix(PREFIX)
        if node.level:
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
        elif base == node.module:
            continue
        for name in (base, *(f"{base}.{alias.name}" for alias in node.names)):
            found = file_of(name)
            if found:
                yield found


def reached(file: Path) -> set[Path]:
    """Return a file and all files of the collection that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += imported(file)
    return found


@pytest.mark.parametrize("name", [name for name in MODULES if f"{FQCN}.alicloud" in fragments(name)])
def test_a_module_documents_the_packages_that_its_code_calls(name: str) -> None:
    documented = set(texts(name)["DOCUMENTATION"].get("requirements", []))
    code = [file for file in reached(ROOT / "plugins" / "modules" / f"{name}.py") if "_api" not in file.parts]
    assert len(code) > 10, "the imports are not followed"
    used = {client for file in code for client in USE.findall(file.read_text(encoding="utf-8"))}
    assert {PACKAGES[client] for client in used} - {PRODUCTS["ram"].distribution} <= documented
    assert documented <= set(PACKAGES.values())


def test_the_packages_of_all_modules_are_those_of_the_requirements_file() -> None:
    fragment = constant(ROOT / "plugins" / "doc_fragments" / "alicloud.py", "DOCUMENTATION")
    shared = yaml.safe_load(fragment)["requirements"]
    own = {package for name in MODULES for package in texts(name)["DOCUMENTATION"].get("requirements", [])}
    listed = re.findall(r"^([\w-]+)>=", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    named = {text.split()[0] for text in shared} - {"python"}
    assert named | {package for package in own if package in listed} == set(listed)


def constant(file: Path, name: str) -> str:
    """Return the text that a file assigns to a name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{file} does not assign {name}")


def test_the_phases_that_are_documented_are_the_stages() -> None:
    rows = texts("ens_migration")["RETURN"]["migration"]["contains"]["servers"]["contains"]
    documented = re.findall(r"C\((\w+)\)", rows["phase"]["description"])
    assert documented == ["preflight", *(stage.name for stage in STAGES), "done"]


def test_the_sample_of_a_finding_has_the_words_of_its_rule() -> None:
    for sample in texts("ens_account_info")["RETURN"]["findings"]["sample"]:
        assert sample == classes.ALL[sample["id"]].finding(sample["evidence"])


# ---- plain English ----
FORBIDDEN = {
    r"(?<!ENS )(?<!file )\b(?:some|no)body\b": "name who does it, or use the passive voice",
    r"\banew\b": "again",
    r"\bput(?:s|ting)? right\b": "fix",
    r"\bstands? (?:against|for|in the way)\b": "block, identify",
    r"\bnothing against\b": "no blocker",
    r"\bwhere (?:\w+ )?(?:every|each|a) server stands\b": "the state of the server",
    r"\b(?:came|come|comes) to nothing\b": "fail",
    r"\bwhat became of\b": "the result of",
    r"\bis borne by\b|\bbears?\b": "has",
    r"\bcould not be told|cannot be told\b": "cannot be determined",
    r"\bgrow old\b|\blook-alikes?\b": "expire; resource with a similar name",
    r"\bis told\b|\btold none\b": "is passed to",
    r"\bwho is under way\b|\bunder way\b": "not finished",
    r"\bhas moved on\b": "a step of",
    r"\bbetween two looks\b|\blook(?:s|ed)? at it\b": "between two queries",
    r"\b(?:service|account|cloud|ENS|ECS|SMC|OSS|Ansible|findings) (?:said|says|say|did not say)\b": "report, return",
    r"\bmakes the machine recognisable\b|\bdo its work twice\b": "identifies; is not idempotent",
    r"\bwhat there is\b|\bwhat is there\b": "list the resources",
    r"\bthe day ENS\b|\bon the day\b": "if, when",
}


def shown(value: Any) -> Iterator[str]:
    """Yield the texts of a YAML document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from shown(item)
    elif isinstance(value, list):
        for item in value:
            yield from shown(item)


def user_texts(sources: Sources) -> Iterator[tuple[str, str]]:
    """Yield file and text of what users read: documentation, messages, findings, task names, READMEs, changelog."""
    for name in sources(".yml", below="plugins/filter/"):
        yield name, (ROOT / name).read_text(encoding="utf-8")
    for folder in ("roles/", "playbooks/", "changelogs/fragments/", "inventories/", "meta/"):
        for name in sources(".yml", below=folder):
            for document in yaml.safe_load_all((ROOT / name).read_text(encoding="utf-8")):
                yield from ((name, text) for text in shown(document))
    for name in (*sources("README.md"), *sources("README.md", below="roles/"), "CONTRIBUTING.md", "sandbox/README.md"):
        yield name, (ROOT / name).read_text(encoding="utf-8")
    for name in sources(".py", below="plugins/"):
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                yield name, node.value


def test_no_text_for_users_has_a_phrase_of_the_list(sources: Sources) -> None:
    rules = [(re.compile(phrase, re.IGNORECASE), better) for phrase, better in FORBIDDEN.items()]
    all_texts = list(user_texts(sources))
    assert len(all_texts) > 1000, "the scan does not see the texts"
    found = [
        f"{name}: {match.group()!r}: {better}"
        for name, text in all_texts
        for rule, better in rules
        for match in rule.finditer(" ".join(text.split()))
    ]
    assert not found, "\n".join(found)


def test_the_short_description_of_a_plugin_is_an_instruction(sources: Sources) -> None:
    """'Return the receipt of a wave', not 'The receipt of a wave'."""
    short = {name: texts(name)["DOCUMENTATION"]["short_description"] for name in MODULES}
    for name in sources(".yml", below="plugins/filter/"):
        short[name] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["DOCUMENTATION"]["short_description"]
    article = re.compile(r"(?:The|A|An|What|Whether|How|Where|Every) ")
    assert [name for name, text in short.items() if article.match(text)] == []
