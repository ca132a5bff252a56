"""Who does what only one process may do at a time."""

from datetime import datetime

from sqlmodel import Field

from control_api.columns import UtcInstant
from control_api.tables.row import Row


class Duty(Row, table=True):
    """Something that one process does, for as long as it says so now and then."""

    __tablename__ = "duty"

    name: str = Field(primary_key=True, max_length=40)
    holder: str = Field(max_length=40)
    """The process."""
    until: datetime = Field(sa_type=UtcInstant)
    """When it must have died."""
