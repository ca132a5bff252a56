"""The tables, a module for each resource. A new one is imported here and made by a migration."""

from control_api.tables.artwork import Artwork, ArtworkTicket
from control_api.tables.assets import AmendmentDue, Asset
from control_api.tables.audit import AuditEntry
from control_api.tables.duties import Duty
from control_api.tables.events import Event
from control_api.tables.keys import ApiKey, Secret
from control_api.tables.repeats import Repeat
from control_api.tables.row import METADATA
from control_api.tables.titles import (
    Credit,
    Genre,
    Person,
    PersonElsewhere,
    Tag,
    Title,
    TitleCountry,
    TitleElsewhere,
    TitleGenre,
    TitleLanguage,
    TitleTag,
    TitleText,
)

__all__ = [
    "METADATA",
    "AmendmentDue",
    "ApiKey",
    "Artwork",
    "ArtworkTicket",
    "Asset",
    "AuditEntry",
    "Credit",
    "Duty",
    "Event",
    "Genre",
    "Person",
    "PersonElsewhere",
    "Repeat",
    "Secret",
    "Tag",
    "Title",
    "TitleCountry",
    "TitleElsewhere",
    "TitleGenre",
    "TitleLanguage",
    "TitleTag",
    "TitleText",
]
