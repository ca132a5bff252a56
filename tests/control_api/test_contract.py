"""The contract of the API, as people who write clients hold to it (C82)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract import told

from control_api import openapi
from control_api.resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_contract_is_what_was_agreed(golden: Callable[[str, str | bytes], None]) -> None:
    """Whoever changes it writes it anew (`make golden`), and looks at the difference: what was there stays."""
    golden("api.txt", told(openapi.document(RESOURCES)))


def test_models_have_names_of_their_own() -> None:
    """Two of one name are told apart by their modules, which is nothing that a client should see."""
    names = openapi.document(RESOURCES)["components"]["schemas"]
    assert [name for name in names if "__" in name or "[" in name] == []
