"""Languages: one tag, whatever a file or a person calls it."""

from __future__ import annotations

import pytest

from playout.core.language import bcp47


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        ("ENG", "en"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("pt_br", "pt-BR"),
        ("zho-hant-tw", "zh-Hant-TW"),
        ("ca-VALENCIA", "ca-valencia"),
        ("es-419", "es-419"),
        ("und", "und"),
        ("xx", None),
        ("english", None),
        ("", None),
        ("en-", None),
        ("e", None),
    ],
)
def test_a_language_has_one_tag(text: str, tag: str | None) -> None:
    assert bcp47(text) == tag
