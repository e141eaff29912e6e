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
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.ens_migration import describe
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes

from .test_modules import FQCN, MODULES, ROOT, fragments, texts

pytestmark = pytest.mark.any_core
Sources = Callable[..., list[str]]
PREFIX = f"ansible_collections.{FQCN}."
PACKAGES = {**{name: product.distribution for name, product in PRODUCTS.items()}, "oss": "oss2"}
"""The package of each client of ``_api/clients.py``; those without a separate class use the core alone."""
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


def requirements(name: str) -> set[str]:
    """Return the packages that a module documents beside those of all modules of the cloud."""
    own = set(texts(name)["DOCUMENTATION"].get("requirements", []))
    if f"{FQCN}.alicloud.clients" in fragments(name):
        fragment = constant(ROOT / "plugins" / "doc_fragments" / "alicloud.py", "CLIENTS")
        own |= set(yaml.safe_load(fragment)["requirements"])
    return own


@pytest.mark.parametrize("name", [name for name in MODULES if f"{FQCN}.alicloud" in fragments(name)])
def test_a_module_documents_the_packages_that_its_code_calls(name: str) -> None:
    documented = requirements(name)
    code = [file for file in reached(ROOT / "plugins" / "modules" / f"{name}.py") if "_api" not in file.parts]
    assert len(code) > 10, "the imports are not followed"
    used = {client for file in code for client in USE.findall(file.read_text(encoding="utf-8"))}
    assert {PACKAGES[client] for client in used} - {PRODUCTS["ram"].distribution} <= documented
    assert documented <= set(PACKAGES.values())


def test_the_packages_of_all_modules_are_those_of_the_requirements_file() -> None:
    fragment = constant(ROOT / "plugins" / "doc_fragments" / "alicloud.py", "DOCUMENTATION")
    shared = yaml.safe_load(fragment)["requirements"]
    own = {package for name in MODULES for package in requirements(name)}
    listed = re.findall(r"^([\w-]+)>=", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    named = {text.split()[0] for text in shared} - {"python"}
    assert named | {package for package in own if package in listed} == set(listed)


def constant(file: Path, name: str) -> str:
    """Return the text that a file assigns to a name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{file} does not assign {name}")


def test_the_documented_fields_of_a_server_are_those_of_the_result() -> None:
    result = texts("ens_migration")["RETURN"]
    documented = result["migration"]["contains"]["servers"]["contains"]
    assert list(describe(Progress(Server("wave", "web-01", "fp")))) == list(documented)


def test_the_phases_that_are_documented_are_the_stages() -> None:
    rows = texts("ens_migration")["RETURN"]["migration"]["contains"]["servers"]["contains"]
    documented = re.findall(r"C\((\w+)\)", rows["phase"]["description"])
    assert documented == ["preflight", *(stage.name for stage in STAGES), "done"]


def test_the_sample_of_a_finding_has_the_words_of_its_rule() -> None:
    for sample in texts("ens_account_info")["RETURN"]["findings"]["sample"]:
        assert sample == classes.ALL[sample["id"]].finding(sample["evidence"])


# ---- limits and regions ----
NUMBER = r"(?P<number>\d+|[a-z]+)"
WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "fifty": 50}
LIMITS = {
    rf"(?:at most|more than) {NUMBER} data disks": limits.MAX_DATA_DISKS,
    rf"(?:disk above|data disks of at most|disks of at most) {NUMBER} GiB": limits.MAX_DATA_DISK_GIB,
    rf"could exceed {NUMBER} TiB": limits.MAX_TOTAL_BYTES // 1024**4,
    rf"more than {NUMBER} minutes": limits.SIGNATURE_SECONDS // 60,
    rf"at most {NUMBER} running jobs": limits.CONCURRENT_JOBS,
    rf"default quota is {NUMBER} VPCs": limits.DEFAULT_VPCS,
    rf"in use \({NUMBER} by default": limits.DEFAULT_VPCS,
}
LIST = re.compile(r"`?[a-z]{2}-[a-z]+(?:-\d)?`?(?:(?:, and |, | and | or )`?[a-z]{2}-[a-z]+(?:-\d)?`?)+")
"""Regions in one list: cn-beijing and ap-southeast-1."""


def plain(text: str) -> str:
    """Return a text without line breaks and without the marks of Ansible's documentation."""
    return re.sub(r"\b[VCE]\(([^)]*)\)", r"\1", " ".join(text.split()))


def test_texts_give_the_limits_of_the_code(sources: Sources) -> None:
    plain_texts = [(name, plain(text)) for name, text in user_texts(sources)]
    for pattern, limit in LIMITS.items():
        found = [(name, match) for name, text in plain_texts for match in re.finditer(pattern, text)]
        assert found, f"no text has {pattern}"
        wrong = [
            f"{name}: {match.group()!r}, the limit is {limit}"
            for name, match in found
            if (WORDS.get(match["number"]) or match["number"]) not in (limit, str(limit))
        ]
        assert not wrong, "\n".join(wrong)


def test_the_readme_gives_every_limit(sources: Sources) -> None:
    readme = plain((ROOT / "README.md").read_text(encoding="utf-8"))
    for pattern in LIMITS:
        if "TiB" not in pattern and "VPCs" not in pattern:
            assert re.search(pattern, readme), pattern


def test_texts_name_the_regions_in_which_ens_imports(sources: Sources) -> None:
    lists = [
        (name, set(re.findall(r"[a-z]{2}-[a-z]+(?:-\d)?", match.group())))
        for name, text in user_texts(sources)
        for match in LIST.finditer(plain(text))
    ]
    ours = [(name, regions) for name, regions in lists if regions & set(limits.IMPORT_REGIONS)]
    assert {name for name, _regions in ours} >= {
        "README.md",
        "plugins/doc_fragments/alicloud.py",
        "plugins/doc_fragments/stages.py",
        "roles/migration/README.md",
        "roles/migration/meta/argument_specs.yml",
    }
    wrong = [f"{name}: {sorted(regions)}" for name, regions in ours if regions != set(limits.IMPORT_REGIONS)]
    assert not wrong, "\n".join(wrong)


# ---- sources of findings ----
def titles() -> list[tuple[str, str]]:
    """Return title and dates of the pages that section 0 of docs/facts.md lists for findings."""
    page = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")
    table = page.split("Pages of the vendor:", 1)[1].split("SDKs and metadata:", 1)[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [(row[3], row[2]) for row in rows[2:] if row[3] not in ("-", "PRODUCT, ACTION")]


def resolves(source: str, page: str) -> bool:
    """Return whether one source of a finding is a page with this date, or an action or code that the page has."""
    for title, dates in titles():
        match = re.fullmatch(rf"{re.escape(title)}(?:, [a-z ]+)?(?: \((\d{{4}})(-\d\d)?\))?(?:: .+)?", source)
        years = [int(year) for year in re.findall(r"\b\d{4}", dates)]
        if match and (not match[1] or years[0] <= int(match[1]) <= years[-1]):
            return True
    products = "SMC|ECS|ENS|VPC|OSS|RAM|BssOpenApi"
    action = re.fullmatch(rf"(?:{products}),? ([A-Z][a-z]+[A-Z]\w+)(?: \([\d-]+\))?(?:: .+)?", source)
    code = re.fullmatch(rf"(?:{products}): ([\w.]+)", source)
    name = (action or code or [None, None])[1]
    return bool(name) and re.search(rf"\b{re.escape(str(name))}\b", page) is not None


def test_every_source_of_a_finding_is_a_page_of_the_list() -> None:
    page = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")
    assert not resolves("SMC, some page (2021)", page)
    assert not resolves("SMC FAQ (2019)", page)
    wrong = [
        f"{name}: {part}"
        for name, rule in classes.ALL.items()
        for part in rule.source.split("; ")
        if "edgelift.ens_migration" not in part and not resolves(part, page)
    ]
    assert not wrong, "\n".join(wrong)


# ---- plain English ----
FORBIDDEN = {
    r"(?<!ENS )(?<!file )\b(?:some|no)body\b": "name who does it, or use the passive voice",
    r"\banew\b": "again",
    r"\bfor good\b|\bfor ever\b": "without a retry left, permanently, without limit",
    r"\bby hand\b": "manually",
    r"\bsays? so\b": "name what is reported",
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
    r"(?<![.:] )(?<!^)(?<!^\| )\b(?-i:Regions?)\b(?! of mainland)": "region",
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


# Fields of answers that are no text.
NO_TEXTS = ("plugins/module_utils/_rows/",)


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
        if name.startswith(NO_TEXTS):
            continue
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
