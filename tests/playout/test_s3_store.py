"""The law of stores, over a folder and over a bucket of a real service (features B03, B40)."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import pytest
from buckets import BUCKET, KEY_ID, SECRET, Service, serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playout import keys
from playout.media import Nowhere, Place, place
from playout.s3 import FEW, PART, REST, S3Store
from playout.store import DirStore, StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playout.store import Store


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as found:
        yield found


@pytest.fixture
def bucket(service: Service) -> S3Store:
    """An empty place in the bucket."""
    assert service.process
    return S3Store(BUCKET, f"tests/{secrets.token_hex(6)}")


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return DirStore(tmp_path / "media")
    found: S3Store = request.getfixturevalue("bucket")
    return found


def test_the_first_writer_wins_and_the_other_is_told(store: Store) -> None:
    assert store.read("channels/one/a.json") is None
    assert store.put_new("channels/one/a.json", b"first")
    assert not store.put_new("channels/one/a.json", b"second")
    assert store.read("channels/one/a.json") == b"first"


def test_of_many_writers_at_once_one_wins_and_it_is_the_one_whose_words_are_there(store: Store) -> None:
    for turn in range(5):
        at_once = threading.Barrier(8)

        def write(who: int, turn: int = turn, at_once: threading.Barrier = at_once) -> bool:
            at_once.wait()
            return store.put_new(f"log/{turn:08d}.json", b"%d" % who)

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(write, range(8)))
        assert won.count(True) == 1
        assert store.read(f"log/{turn:08d}.json") == b"%d" % won.index(True)


def test_a_range_is_read_whole_or_not_at_all(store: Store) -> None:
    store.put_new("assets/a/v360.cmfv", b"0123456789")
    assert store.read_range("assets/a/v360.cmfv", 2, 5) == b"234"
    assert store.read_range("assets/a/v360.cmfv", 0, 10) == b"0123456789"
    assert store.read_range("assets/a/v360.cmfv", 4, 4) == b""
    assert store.read_range("assets/a/v360.cmfv", 5, 11) is None
    assert store.read_range("assets/a/v360.cmfv", 10, 12) is None
    assert store.read_range("assets/a/v720.cmfv", 0, 4) is None
    assert store.read_range("assets/a/v720.cmfv", 0, 0) is None


def test_names_are_those_just_below(store: Store) -> None:
    for key in ("assets/b/asset.json", "assets/a/asset.json", "assets/a/v.cmfv", "assets.json", "assetsx/c/asset.json"):
        store.put_new(key, b"{}")
    assert store.names("assets") == ["a", "b"]
    assert store.names("assets/a") == ["asset.json", "v.cmfv"]
    assert store.names("assets/c") == []
    assert store.names("nothing") == []


def test_a_file_is_adopted_once_and_used_up(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "media"
    root.mkdir(exist_ok=True)
    for said, created in ((b"one", True), (b"two", False)):
        file = root / "made"
        file.write_bytes(said)
        assert store.adopt("assets/a/v.cmfv", file) is created
        assert not file.exists()
    assert store.read("assets/a/v.cmfv") == b"one"
    (root / "made").write_bytes(b"one, mended")
    store.restore("assets/a/v.cmfv", root / "made")
    assert store.read("assets/a/v.cmfv") == b"one, mended"
    assert not (root / "made").exists()


def test_what_is_removed_takes_along_what_lies_below_it_and_nothing_else(store: Store) -> None:
    for key in (
        "assets/a/asset.json",
        "assets/a/v.cmfv",
        "assets/a/more/x",
        "assets/ab/asset.json",
        "artwork/one.jpeg",
    ):
        store.put_new(key, b"{}")
    store.remove("assets/a/asset.json")
    assert store.names("assets/a") == ["more", "v.cmfv"]
    store.remove("assets/a")
    assert store.names("assets") == ["ab"]
    store.remove("artwork/one.jpeg")
    store.remove("artwork/two.jpeg")
    store.remove("nothing")
    assert store.names("artwork") == []
    assert store.put_new("assets/a/asset.json", b"anew")


@pytest.mark.parametrize("key", ["../up", "a//b", "/a", "", ".hidden", "a/.b", "a b", "a/b?x=1", "ä"])
def test_what_is_no_key_is_refused_before_anything_is_asked(store: Store, key: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for ask in (
        lambda: store.read(key),
        lambda: store.read_range(key, 0, 1),
        lambda: store.put_new(key, b""),
        lambda: store.names(key),
        lambda: store.remove(key),
        lambda: store.adopt(key, tmp_path / "file"),
        lambda: store.restore(key, tmp_path / "file"),
    ):
        with pytest.raises(keys.BadKey):
            ask()


FEW_KEYS = st.sampled_from(["a/b", "a/c", "a/d/e", "f", "g/h.json"])
ASKED = st.one_of(
    st.tuples(st.just("put"), FEW_KEYS, st.binary(max_size=8)),
    st.tuples(st.just("read"), FEW_KEYS, st.just(b"")),
    st.tuples(st.just("range"), FEW_KEYS, st.binary(max_size=8)),
    st.tuples(st.just("names"), st.sampled_from(["a", "a/d", "g", "h"]), st.just(b"")),
)


@pytest.mark.usefixtures("service")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ASKED, max_size=20))
def test_a_bucket_answers_whatever_a_folder_answers(asked: list[tuple[str, str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores: list[Store] = [DirStore(Path(folder)), S3Store(BUCKET, f"laws/{secrets.token_hex(8)}")]
        for what, key, data in asked:
            one, two = [_answer(store, what, key, data) for store in stores]
            assert one == two


def _answer(store: Store, what: str, key: str, data: bytes) -> object:
    if what == "put":
        return store.put_new(key, data)
    if what == "read":
        return store.read(key)
    if what == "range":
        start, stop = sorted((len(data) // 2, sum(data) % 9))
        return store.read_range(key, start, stop)
    return store.names(key)


def test_more_names_than_a_service_tells_at_once(bucket: S3Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda n: bucket.put_new(f"log/{n:06d}.json", b"{}"), range(1010)))
    assert bucket.names("log") == [f"{n:06d}.json" for n in range(1010)]


def test_a_large_file_is_sent_in_parts_and_appears_whole(bucket: S3Store, tmp_path: Path) -> None:
    film, piece = tmp_path / "film.cmfv", bytes(range(256)) * 4096
    film.write_bytes(piece * (2 * PART // len(piece)) + b"end")
    size = film.stat().st_size
    assert bucket.adopt("assets/a/film.cmfv", film)
    assert not film.exists()
    assert bucket.read_range("assets/a/film.cmfv", size - 3, size) == b"end"
    assert bucket.read_range("assets/a/film.cmfv", PART, PART + len(piece)) == piece
    film.write_bytes(b"x" * (PART + 1))
    assert not bucket.adopt("assets/a/film.cmfv", film)
    assert bucket.read_range("assets/a/film.cmfv", 0, 4) == piece[:4]


MEASURED = """
import resource, sys
from pathlib import Path
from playout.s3 import S3Store
store = S3Store(sys.argv[1], sys.argv[2])
store.put_new("a", b"")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert store.adopt("film", Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_the_longest_film_takes_no_more_memory_than_a_few_parts(service: Service, tmp_path: Path) -> None:
    assert service.process
    film = tmp_path / "film.cmfv"
    film.touch()
    os.truncate(film, 20 * PART)
    words = [sys.executable, "-c", MEASURED, BUCKET, f"memory/{secrets.token_hex(6)}", str(film)]
    told = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60)
    assert int(told.stdout) << 10 < 8 * PART


def test_stores_with_different_prefixes_do_not_see_each_other(service: Service) -> None:
    one, two = S3Store(BUCKET, "one"), S3Store(BUCKET, "one/two")
    one.put_new("a/b.json", b"1")
    two.put_new("a/b.json", b"2")
    assert (one.read("a/b.json"), two.read("a/b.json")) == (b"1", b"2")
    assert obstore.head(service.client(), "one/two/a/b.json")["size"] == 1
    whole = S3Store(BUCKET)
    assert whole.read("one/a/b.json") == b"1"


# Outages


def test_a_bucket_that_is_not_there_is_an_outage_and_not_an_empty_store(service: Service) -> None:
    assert service.process
    nowhere = S3Store("no-such-bucket", "x")
    for ask in (lambda: nowhere.read("a"), lambda: nowhere.names("a"), lambda: nowhere.put_new("a", b"")):
        with pytest.raises(StoreDown) as told:
            ask()
        assert str(told.value) == "a: there is no bucket 'no-such-bucket' at this endpoint"


def test_who_cannot_be_reached_is_told_soon_and_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.socket() as probe:  # a port that nobody listens on
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{probe.getsockname()[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        now = [0.0]
        dead = S3Store(BUCKET, monotonic=lambda: now[0])
        (tmp_path / "film").write_bytes(b"film")
        asks: list[Callable[[], object]] = [
            lambda: dead.read("a"),
            lambda: dead.read_range("a", 0, 1),
            lambda: dead.put_new("a", b""),
            lambda: dead.names("a"),
            lambda: dead.adopt("a", tmp_path / "film"),
        ]
        for ask in asks:
            now[0] += REST + 1
            with pytest.raises(StoreDown) as told:
                ask()
            assert str(told.value) == "a: the bucket cannot be used: it cannot be reached"
            assert told.value.__cause__ is None
    assert (tmp_path / "film").exists()
    said = caplog.text + repr(dead) + str(vars(dead))
    assert SECRET not in said
    assert KEY_ID not in said


def test_a_service_that_is_silent_is_asked_by_one_at_a_time_until_it_answers() -> None:
    """Else a dead service holds every reader up for as long as it takes to see that it is dead."""
    with serving() as service:
        now = [0.0]
        store = S3Store(BUCKET, monotonic=lambda: now[0])
        store.put_new("a", b"there")
        service.kill()
        for _ in range(FEW):
            with pytest.raises(StoreDown):
                store.read("a")
        service.start()
        service.load({"a": b"there"})
        with pytest.raises(StoreDown, match="cannot be reached"):  # it has come back, but nobody has asked yet
            store.read("a")
        now[0] += REST
        assert store.read("a") == b"there"
        assert store.read("a") == b"there"


def test_a_service_that_hangs_is_an_outage_in_a_few_seconds() -> None:
    with serving() as service:
        store = S3Store(BUCKET)
        store.put_new("a", b"there")
        service.stop()
        with pytest.raises(StoreDown, match="does not answer in time"):
            store.read("a")
        service.resume()
        assert store.read("a") == b"there"


REFUSAL = f"""<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>The signature does not match
</Message><AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256 {SECRET}</StringToSign></Error>"""


class Refusing(BaseHTTPRequestHandler):
    """Refuses everybody, and quotes what it was told, as services do."""

    status = 403

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(REFUSAL)))
        self.end_headers()
        self.wfile.write(REFUSAL.encode())

    do_GET = do_PUT = answer  # noqa: N815 — the names that the server asks for

    def log_message(self, *_: object) -> None:
        pass


class Overloaded(Refusing):
    status = 503


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            Refusing,
            "the bucket refuses our key (403 SignatureDoesNotMatch); it must be allowed to read, to list and to create",
        ),
        (Overloaded, "the bucket answers 503 SignatureDoesNotMatch"),
    ],
)
def test_a_refusal_is_told_in_our_words_for_those_of_the_service_quote_keys(
    answers: type[Refusing], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        store = S3Store(BUCKET)
        for ask in (lambda: store.read("a"), lambda: store.put_new("a", b""), lambda: store.names("a")):
            with pytest.raises(StoreDown) as told:
                ask()
            assert str(told.value) == f"a: {words}"
            assert SECRET not in "".join(traceback.format_exception(told.value))
        server.shutdown()


# What is typed


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("media", Place(Path("media"))),
        ("/srv/tv", Place(Path("/srv/tv"))),
        ("s3://my-tv", Place(Path("media"), "s3://my-tv")),
        ("s3://my-tv/", Place(Path("media"), "s3://my-tv")),
        ("s3://tv.example/house/one/", Place(Path("media"), "s3://tv.example/house/one")),
    ],
)
def test_what_is_typed_is_a_folder_or_a_bucket(typed: str, found: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTLINE_MEDIA", raising=False)
    assert place(typed) == found
    monkeypatch.setenv("FASTLINE_MEDIA", "/var/fastline")
    assert place(typed).folder == (Path("/var/fastline") if found.bucket else found.folder)
    assert str(place(typed)) == (found.bucket or str(found.folder))


@pytest.mark.parametrize(
    "typed",
    [
        "s3://",
        "s3://TV/x",
        "s3:///x",
        "s3://my-tv//x",
        "s3://my-tv/../x",
        "s3://my-tv/a b",
        "http://my-tv/x",
        "gs://my-tv",
    ],
)
def test_what_is_neither_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(Nowhere, match="write a folder, or s3://bucket/prefix"):
        place(typed)
