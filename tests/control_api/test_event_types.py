"""The table of types of events is what the code tells, no more and no less, and the documentation has all of it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from control_api.webhooks.types import NAMES, THINGS, TYPES, known

ROOT = Path(__file__).parents[2]
LABELS = {"genre", "tag"}
AIR = {"program_started", "break_started", "slate_started", "slate_ended", "revision_applied", "withdrawn", "restored"}
AIR |= {"drifted", "steadied"}
"""What the teller says of a channel; tests/control_api/test_air_telling.py has each of them."""


def texts(node: ast.AST) -> set[str]:
    """All texts in an expression, but those that are only compared."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


@dataclass(frozen=True)
class Code:
    """All modules of the control API, as trees."""

    folder: Path

    @cached_property
    def trees(self) -> list[ast.Module]:
        return [read(path) for path in sorted(self.folder.rglob("*.py"))]

    @cached_property
    def calls(self) -> dict[str, list[tuple[ast.Call, ast.AST, ast.Module]]]:
        """The calls of each name, with the function and the module in which they stand."""
        found: dict[str, list[tuple[ast.Call, ast.AST, ast.Module]]] = {}
        for tree in self.trees:
            for node, scope in scoped(tree):
                if isinstance(node, ast.Call):
                    found.setdefault(name_of(node), []).append((node, scope, tree))
        return found

    @cached_property
    def named(self) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
        """All functions, by name."""
        found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        for node, _ in (one for tree in self.trees for one in scoped(tree)):
            if isinstance(node, FUNCTION):
                found.setdefault(node.name, []).append(node)
        return found

    def types(self) -> set[str]:
        telling = [*self.calls["Change"], *self.calls["Happening"]]
        return {told for call, scope, tree in telling for told in self.told(call, scope, tree)}

    def told(self, call: ast.Call, scope: ast.AST, tree: ast.Module) -> set[str]:
        """The types of events that one call tells."""
        if name_of(call) == "Change":
            kinds, actions = (self.words(call.args[place], scope, tree) for place in (0, 2))
            assert kinds, ast.unparse(call)
            assert actions, ast.unparse(call)
            return {f"{kind}.{action}" for kind in kinds for action in actions}
        first = call.args[0]
        if not isinstance(first, ast.JoinedStr):
            return {word for word in self.words(first, scope, tree) if "." in word}
        start, rest = first.values[0], first.values[-1]
        if not isinstance(start, ast.Constant) or not isinstance(rest, ast.FormattedValue):
            return set()  # of a Change
        assert isinstance(start.value, str)
        actions = AIR if start.value == "channel." else self.words(rest.value, scope, tree)
        return {f"{start.value}{action}" for action in actions}

    def words(self, node: ast.AST, scope: ast.AST, tree: ast.Module) -> set[str]:
        """What an expression may be."""
        if isinstance(node, ast.Attribute) and node.attr == "kind":
            return LABELS
        if isinstance(node, ast.Call):
            return {word for one in self.named.get(name_of(node), ()) for back in returns(one) for word in texts(back)}
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            table = assigned(tree, node.value.id)
            return {word for one in table if isinstance(one, ast.Dict) for value in one.values for word in texts(value)}
        if not isinstance(node, ast.Name):
            return texts(node)
        given = {word for one in assigned(scope, node.id) for word in texts(one)}
        if not isinstance(scope, ast.Module):
            given |= self.passed(tree, scope, node.id)
        if given:
            return given
        homes = [tree] if assigned(tree, node.id) else imported(tree, node.id, self.folder)
        return {word for home in homes for one in assigned(home, node.id) for word in texts(one)}

    def passed(self, tree: ast.Module, function: ast.AST, parameter: str) -> set[str]:
        """What callers pass for a parameter; for a local of a tuple that is one, what stands in the tuple."""
        assert isinstance(function, FUNCTION)
        names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        if parameter not in names:
            whole = [one for one in ast.walk(function) if isinstance(one, ast.Assign) and parameter in targets(one)]
            sources = {name for one in whole for name in names_in(one.value) if name in names}
            return {word for source in sources for word in self.passed(tree, function, source)}
        place, found = names.index(parameter), set[str]()
        for call, caller, home in self.calls.get(function.name, ()):
            if home is tree or not function.name.startswith("_"):
                values = [call.args[place]] if place < len(call.args) else []
                values += [one.value for one in call.keywords if one.arg == parameter]
                found |= {word for value in values for word in self.words(value, caller, home)}
        return found


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def scoped(tree: ast.Module) -> list[tuple[ast.AST, ast.AST]]:
    """The calls and the functions of a module, each with the function in which it stands, or the module."""
    found = list[tuple[ast.AST, ast.AST]]()
    open_: list[tuple[ast.AST, ast.AST]] = [(node, tree) for node in tree.body]
    while open_:
        node, scope = open_.pop()
        if isinstance(node, (ast.Call, *FUNCTION)):
            found.append((node, scope))
        within = node if isinstance(node, FUNCTION) else scope
        open_ += [(child, within) for child in ast.iter_child_nodes(node)]
    return found


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def targets(node: ast.Assign) -> set[str]:
    return {name for target in node.targets for name in names_in(target)}


def returns(function: ast.AST) -> list[ast.expr]:
    return [one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value is not None]


def assigned(scope: ast.AST, name: str) -> list[ast.expr]:
    """What is assigned to a name alone, in a module's own lines or anywhere in a function."""
    inside = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    whole = [one for one in inside if isinstance(one, ast.Assign | ast.AnnAssign)]
    plain = [one.value for one in whole if isinstance(one, ast.Assign) and is_name(one.targets[0], name)]
    typed = [one.value for one in whole if isinstance(one, ast.AnnAssign) and is_name(one.target, name)]
    return plain + [one for one in typed if one is not None]


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


@cache
def read(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(tree: ast.Module, name: str, folder: Path) -> list[ast.Module]:
    homes = [
        one.module
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and one.module and name in {alias.name for alias in one.names}
    ]
    paths = [folder.parent / (home.replace(".", "/") + ".py") for home in homes]
    return [read(path) for path in paths if path.is_file()]


def test_what_the_code_tells_is_what_the_table_has() -> None:
    assert Code(ROOT / "control_api").types() == TYPES


def test_the_documentation_has_all_of_the_table() -> None:
    written = (ROOT / "docs" / "webhooks.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+)` \| (.*) \|$", written, re.MULTILINE)
    assert {thing: sorted(re.findall(r"`([a-z_]+)`", actions)) for thing, actions in rows} == {
        thing: sorted(actions) for thing, actions in THINGS.items()
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("asset.reddy", "there is no type of events asset.reddy; did you mean asset.ready?"),
        ("chanel.*", "there is no type of events chanel.*; did you mean channel.*?"),
        (
            "nonsense.*",
            "there is no type of events nonsense.*: GET /openapi.json and docs/webhooks.md name all there are",
        ),
    ],
)
def test_of_a_type_that_is_none_it_is_said_what_was_meant(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        known(name)
    assert [known(one) for one in NAMES] == list(NAMES)
