"""The tables, a module for each resource. A new one is imported here and made by a migration."""

from control_api.tables.audit import AuditEntry
from control_api.tables.events import Event
from control_api.tables.keys import ApiKey, Secret
from control_api.tables.repeats import Repeat
from control_api.tables.row import METADATA

__all__ = ["METADATA", "ApiKey", "AuditEntry", "Event", "Repeat", "Secret"]
