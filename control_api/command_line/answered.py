"""What a command says of a database or a store that does not answer."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from control_api.unserved import Unserved, unserved
from playout.commands.options import Refused
from playout.media import Nowhere
from playout.store import StoreDown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_api.settings import Settings


@contextmanager
def answered(settings: Settings) -> Iterator[None]:
    """Say of a database or a store that does not answer that it does not."""
    try:
        yield
    except Refused:
        raise
    except (StoreDown, Nowhere) as error:
        raise Refused(str(error)) from error
    except Exception as error:
        told = unserved(settings, error)
        if isinstance(told, Unserved):
            raise Refused(str(told)) from error
        raise
