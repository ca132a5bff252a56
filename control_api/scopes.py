"""What a caller may do: scopes, each named for a thing and what is done with it."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class Scope(StrEnum):
    """One right. `write` of a thing does not include `read` of it."""

    CATALOG_READ = "catalog:read"
    TITLES_READ = "titles:read"
    TITLES_WRITE = "titles:write"
    ASSETS_READ = "assets:read"
    ASSETS_WRITE = "assets:write"
    UPLOADS_READ = "uploads:read"
    UPLOADS_WRITE = "uploads:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    IMPORTS_WRITE = "imports:write"
    CHANNELS_READ = "channels:read"
    CHANNELS_WRITE = "channels:write"
    AIR_WRITE = "air:write"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    BACKUPS_READ = "backups:read"
    BACKUPS_WRITE = "backups:write"
    EVENTS_READ = "events:read"
    AUDIT_READ = "audit:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    METRICS_READ = "metrics:read"
    PLAYBACK = "playback:read"
    ANALYTICS_READ = "analytics:read"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    NOTICES_WRITE = "notices:write"
    PAGES_WRITE = "pages:write"
    RAILS_WRITE = "rails:write"


class Open(Enum):
    """What needs no right at all."""

    OPEN = "open"


OPEN: Final = Open.OPEN
"""Said of an operation that everyone may ask."""


class Signed(Enum):
    """What needs somebody who is signed in, whatever their role: what people do with their own account."""

    IN = "signed in"
    OWNER = "owner"


SIGNED_IN: Final = Signed.IN
"""Said of an operation that every person may ask of themselves; an API key is no person."""

OWNER: Final = Signed.OWNER
"""The same, but not for who watches as a kids profile: what changes the account, its profiles, its plan."""

Required = Scope | Open | Signed

INCLUDED_IN: Final = {Scope.CATALOG_READ: (Scope.TITLES_READ, Scope.CHANNELS_READ)}
"""What a scope is a part of: who may see drafts, or the rules of channels, may see what the audience sees."""

MEANINGS: Final = {
    Scope.CATALOG_READ: "See what the audience may: published titles, channels on air, what is on and the guide.",
    Scope.TITLES_READ: "See titles, people, genres, tags and artwork, drafts included, and search them.",
    Scope.TITLES_WRITE: "Make, change, publish, archive and delete titles and what belongs to them.",
    Scope.ASSETS_READ: "See what is packaged: renditions, break points, loudness, where it is used.",
    Scope.ASSETS_WRITE: "Change break points and posters, and have assets packaged again.",
    Scope.UPLOADS_READ: "See uploads of everybody.",
    Scope.UPLOADS_WRITE: "Upload media, and have media fetched by link.",
    Scope.JOBS_READ: "See jobs, their progress and their logs.",
    Scope.JOBS_WRITE: "Make, pause, cancel and repeat jobs, and change which goes first.",
    Scope.IMPORTS_WRITE: "Import titles from files, feeds and catalogs of others.",
    Scope.CHANNELS_READ: "See channels, their rules, what they air and why.",
    Scope.CHANNELS_WRITE: "Change the rules of channels, publish and roll back.",
    Scope.AIR_WRITE: "Act on what is on air: play next, skip, withdraw.",
    Scope.ACCOUNTS_READ: "See accounts and their sessions.",
    Scope.ACCOUNTS_WRITE: "Make, block and invite accounts, and change their roles.",
    Scope.WEBHOOKS_READ: "See webhooks and what was delivered to them.",
    Scope.WEBHOOKS_WRITE: "Make, change and delete webhooks, and deliver again.",
    Scope.BACKUPS_READ: "See and download backups of the station.",
    Scope.BACKUPS_WRITE: "Make backups of the station, and restore them.",
    Scope.EVENTS_READ: "Read and follow what happens on the station.",
    Scope.AUDIT_READ: "Read who changed what.",
    Scope.KEYS_READ: "See which API keys there are; never the keys themselves.",
    Scope.KEYS_WRITE: "Make, rename and revoke API keys with no more rights than one's own.",
    Scope.METRICS_READ: "Read the figures for monitoring.",
    Scope.PLAYBACK: "Be given addresses by which channels and published titles play.",
    Scope.ANALYTICS_READ: "Read how much is watched, of what and how well it plays; of no single person.",
    Scope.BILLING_READ: "See plans, subscriptions and payments of everybody.",
    Scope.BILLING_WRITE: "Change plans, subscriptions of others, and refund payments.",
    Scope.NOTICES_WRITE: "Tell everybody something, or somebody.",
    Scope.PAGES_WRITE: "Write help and legal texts, and answer what people ask.",
    Scope.RAILS_WRITE: "Change the rails of which the home page is made.",
}
"""What each scope allows, for people."""
