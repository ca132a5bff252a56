"""What all tables have in common: one set of names for their constraints, so that migrations can name them."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables."""
REGISTRY = registry(metadata=METADATA)
"""All models of rows."""


class Row(SQLModel, registry=REGISTRY):
    """A row. It validates nothing: what people send is read by models of its own."""
