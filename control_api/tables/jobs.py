"""Jobs: work that takes longer than a request, and what is told of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from control_api.columns import Document, UtcInstant
from control_api.tables.row import Row


class Job(Row, table=True):
    """A piece of work. Its state changes by `control_api.jobs.moving` alone."""

    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "owner", "started_at"),
        Index(None, "kind", "state"),
    )

    id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=40)
    state: str = Field(max_length=12)
    """One of `control_api.jobs.states.State`."""
    given: dict[str, Any] = Field(sa_type=Document)
    """What is to be done, as the model of its kind writes it."""
    result: dict[str, Any] | None = Field(default=None, sa_type=Document)
    """What came of it."""
    owner: str = Field(max_length=80)
    """The id of who wanted it; empty: the station itself."""
    subject: str = Field(max_length=80, index=True)
    """The id of the thing that it is about; empty where there is none."""
    priority: int = Field(default=0)
    """The larger, the sooner."""
    parent: str | None = Field(default=None, max_length=40, index=True, foreign_key="job.id", ondelete="SET NULL")
    """The job that must succeed before."""
    attempts: int = Field(default=0)
    """How often it was begun since people last wanted it."""
    attempts_most: int = Field(default=1)
    """How often it is begun at most."""
    reason: str | None = Field(default=None, max_length=2000)
    """Why it waits, or why it failed."""
    advice: str | None = Field(default=None, max_length=500)
    """What people can do about that."""
    permille: int = Field(default=0)
    """How much of it is done, of 1000."""
    words: str = Field(default="", max_length=200)
    """What is being done."""
    parts: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    """How much of each part, such as a rendition, is done, of 1000."""
    needs_bytes: int = Field(default=0, sa_type=BigInteger)
    """How much room it needs on the disk of the store."""
    lease: str | None = Field(default=None, max_length=40)
    """What a worker holds while it works: nobody without it may write here."""
    leased_until: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)
    """When the worker must have died."""
    worker: str = Field(default="", max_length=120)
    """Who works on it, or did last."""
    entries: int = Field(default=0)
    """Counts its entries."""
    version: int = Field(default=1)
    """Counts its edits by people."""
    created_at: datetime = Field(sa_type=UtcInstant)
    due_at: datetime = Field(sa_type=UtcInstant)
    """Not before then."""
    started_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When it was last begun."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant, index=True)


class JobEntry(Row, table=True):
    """One line of what is told of a job: a move to another state, a line of its log, or how far it is."""

    __tablename__ = "job_entry"

    job: str = Field(primary_key=True, max_length=40, foreign_key="job.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    """Counted from 1, in the order in which entries can be seen: whoever writes one holds the row of the job."""
    at: datetime = Field(sa_type=UtcInstant)
    kind: str = Field(max_length=10)
    """`state`, `log` or `progress`."""
    attempt: int
    words: str = Field(max_length=2000)
    permille: int
