"""Tags: words by which channels choose, and people sort."""

from __future__ import annotations

from typing import Final

from control_api.resources.labels import TAGS, TagPath, operations

OPERATIONS: Final = operations(TAGS, TagPath)
