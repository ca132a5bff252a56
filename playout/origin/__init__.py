"""The origin: channels over HTTP.

Law: the request path reads one view of what is on air, and the clock once. A playlist needs no input or
output; a segment is one read of a byte range in a worker thread, and is kept while it is asked for.
"""

from playout.origin.app import create_app
from playout.origin.lane import LaneRunner
from playout.origin.settings import Settings

__all__ = ["LaneRunner", "Settings", "create_app"]
