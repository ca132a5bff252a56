"""The tables, a module for each resource. A new one is imported here and made by a migration."""

from control_api.tables.advertising import AdBeacon, AdCreative, AdDecision, AdOffer, AdPlace, AdSource, AdSourceState
from control_api.tables.artwork import Artwork, ArtworkTicket, PictureStray
from control_api.tables.assets import AmendmentDue, Asset
from control_api.tables.audit import AuditEntry
from control_api.tables.breaks import AssetCare, BreakEdit
from control_api.tables.duties import Duty
from control_api.tables.events import Event
from control_api.tables.figures import (
    FigureDay,
    FigurePlace,
    PlayCounted,
    TitleSeen,
    View,
    ViewerDays,
    ViewSent,
    Visit,
    VisitKey,
)
from control_api.tables.imports import Backup, Import, ImportEntry, ImportMemory, PosterDue
from control_api.tables.jobs import Job, JobEntry
from control_api.tables.keys import ApiKey, Secret
from control_api.tables.lists import Listed, Rated, RatingSum
from control_api.tables.notices import (
    Broadcast,
    BroadcastAccount,
    BroadcastReceipt,
    Mail,
    MailChoice,
    MailToken,
    Notice,
)
from control_api.tables.pages import Consent, HelpArticle, LegalText, Ticket, TicketEntry
from control_api.tables.people import Account, Failures, Identity, Invitation, Session, SigningKey
from control_api.tables.plans import (
    Payment,
    Plan,
    ProviderEvent,
    ReceiptCount,
    Refund,
    Subscription,
    SubscriptionEntry,
)
from control_api.tables.privacy import DataExport, ExportPiece
from control_api.tables.profiles import Profile
from control_api.tables.rails import Rail, RailPin
from control_api.tables.recommending import RecommendationBuild, RecommendationDay, RecommendationWork
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
from control_api.tables.uploads import Upload
from control_api.tables.viewing import PlaySession, Watched
from control_api.tables.webhooks import AirPlace, Delivery, Webhook, WebhookPlace

__all__ = [
    "METADATA",
    "Account",
    "AdBeacon",
    "AdCreative",
    "AdDecision",
    "AdOffer",
    "AdPlace",
    "AdSource",
    "AdSourceState",
    "AirPlace",
    "AmendmentDue",
    "ApiKey",
    "Artwork",
    "ArtworkTicket",
    "Asset",
    "AssetCare",
    "AuditEntry",
    "Backup",
    "BreakEdit",
    "Broadcast",
    "BroadcastAccount",
    "BroadcastReceipt",
    "Consent",
    "Credit",
    "DataExport",
    "Delivery",
    "Duty",
    "Event",
    "ExportPiece",
    "Failures",
    "FigureDay",
    "FigurePlace",
    "Genre",
    "HelpArticle",
    "Identity",
    "Import",
    "ImportEntry",
    "ImportMemory",
    "Invitation",
    "Job",
    "JobEntry",
    "LegalText",
    "Listed",
    "Mail",
    "MailChoice",
    "MailToken",
    "Notice",
    "Payment",
    "Person",
    "PersonElsewhere",
    "PictureStray",
    "Plan",
    "PlayCounted",
    "PlaySession",
    "PosterDue",
    "Profile",
    "ProviderEvent",
    "Rail",
    "RailPin",
    "Rated",
    "RatingSum",
    "ReceiptCount",
    "RecommendationBuild",
    "RecommendationDay",
    "RecommendationWork",
    "Refund",
    "Repeat",
    "Secret",
    "Session",
    "SigningKey",
    "Subscription",
    "SubscriptionEntry",
    "Tag",
    "Ticket",
    "TicketEntry",
    "Title",
    "TitleCountry",
    "TitleElsewhere",
    "TitleGenre",
    "TitleLanguage",
    "TitleSeen",
    "TitleTag",
    "TitleText",
    "Upload",
    "View",
    "ViewSent",
    "ViewerDays",
    "Visit",
    "VisitKey",
    "Watched",
    "Webhook",
    "WebhookPlace",
]
