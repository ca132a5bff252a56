"""An S3 service on loopback: a process of its own, with a bucket, that can be killed and come back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import obstore
from obstore.store import S3Store as Bucket
from waiting import still_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "station"
SECRET = "nothing-that-opens-anything"  # noqa: S105 — it opens nothing
KEY_ID = "AKIDNOSUCHKEY"
_STARTS = 30.0
_SCOPE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Service:
    """A service that holds one bucket in its memory."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client must have in its environment."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start it, with an empty bucket, and wait until it answers."""
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + _STARTS
        while time.monotonic() < until:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert still_runs(self.process), "the service has ended by itself"
        url, named = f"{self.endpoint}/{BUCKET}", {"Authorization": _SCOPE}
        urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=named)).close()  # noqa: S310 — loopback

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Let it say nothing more, though it still takes connections."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def client(self) -> Bucket:
        """A client of our own for looking into the bucket."""
        return Bucket(
            BUCKET,
            config={
                "endpoint": self.endpoint,
                "access_key_id": KEY_ID,
                "secret_access_key": SECRET,
                "region": "us-east-1",
            },
            client_options={"allow_http": True},
        )

    def dump(self) -> dict[str, bytes]:
        """All objects, by key."""
        client = self.client()
        return {
            entry["path"]: bytes(obstore.get(client, entry["path"]).bytes())
            for page in obstore.list(client)
            for entry in page
        }

    def load(self, objects: dict[str, bytes]) -> None:
        """Put objects there again."""
        client = self.client()
        for key, data in objects.items():
            obstore.put(client, key, data)


@contextmanager
def serving() -> Iterator[Service]:
    """A service that runs, and whose environment is that of this process."""
    service = Service()
    before = {name: os.environ.get(name) for name in service.environment}
    service.start()
    os.environ.update(service.environment)
    try:
        yield service
    finally:
        service.kill()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
