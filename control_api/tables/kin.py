"""What stands above or beneath a title in one statement, each a name for the same table.

They are made once: to make one takes longer than to ask a database by it. A statement within another that names the
same one would mean the outer row: there an alias of its own is due.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import aliased

from control_api.tables.titles import Title

PARENT: Final = aliased(Title)
"""What a title is right beneath: a season, or a series."""
GRANDPARENT: Final = aliased(Title)
"""What the parent is right beneath."""
CHILD: Final = aliased(Title)
"""What is right beneath a title."""
