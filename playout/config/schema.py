"""The JSON Schema of channels.yaml, by which editors complete and check it while it is written.

Law: it is made of the words that the reader reads with. What it refuses, the reader refuses, but for whole
numbers in quotes; the reader knows more, such as which names there are, and what does not go together.
"""

from __future__ import annotations

from typing import Final

from playout.config.programming import TOP
from playout.config.word import Schema, keyed, named_by

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
"""The dialect of JSON Schema that is written."""


def json_schema() -> Schema:
    """The schema of a file, as a JSON object (draft 2020-12)."""
    return {
        "$schema": DRAFT,
        "title": "Fastline channels",
        "description": "The channels of a Fastline station and how they are programmed.",
        **keyed(TOP),
        "$defs": dict(sorted(named_by(TOP).items())),
    }
