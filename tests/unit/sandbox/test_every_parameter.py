# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every contract promises about its parameters, tried on each of them: needed, typed, bounded, known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.local_cloud import LocalCloud
from support.request_samples import items, sample, valid

from sandbox.contracts import CONTRACTS
from sandbox.contracts.check import check
from sandbox.contracts.errors import NOT_EMULATED, ServiceError
from sandbox.contracts.spec import Action, Param

ACTIONS = [pytest.param(action, id=f"{product}-{name}")
           for product, actions in CONTRACTS.items() for name, action in actions.items()]
PAGED = [(product, name) for product, actions in CONTRACTS.items() for name, action in actions.items()
         if "PageSize" in [param.name for param in action.params]]


def wrong(param: Param, path: str) -> Iterator[dict[str, str]]:
    """The parameter with values that are refused."""
    if param.choices:
        yield {f"{path}.1" if param.kind == "list" else path: "plan9"}
    if param.kind == "integer":
        yield {path: "many"}
        yield {path: "1.5"}
        yield from ({path: str(value)} for value in (
            *([] if param.low is None else [param.low - 1]), *([] if param.high is None else [param.high + 1])))
    if param.kind == "flag":
        yield {path: "yes"}
    if param.kind == "json":
        yield {path: "not json"}
    if param.kind in ("list", "objects", "json", "csv") and param.high is not None:
        yield items(param, path, param.high + 1)


def refusal(action: Action, flat: dict[str, str]) -> str:
    """The code with which these parameters are refused."""
    with pytest.raises(ServiceError) as refused:
        check(action, flat)
    return refused.value.code


@pytest.mark.parametrize("action", ACTIONS)
def test_parameters_are_needed_typed_bounded_and_known(action: Action) -> None:
    assert check(action, valid(action)) is not None
    for param in action.params:
        if param.needed:
            without = {name: value for name, value in valid(action).items() if name.split(".")[0] != param.name}
            assert refusal(action, without) == "MissingParameter", param.name
        others = {name: value for name, value in valid(action).items() if name.split(".")[0] != param.name}
        assert param.name in check(action, {**others, **sample(param, param.name)})
        for values in wrong(param, param.name):
            code = refusal(action, {**others, **values})
            assert code not in ("MissingParameter", NOT_EMULATED), values
        for value in param.elsewhere:
            place = f"{param.name}.1" if param.kind == "list" else param.name
            assert refusal(action, {**others, place: value}) == NOT_EMULATED
    assert refusal(action, {**valid(action), "Colour": "red"}) == NOT_EMULATED


@pytest.mark.parametrize(("product", "name"), PAGED)
def test_pages_hold_ten_unless_told_otherwise(local: LocalCloud, product: str, name: str) -> None:
    assert int(local.ok(product, name)["PageSize"]) == 10
    assert int(local.ok(product, name, PageSize=3)["PageSize"]) == 3
    most = next(param.high for param in CONTRACTS[product][name].params if param.name == "PageSize")
    assert most in (50, 100)
    for params in ({"PageSize": most + 1}, {"PageSize": 0}, {"PageNumber": 0}):
        assert local.code(product, name, **params)[0] == 400
