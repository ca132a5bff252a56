"""Macros in the URLs of ad servers (VAST 4.2, section 6). Pure.

What is of a viewer is answered with -1, which says that it is not known: nobody is watched here. What nobody knows here
is left as it is, as VAST wants it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from control_api.outgoing import AGENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_MACRO: Final = re.compile(r"\[([A-Z0-9_]{1,40})\]|%%([A-Z0-9_]{1,40})%%")
_PERSONAL: Final = frozenset((
    "DEVICEIP", "DEVICEUA", "IFA", "IFATYPE", "LATLONG", "CLIENTUA", "LIMITADTRACKING", "GDPRCONSENT", "REGULATIONS",
    "PAGEURL", "DOMAIN", "APPBUNDLE", "PLAYERSIZE", "PLAYERSTATE", "OMIDPARTNER", "INVENTORYSTATE",
    "VERIFICATIONVENDORS", "CONTENTID", "CONTENTURI", "STOREID", "STOREURL", "CLICKPOS", "CLICKTYPE",
))  # fmt: skip
UNKNOWN: Final = "-1"
SERVER: Final = "2"
"""SERVERSIDE: a server asks, and for nobody's device."""
VERSIONS: Final = "2,3,5,6,7,8,11,12,13,14"
"""VASTVERSIONS: VAST 2.0 to 4.2 with their wrappers, by the numbers of OpenRTB's list of protocols."""
CODE: Final = "ERRORCODE"


def general(now: datetime, chance: int) -> dict[str, str]:
    """What is the same in every URL that is asked now; `chance` is any number."""
    return {
        "CACHEBUSTING": f"{chance % 90_000_000 + 10_000_000}",
        "RANDOM": f"{chance % 90_000_000 + 10_000_000}",
        "CACHEBUSTER": f"{chance % 90_000_000 + 10_000_000}",
        "TIMESTAMP": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SERVERSIDE": SERVER,
        "SERVERUA": AGENT,
        "VASTVERSIONS": VERSIONS,
        "MEDIAMIME": "video/mp4,video/quicktime,video/webm",
        "ADTYPE": "video",
        "PLACEMENTTYPE": "1",
        **dict.fromkeys(_PERSONAL, UNKNOWN),
    }


def filled(url: str, values: Mapping[str, str]) -> str:
    """The URL with these values in the place of their macros, encoded for a URL."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return quote(values[name], safe=",:-._~") if name in values else found[0]

    return _MACRO.sub(value, url)
