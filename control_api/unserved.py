"""What is said of an API that cannot be served, and of a database that cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_api import schema
from control_api.database import Database, is_outage

if TYPE_CHECKING:
    from control_api.settings import Settings


class Unserved(Exception):
    """The API cannot be served, or the database not be asked: it says why, and what to do."""


def unserved(settings: Settings, error: Exception) -> Exception:
    """What to say of a database that cannot be used."""
    if isinstance(error, schema.Outdated):
        return Unserved(
            f"the database {Database(settings.database_url).url.render_as_string()} cannot be used: {error}"
        )
    if not is_outage(error):
        return error
    first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    where = Database(settings.database_url).url.render_as_string()
    return Unserved(f"the database {where} does not answer: {first}. `fastline doctor` says more")
