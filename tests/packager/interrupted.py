"""A program that packages one film and kills itself, without a word, at the moment that it is told.

Arguments: the store's folder, the film, the stage, and how many chunks must be encoded by then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

from playback import FAST, NOON

from packager.batch import Batch, package
from packager.progress import Progress, Stage


def main() -> None:
    media, film, stage, encoded = Path(sys.argv[1]), Path(sys.argv[2]), Stage(sys.argv[3]), int(sys.argv[4])

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def die_while_publishing() -> None:
        while len(list(media.glob("assets/*/v360.cmfv"))) < len(["the slate's", "the film's"]):
            pass
        die()

    def tell(note: Progress) -> None:
        if note.file != str(film) or note.stage is not stage or note.encoded < encoded:
            return
        if stage is Stage.PUBLISH:
            threading.Thread(target=die_while_publishing, daemon=True).start()
        else:
            die()

    asyncio.run(package([film], Batch(media, FAST, chunk=1), tell=tell, clock=lambda: NOON))


if __name__ == "__main__":
    main()
