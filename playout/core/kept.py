"""What is made of something and kept for as long as that lives, so that a process of many months forgets.

Law: it holds nothing that its owner does not outlive, and of each owner's things no more than the newest few.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Owner = TypeVar("Owner")
Thing = TypeVar("Thing")


class Kept(Generic[Owner, Thing]):
    """Things by owner and name. No thing may refer to its owner: it would keep it alive, and so itself."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        """The most things of one owner."""
        self._things: Final[WeakKeyDictionary[Owner, OrderedDict[Hashable, Thing]]] = WeakKeyDictionary()

    def of(self, owner: Owner, name: Hashable, make: Callable[[], Thing]) -> Thing:
        """The thing of `owner` that is called `name`; made when it is not there."""
        things = self._things.setdefault(owner, OrderedDict())
        thing = things.get(name)
        if thing is None:
            thing = things[name] = make()
            if len(things) > self._most:
                things.popitem(last=False)
        return thing
