"""Roles: what each of them may do. This table is the only place that says so."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from control_api.scopes import Scope


class Role(StrEnum):
    """What somebody is at this station. Each may do whatever the one before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OPERATOR = "operator"
    ADMIN = "admin"


_VIEWER: Final = frozenset((Scope.CATALOG_READ, Scope.PLAYBACK))  # the audience: nothing behind the scenes
_EDITOR: Final = _VIEWER | {
    Scope.TITLES_READ,
    Scope.TITLES_WRITE,
    Scope.ASSETS_READ,
    Scope.ASSETS_WRITE,
    Scope.UPLOADS_READ,
    Scope.UPLOADS_WRITE,
    Scope.IMPORTS_WRITE,
    Scope.JOBS_READ,
    Scope.CHANNELS_READ,
    Scope.EVENTS_READ,
    Scope.PAGES_WRITE,
    Scope.RAILS_WRITE,
}
_OPERATOR: Final = _EDITOR | {
    Scope.CHANNELS_WRITE,
    Scope.AIR_WRITE,
    Scope.JOBS_WRITE,
    Scope.WEBHOOKS_READ,
    Scope.AUDIT_READ,
    Scope.METRICS_READ,
    Scope.ANALYTICS_READ,
}

SCOPES: Final = {
    Role.VIEWER: _VIEWER,
    Role.EDITOR: _EDITOR,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Scope),
}
"""What each role may do."""


AUDIENCE: Final = _VIEWER
"""What a kids profile may do at most, whatever the role of its account."""


def scopes_of(role: str) -> frozenset[Scope]:
    """What a role of the database may do; one that this version does not know may do nothing."""
    return SCOPES[Role(role)] if role in set(Role) else frozenset()


def is_within(role: str, scopes: frozenset[Scope]) -> bool:
    """Whether who has these scopes may give the role, or edit who has it."""
    return scopes_of(role) <= scopes
