"""Fetches the page's player at build time: `python -m playout.page.build hls.js`."""

from __future__ import annotations

import sys
from typing import Final

from playout.npm import NotBuilt, Package, build

HLS: Final = Package(
    "hls.js",
    "1.7.4",
    "sha512-3GlxGdPvT2YHvQYOt+yOzT/DEior/qJVNIylHA77kgeoBTdQQqi70GwefNEUmHQeNGyjC8U62+bruqW/Tpm+tg==",
    "package/dist/hls.min.js",
)
"""Plays HLS in browsers that cannot by themselves. Apache-2.0."""
SHAKA: Final = Package(
    "shaka-player",
    "5.2.12",
    "sha512-vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg==",
    "package/dist/shaka-player.compiled.js",
)
"""Another player, for tests only. Apache-2.0."""
PACKAGES: Final = {package.name: package for package in (HLS, SHAKA)}


def main(names: list[str]) -> int:
    """Build the named packages; 0 when all are there."""
    unknown = [name for name in names if name not in PACKAGES]
    if unknown or not names:
        print(f"usage: python -m playout.page.build {' | '.join(PACKAGES)}", file=sys.stderr)
        return 2
    status = 0
    for name in names:
        try:
            build(PACKAGES[name])
        except NotBuilt as error:
            print(
                f"Warning: {name} is not built, and the page plays only in browsers that know HLS themselves",
                file=sys.stderr,
            )
            print(f"  {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
