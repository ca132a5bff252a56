"""The rule of names: a module or class that is called by no noun of its own is missing one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
EMPTY = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "service", "handler"}


def words(name: str) -> set[str]:
    """The words in a name, of whichever case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def test_a_module_or_class_has_a_noun_of_its_own() -> None:
    files = [
        CHECKOUT / "fastline.py",
        *(
            p
            for folder in ("assembly", "playout", "packager", "control_api")
            for p in (CHECKOUT / folder).rglob("*.py")
        ),
    ]
    names = [str(path.relative_to(CHECKOUT)) for path in files if words(path.stem) & EMPTY]
    for path in files:
        if path.exists():
            classes = [node.name for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.ClassDef)]
            names += [f"{path.relative_to(CHECKOUT)}: {name}" for name in classes if words(name) & EMPTY]
    assert names == []


def test_the_rule_knows_its_words() -> None:
    assert words("JobManager") & EMPTY
    assert words("http_utils") & EMPTY
    assert not words("Baseline") & EMPTY
