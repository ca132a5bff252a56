"""What can be set about the control API: one frozen model, read from a file and from the environment.

A setting is named `port` in the file and `FASTLINE_PORT` in the environment, which goes first. Nothing has to
be set: what is not given has the value of a small installation.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from email.utils import formataddr, parseaddr
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from limits import parse
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

from playout.core.token import OnDemand
from playout.keyring import NAME as KEYS
from playout.media import Place, bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX: Final = "FASTLINE_"
FILE: Final = "FASTLINE_SETTINGS"
"""The environment variable that names the file."""
_OTHERS: Final = frozenset({FILE, "FASTLINE_FFMPEG"})
"""Variables that other parts of Fastline read."""
_FROM_FILE: Final = "_file"
"""FASTLINE_DATABASE_FILE names a file that holds what FASTLINE_DATABASE would say: how containers are given secrets."""
_OF_A_SERVICE: Final = re.compile(r"SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?")

SECRET: Final = frozenset((
    "database", "oidc", "tmdb_key", "backup_passphrase", "rate_storage", "stripe_key", "stripe_webhook_secret",
    "smtp_password",
))  # fmt: skip
"""Settings that hold secrets."""
_CREDENTIALS: Final = re.compile(r"(:/+)\S*@")

_OF_OURS: Final = ("localhost", "127.0.0.1", "::1")
_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def _separated(value: object) -> object:
    """A list as the environment writes it: with commas or spaces."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _parted(value: object) -> object:
    """A list of paths as the environment writes it: with colons, as in PATH."""
    return [part for part in value.split(":") if part] if isinstance(value, str) else value


def _rate(text: str) -> str:
    try:
        parse(text)
    except ValueError:
        message = f"{text!r} is not a rate: write one like 600/minute or 20/second"
        raise ValueError(message) from None
    return text


def _database(text: str) -> str:
    if not text:
        return text
    try:
        url = make_url(text)
    except ArgumentError:
        message = "that is no database URL: write postgresql://user:password@host/name or sqlite:////path/file.db"
        raise ValueError(message) from None
    driver = _DRIVERS.get(url.drivername, url.drivername)
    if driver not in _DRIVERS.values():
        message = f"{url.drivername} is no database that Fastline knows: take postgresql:// or sqlite:///"
        raise ValueError(message)
    if driver == _DRIVERS["sqlite"] and url.database in (None, "", ":memory:"):
        message = "a database in memory is gone at the next start: name a file, as in sqlite:////path/file.db"
        raise ValueError(message)
    return url.set(drivername=driver).render_as_string(hide_password=False)


def _origin(text: str) -> str:
    """An origin as browsers send it, in lower case and without a slash."""
    message = f"{text!r} is not an origin: write one like https://desk.example"
    try:
        url = URL(text)
        found = str(url.origin())
    except ValueError:
        raise ValueError(message) from None
    if url.scheme not in ("http", "https") or url.path not in ("", "/") or url.query_string:
        raise ValueError(message)
    return found


def _public(text: str) -> str:
    if text and (not text.startswith(("https://", "http://")) or not URL(text).host):
        message = f"{text!r} is not an address: write one like https://tv.example"
        raise ValueError(message)
    return text.rstrip("/")


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{text!r} is no zone: write one like Europe/Lisbon or UTC"
        raise ValueError(message) from None
    return text


_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
"""An address without quotes (RFC 5322, section 3.4.1), of an ASCII host."""


def _sender(text: str) -> str:
    """Somebody with an address, as a mail names them."""
    name, address = parseaddr(text)
    if text and (not _MAILBOX.fullmatch(address) or "\n" in text or "\r" in text):
        message = "that is nobody whom mail can be from: write Channel One <no-reply@tv.example>"
        raise ValueError(message)
    return formataddr((name, address)) if text else ""


Rate = Annotated[str, AfterValidator(_rate)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_separated)]


def _parsed(value: object) -> object:
    """A list of tables as the environment writes it: in JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "[]")
    except ValueError:
        message = 'write it as JSON: [{"issuer": "https://accounts.google.com", "audience": ["..."]}]'
        raise ValueError(message) from None


def _folder(path: Path) -> Path:
    if not path.is_absolute() or ".." in path.parts:
        message = f"{path} is no whole path: write one like /srv/films"
        raise ValueError(message)
    return path


Folders = Annotated[tuple[Annotated[Path, AfterValidator(_folder)], ...], BeforeValidator(_parted)]
Taxes = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}=([0-9]{1,4}|10000)$")], ...], BeforeValidator(_separated)
]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_separated)]


def _issuer(text: str) -> str:
    if not text.startswith(("https://", "http://")) or not URL(text).host or URL(text).query_string:
        message = f"{text!r} is not an issuer: write its address, like https://accounts.google.com"
        raise ValueError(message)
    return text


def _bucket(text: str) -> str:
    return bucket(text) if text else ""


class Issuer(BaseModel):
    """Somebody who says who people are: an OpenID provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, AfterValidator(_issuer)]
    """As its ID tokens name it."""
    audience: Annotated[tuple[str, ...], BeforeValidator(_separated)] = Field(min_length=1)
    """For whom its tokens are: the id of a client, or of a project. One of them must be there."""
    jwks: Annotated[tuple[Annotated[str, AfterValidator(_issuer)], ...], BeforeValidator(_separated)] = ()
    """Where its keys are; without any they are looked for where OpenID Connect Discovery has them."""
    client_id: str = ""
    """Under which name codes of authorization are redeemed there; without it none are taken."""
    client_secret: SecretStr = SecretStr("")
    redirect_uris: Annotated[tuple[str, ...], BeforeValidator(_separated)] = ()
    """Where it may have sent a browser with a code, each letter by letter; a code for elsewhere is not redeemed."""
    link_email: bool = False
    """Whether an account with an e-mail address that it has verified is the same person."""
    register_new: bool = False
    """Whether who is unknown here becomes a viewer."""


class Settings(BaseModel):
    """The settings of one process of the control API."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    media: Path = Field(default=Path("media"), description="The folder of the store.")
    bucket: Annotated[str, AfterValidator(_bucket)] = Field(
        default="",
        description="s3://bucket/prefix where the store is a bucket. The folder then has only what is local: uploads, "
        "the watched folder, work files and a database in a file. Keys are taken from AWS_ACCESS_KEY_ID and the like.",
    )
    channels: Path = Field(
        default=Path("channels.yaml"), description="The file of the channels: the one that is watched and published."
    )
    origin_url: Annotated[str, AfterValidator(_public)] = Field(
        default="http://127.0.0.1:8080",
        description="How the world reaches the channels, base path included: what their addresses begin with.",
    )
    stream_keys: str = Field(
        default="",
        description="The file of the keys that addresses of signed channels are signed with; origins must have it too. "
        f"Empty: {KEYS} in the folder of the store. With a bucket, give every machine the same file.",
    )
    country_header: str = Field(
        default="",
        max_length=60,
        pattern=r"^[A-Za-z0-9-]*$",
        description="The header in which a trusted proxy or CDN names the country of a viewer, e.g. CF-IPCountry; "
        "titles and channels of some countries are then played there alone. Empty: countries are not looked at.",
    )
    stream_token_seconds: int = Field(
        default=3600,
        ge=10,
        le=6 * 86_400,
        description="For how long playing may begin by a signed address, in seconds.",
    )
    stream_token_limit_seconds: int = Field(
        default=86_400, ge=10, le=6 * 86_400, description="The longest of these that a caller may choose, in seconds."
    )
    stream_session_seconds: int = Field(
        default=86_400,
        ge=60,
        le=6 * 86_400,
        description="For how long after that what was begun plays on, in seconds; then a player needs a new address.",
    )
    stream_bound_to: Literal["none", "address", "network"] = Field(
        default="none",
        description="From where alone a signed address plays: none (anywhere), address (the IPv4 address of who asked "
        "for it, or its /64 of IPv6), or network (its /24 or /56). It holds back who passes one on, and also who "
        "goes from Wi-Fi to a mobile network: their player asks for another one. No address stands in a URL. The API "
        "and origins must see the same addresses: tell both of your proxies.",
    )
    on_demand: OnDemand = Field(
        default=OnDemand.AUTO,
        description="Whether films on demand take a signed address: auto (as soon as one channel does), open or "
        "signed. Origins must be told the same.",
    )
    report_threads: int = Field(
        default=2, ge=1, le=64, description="How many guides, previews and the like are made at a time."
    )
    report_processes: int = Field(
        default=1, ge=1, le=64, description="How many simulations and checks run at a time, each a process of its own."
    )
    report_queue: int = Field(
        default=32, ge=0, le=10_000, description="How many reports may wait for their turn; one more gets 503."
    )
    report_seconds: float = Field(
        default=120, ge=0.1, le=3600, description="How long a simulation or a check may take, in seconds."
    )
    database: Annotated[str, AfterValidator(_database)] = Field(
        default="",
        description="The database: postgresql://user:password@host/name, or sqlite:////path/file.db. "
        "Empty: the file fastline.db in the folder of the store.",
    )
    migrate: bool = Field(
        default=True,
        description="Whether a start brings the tables up to date. Without it an older database is refused until "
        "somebody runs `fastline db upgrade`.",
    )
    database_connections: int = Field(
        default=10, ge=1, le=200, description="How many connections to the database this process holds at most."
    )
    database_patience_ms: int = Field(
        default=5000,
        ge=100,
        le=60_000,
        description="How long a request waits for the database, in milliseconds, before it is answered with 503.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on; 0.0.0.0 lets other machines in.")
    port: int = Field(default=8081, ge=0, le=65535, description="The port to listen on; 0 takes any that is free.")
    public_url: Annotated[str, AfterValidator(_public)] = Field(
        default="",
        description="How the world reaches this API, e.g. https://tv.example. Empty: links are without a host.",
    )
    trusted_proxies: Networks = Field(
        default=(), description="Networks of proxies whose X-Forwarded-For is believed, e.g. 127.0.0.1/32."
    )
    cors_origins: Origins = Field(
        default=(),
        description="Origins whose pages may use the API from a browser, e.g. https://desk.example. Empty: none.",
    )
    rate: Rate = Field(default="1200/minute", description="How often one caller with a key may ask.")
    rate_anonymous: Rate = Field(default="240/minute", description="How often one address without a valid key may ask.")
    rate_pictures: Rate = Field(
        default="6000/minute", description="How often one address may ask for pictures of titles."
    )
    picture_seconds: float = Field(
        default=30, ge=0.1, le=3600, description="How long a picture that somebody sends may take to come, in seconds."
    )
    rate_storage: str = Field(
        default="async+memory://",
        pattern=r"^async\+(memory|redis|rediss|valkey|valkeys)://",
        description="Where requests are counted: async+memory:// for one process, async+valkey://host for several "
        "(Valkey or Redis; the extra `valkey`).",
    )
    body_bytes: int = Field(default=1 << 20, ge=1024, le=1 << 30, description="How large the body of a request may be.")
    caller_cache_ms: int = Field(
        default=3000,
        ge=0,
        le=60_000,
        description="For how long, in milliseconds, this process remembers who it knows. What another process changes "
        "(a key or a session is revoked, an account is blocked) counts here after this time at the latest.",
    )
    hot_ms: int = Field(
        default=3000,
        ge=0,
        le=60_000,
        description="For how long, in milliseconds, this process remembers what is in the rails of the home page that "
        "are the same for all. What it changes itself counts at once; 0: nothing is remembered.",
    )
    registration: bool = Field(
        default=False, description="Whether anybody may make an account for themselves, as a viewer."
    )
    access_token_minutes: int = Field(
        default=30, ge=1, le=24 * 60, description="How long an access token is good, in minutes."
    )
    refresh_days: int = Field(
        default=30, ge=1, le=366, description="After how many days without a refresh a session of tokens ends."
    )
    refresh_grace_seconds: int = Field(
        default=10,
        ge=0,
        le=120,
        description="For how many seconds a refresh token may be sent again, by a client that did not get the answer.",
    )
    cookie_idle_minutes: int = Field(
        default=720,
        ge=1,
        le=60 * 24 * 366,
        description="After how many minutes without a request a page is signed out.",
    )
    session_days: int = Field(
        default=90, ge=1, le=3660, description="After how many days every session ends, however much it is used."
    )
    signing_key_days: int = Field(
        default=30,
        ge=1,
        le=3660,
        description="After how many days access tokens, refresh tokens, what pages send with their changes, and "
        "cursors are signed with new secrets. Those before them are good for as long as somebody needs them.",
    )
    password_memory_kib: int = Field(
        default=65_536, ge=8, le=1 << 20, description="How much memory one hash of a password takes, in KiB (argon2id)."
    )
    password_rounds: int = Field(default=3, ge=1, le=20, description="How often it goes over that memory.")
    password_threads: int = Field(default=2, ge=1, le=64, description="How many passwords are hashed at a time.")
    oidc: Annotated[tuple[Issuer, ...], BeforeValidator(_parsed)] = Field(
        default=(),
        max_length=50,
        description="Issuers whose ID tokens are believed (OpenID Connect), each with `issuer`, `audience`, and if "
        "wanted `jwks`, `client_id`, `client_secret`, `redirect_uris`, `link_email`, `register_new`. In the "
        "environment: JSON.",
    )
    streams: int = Field(default=200, ge=1, le=10_000, description="How many event streams may be open at a time.")
    streams_each: int = Field(
        default=20, ge=1, le=10_000, description="How many of them one caller may have; one more gets 503."
    )
    stream_poll_ms: int = Field(
        default=1000,
        ge=50,
        le=60_000,
        description="How often, in milliseconds, streams look for events that another process wrote.",
    )
    stream_beat_ms: int = Field(
        default=15_000,
        ge=100,
        le=120_000,
        description="After how many milliseconds of silence a stream says that it lives. As often its key is checked "
        "anew, silent or not.",
    )
    stream_patience_ms: int = Field(
        default=60_000,
        ge=100,
        le=3_600_000,
        description="How long, in milliseconds, who reads a stream may take nothing of it before they are cut off.",
    )
    outgoing_allow: Networks = Field(
        default=(),
        description="Networks of the house that may be asked by webhooks, fetches of media and the like, e.g. "
        "10.1.0.0/16. Without it only addresses are asked that the whole internet can reach.",
    )
    outgoing_refuse: Networks = Field(
        default=(), description="Networks that are never asked, e.g. the public addresses of one's own servers."
    )
    outgoing_connections: int = Field(
        default=50, ge=1, le=1000, description="How many connections to other servers may be open at a time."
    )
    library_beat_ms: int = Field(
        default=5000,
        ge=20,
        le=600_000,
        description="How often, in milliseconds, the store is looked through for assets that nobody knows.",
    )
    bin_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How many days a deleted title or asset lies in the bin before it is purged.",
    )
    upload_bytes: int = Field(
        default=256 << 30, ge=1, le=1 << 46, description="How large an uploaded file may be, in bytes."
    )
    upload_quota_bytes: int = Field(
        default=2 << 40, ge=1, le=1 << 53, description="How many bytes of uploads and originals one account may keep."
    )
    upload_free_bytes: int = Field(
        default=2 << 30, ge=0, le=1 << 53, description="How many bytes of the store's disk uploads leave free."
    )
    uploads_open: int = Field(
        default=20, ge=1, le=10_000, description="How many unfinished uploads one account may have."
    )
    upload_writers: int = Field(
        default=32, ge=1, le=1000, description="How many uploads one process takes bytes of at a time."
    )
    upload_hours: int = Field(
        default=48, ge=1, le=24 * 90, description="After how many hours an upload that nobody goes on with is removed."
    )
    originals: Literal["keep", "drop"] = Field(
        default="keep", description="Whether what was uploaded is kept once it is packaged: keep or drop."
    )
    tells: bool = Field(
        default=True,
        description="Whether this process sends webhooks, tells the events of the air, keeps the library in step "
        "with the store and tidies up, when no other one does.",
    )
    webhooks: int = Field(default=100, ge=0, le=10_000, description="How many webhooks there may be.")
    webhooks_at_once: int = Field(
        default=20, ge=1, le=1000, description="How many requests to webhooks this process has open at a time."
    )
    webhook_poll_ms: int = Field(
        default=1000,
        ge=20,
        le=60_000,
        description="How often, in milliseconds, webhooks are looked for that are due.",
    )
    webhook_lease_seconds: float = Field(
        default=60,
        ge=1,
        le=600,
        description="After how many seconds of silence of a process another one sends what that one was sending.",
    )
    deliveries_open: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="How many open deliveries a webhook may have; with so many it waits, and so do events.",
    )
    delivery_days: int = Field(
        default=30, ge=1, le=3650, description="How long deliveries that have ended are kept, in days."
    )
    idempotency_hours: int = Field(
        default=24, ge=1, le=24 * 30, description="How long the answer to an Idempotency-Key is kept, in hours."
    )
    stop_seconds: float = Field(
        default=10, ge=0, le=600, description="How long requests may take to end when the process is stopped."
    )
    queue: Literal["embedded", "procrastinate"] = Field(
        default="embedded",
        description="What wakes workers when there is a job: embedded (they look into the database), or procrastinate "
        "(which tells any number of workers on any number of machines at once; it needs PostgreSQL).",
    )
    queue_longest: int = Field(
        default=10_000, ge=1, le=1_000_000, description="How many jobs may be queued; one more is answered with 503."
    )
    queue_longest_of_one: int = Field(
        default=2000, ge=1, le=1_000_000, description="How many of them may be of one owner; one more gets 429."
    )
    works: bool = Field(
        default=True,
        description="Whether the API does jobs itself, besides workers. Sources are packaged by `fastline worker` and "
        "`fastline up` alone.",
    )
    jobs_at_once: int = Field(default=4, ge=1, le=64, description="How many jobs a worker runs at a time.")
    packages_at_once: int = Field(
        default=1, ge=1, le=64, description="How many of them may be sources that are packaged, which takes all cores."
    )
    job_poll_ms: int = Field(
        default=1000, ge=20, le=60_000, description="How often, in milliseconds, an idle worker looks for a job."
    )
    job_beat_ms: int = Field(
        default=1000,
        ge=20,
        le=60_000,
        description="How often, in milliseconds, a worker writes how far its jobs are, and hears that one must stop.",
    )
    job_lease_seconds: float = Field(
        default=60,
        ge=0.2,
        le=3600,
        description="After how many seconds of silence a worker counts as dead, and its jobs are queued again.",
    )
    job_days: int = Field(default=30, ge=1, le=3650, description="How long jobs that have ended are kept, in days.")
    disk_reserve_mb: int = Field(
        default=1024,
        ge=0,
        le=1 << 40,
        description="How much of the disk of the store, in MiB, is left free: a job that would need it waits.",
    )
    import_bytes: int = Field(
        default=1 << 30, ge=1024, le=1 << 40, description="How large a file with titles to import may be, in bytes."
    )
    import_folders: Folders = Field(
        default=(),
        description="Folders of films that may be imported, with all that is below them, e.g. /srv/films. In the "
        "environment they are parted by colons. Empty: none. Workers read the films there, and need the same setting.",
    )
    event_days: int = Field(
        default=365,
        ge=0,
        le=36_500,
        description="How long events are kept, in days; 0: for ever. One that a webhook has not had yet stays.",
    )
    audit_days: int = Field(
        default=1095, ge=0, le=36_500, description="How long the audit is kept, in days; 0: for ever."
    )
    upload_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        description="How long it is kept, in days, that there was an upload whose bytes are gone; 0: for ever.",
    )
    import_days: int = Field(
        default=365,
        ge=0,
        le=36_500,
        description="How long imports that have ended are kept with their reports, in days; 0: for ever.",
    )
    play_beat_ms: int = Field(
        default=10_000,
        ge=100,
        le=600_000,
        description="How often, in milliseconds, players are asked to say where they are.",
    )
    play_flush_ms: int = Field(
        default=1000,
        ge=20,
        le=60_000,
        description="How often, in milliseconds, a process writes what players say. One that is killed loses as much.",
    )
    play_silence_seconds: float = Field(
        default=60,
        ge=0.2,
        le=86_400,
        description="After how many seconds in which a player says nothing its play session is over.",
    )
    play_sessions: int = Field(
        default=50_000,
        ge=10,
        le=10_000_000,
        description="How many play sessions one process knows at a time. It takes a heartbeat of no further one while "
        "what it knows of all of them is not written, as the database does not answer.",
    )
    play_session_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        description="How long play sessions that have ended are kept, in days; 0: for ever. What a profile has seen is "
        "kept until it is removed.",
    )
    picture_days: int = Field(
        default=7,
        ge=0,
        le=36_500,
        description="How long the file of a picture is kept that nothing shows any more, in days; 0: for ever.",
    )
    leave_days: int = Field(
        default=30,
        ge=0,
        le=365,
        description="For how many days who has closed their account may come back; then all that is kept of them goes.",
    )
    export_days: int = Field(
        default=7,
        ge=1,
        le=90,
        description="How long an archive that somebody asked for of all that is kept of them stays, in days.",
    )
    address_days: int = Field(
        default=30,
        ge=0,
        le=36_500,
        description="How long the audit keeps from which address something was changed, in days; 0: as long as itself.",
    )
    log_addresses: Literal["network", "full", "none"] = Field(
        default="network",
        description="What the journal says of where a request came from: its network (a /24, or a /48 of IPv6), the "
        "full address, or nothing.",
    )
    backup_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        description="How long backups are kept, in days; 0: for ever. The newest good one always stays.",
    )
    figures: bool = Field(default=True, description="Whether this station counts what is watched, and how well.")
    figures_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC",
        description="By whose clocks figures have days and hours, e.g. Europe/Lisbon. What is counted stays as it is.",
    )
    figures_beat_seconds: float = Field(
        default=60, ge=0.05, le=3600, description="How often, in seconds, what was played since is counted."
    )
    figures_cache_seconds: float = Field(
        default=60, ge=0, le=60, description="For how long, in seconds, an answer with figures is given again."
    )
    figures_smallest: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="How many sessions a group of one title or channel has at least (of a device, an hour, a part "
        "seen) to be shown by itself; smaller ones would tell of single people.",
    )
    figure_days: int = Field(
        default=1095, ge=0, le=36_500, description="How long sums of a day are kept, in days; 0: for ever."
    )
    view_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        description="After how many seconds that were really played a session is a view; of what is shorter than "
        "twice that, after half of it.",
    )
    view_again_minutes: int = Field(
        default=30,
        ge=0,
        le=1440,
        description="For how many minutes after a view of the same thing another one of the same visitor is no view.",
    )
    view_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="How long it is kept, in days, at what time there was a view, without who.",
    )
    viewers: bool = Field(
        default=True,
        description="Whether unique viewers are counted, by hashes that live for a day. Without it nothing is kept of "
        "who they are, and every session is a view of its own.",
    )
    rate_views: Rate = Field(
        default="20/minute",
        description="How often one address, or one `visitor` of an app's server, may tell of views of the same thing.",
    )
    streams_need_session: bool = Field(
        default=True,
        description="Whether each address that is handed out to who is signed in counts as a stream of their plan, "
        "also where no session is asked for with it. Else the limit of streams is what apps keep themselves.",
    )
    rate_plays: Rate = Field(
        default="60/minute",
        description="How often one account may begin to play. It does not count for API keys, which speak for many.",
    )
    tmdb_key: SecretStr = Field(
        default=SecretStr(""),
        description="The key for TMDB's API, by which films and series are imported by their numbers there: "
        "a key of version 3, or a read access token of version 4.",
    )
    tmdb_url: Annotated[str, AfterValidator(_public)] = Field(
        default="https://api.themoviedb.org/3", description="Where that API is."
    )
    tmdb_images: Annotated[str, AfterValidator(_public)] = Field(
        default="https://image.tmdb.org/t/p/original", description="Where its pictures are."
    )
    backup_passphrase: SecretStr = Field(
        default=SecretStr(""),
        description="Seals what the station signs with into its backups. Empty: that is left out, and a restored "
        "station signs anew: people sign in again, and webhooks have new secrets.",
    )
    smtp_host: str = Field(
        default="",
        max_length=253,
        description="The server that mail is sent by. Empty: none is sent, and nobody can have a new password mailed.",
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 with starttls, 465 with implicit.")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field(
        default="starttls",
        description="How what is sent to it is kept secret: starttls, implicit, or none, which only a server on this "
        "machine should have. Its certificate must be good for smtp_host.",
    )
    smtp_ca: str = Field(
        default="",
        description="A file of the certificates (PEM) that vouch for it. Empty: those that this system believes.",
    )
    smtp_user: str = Field(default="", max_length=320, description="As whom to sign in there. Empty: not at all.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="The password for that.")
    smtp_seconds: float = Field(
        default=30, ge=0.1, le=600, description="How long it may take to answer anything, in seconds."
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        default="",
        validate_default=True,
        description='Whom mail is from, e.g. "Channel One <no-reply@tv.example>". It is needed with smtp_host.',
    )
    mail_per_minute: int = Field(
        default=120, ge=1, le=100_000, description="How many mails are sent in a minute at most."
    )
    mail_poll_ms: int = Field(
        default=2000, ge=20, le=600_000, description="How often, in milliseconds, mail is looked for that is due."
    )
    mail_days: int = Field(
        default=30, ge=1, le=3650, description="How long it is kept, in days, that a mail was sent or given up."
    )
    app_url: Annotated[str, AfterValidator(_public)] = Field(
        default="",
        description="Where the audience's pages are, e.g. https://tv.example: what links in mail begin with. Empty: "
        "public_url, and without that mail has codes and no links.",
    )
    language: Literal["en", "es"] = Field(
        default="en", description="In which language people are written to who have not said one."
    )
    verify_email: Literal["off", "asked", "required"] = Field(
        default="asked",
        description="Whether who gives an e-mail address is mailed a code that proves it theirs: off, asked, or "
        "required, with which a viewer plays nothing before. Without smtp_host no code is sent.",
    )
    verify_hours: int = Field(default=48, ge=1, le=24 * 30, description="How long such a code is good, in hours.")
    reset_minutes: int = Field(
        default=60, ge=5, le=24 * 60, description="How long a code by which a password is set anew is good, in minutes."
    )
    rate_letters: Rate = Field(
        default="20/hour",
        description="How often one address may ask for a mail, or send the form by which strangers write to us.",
    )
    notice_days: int = Field(
        default=365, ge=0, le=36_500, description="How long what people were told is kept, in days; 0: for ever."
    )
    ticket_days: int = Field(
        default=1095, ge=0, le=36_500, description="How long tickets that were closed are kept, in days; 0: for ever."
    )
    payments_test_in_public: bool = Field(
        default=False,
        description="Whether `payments` may be test although `public_url` is set. Anybody could then have any plan for "
        "nothing.",
    )
    stripe_key: SecretStr = Field(default=SecretStr(""), description="The secret key of the account at Stripe.")
    stripe_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="By what Stripe signs what it tells `/api/v1/payments/webhooks/stripe`: whsec_...",
    )
    stripe_url: Annotated[str, AfterValidator(_public)] = Field(
        default="https://api.stripe.com/v1", description="Where Stripe's API is."
    )
    payments: Literal["none", "test", "stripe"] = Field(
        default="none",
        description="Who takes the money for plans: none (plans are given by staff alone), test (nobody: cards that "
        "are made up, to try everything), or stripe.",
    )
    grace_days: int = Field(
        default=7, ge=0, le=90, description="For how many days a plan counts on after a payment that has failed."
    )
    seller: str = Field(
        default="", max_length=500, description="Who sells plans, as receipts name them: name and address, in lines."
    )
    seller_tax: str = Field(default="", max_length=100, description="The seller's number for taxes, on receipts.")
    tax_rate: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="The tax that is in prices of plans, in hundredths of a percent: 1900 is 19 %. Receipts show it.",
    )
    tax_countries: Taxes = Field(
        default=(),
        description="Where it is another one, by the country in which somebody subscribes (`country_header`), e.g. "
        "DE=1900, FR=2000.",
    )
    stripe_tax: bool = Field(
        default=False, description="Whether Stripe works the tax out; receipts then show what it says."
    )
    recommendation_minutes: int = Field(
        default=60,
        ge=0,
        le=10_080,
        description="How often recommendations are worked out anew, in minutes; 0: only when somebody wants it.",
    )
    recommendation_model: str = Field(
        default="blend",
        min_length=1,
        max_length=100,
        description="What says which titles are alike: blend (what they are, and who watches them), content, together, "
        "or what an installed package declares in the group `fastline.models`.",
    )
    trending_half_life_hours: int = Field(
        default=72,
        ge=1,
        le=24 * 60,
        description="After how many hours a viewer counts half as much for what is trending.",
    )
    otlp: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Where traces are sent, by OTLP over HTTP, e.g. http://127.0.0.1:4318/v1/traces (the extra "
        "`otel`). Empty: none are made.",
    )
    otlp_permille: int = Field(
        default=1000,
        ge=0,
        le=1000,
        description="How many of a thousand requests are traced that no proxy decides about.",
    )
    access_log: bool = Field(default=True, description="Whether every answer is written to the journal.")
    docs: bool = Field(default=True, description="Whether /docs shows the reference of the API.")

    def told(self) -> dict[str, Any]:
        """All settings as people may see them: without secrets, and without the passwords of addresses."""
        return {name: _without_password(value) for name, value in self.model_dump(mode="json").items()}

    @property
    def keys_file(self) -> Path:
        """Where the keys are that addresses are signed with."""
        return Path(self.stream_keys or self.media / KEYS)

    @property
    def place(self) -> Place:
        """Where the media are."""
        return Place(self.media, self.bucket)

    @field_validator("queue")
    @classmethod
    def _has_its_database(cls, queue: str, info: ValidationInfo) -> str:
        if queue == "procrastinate" and not str(info.data.get("database", "")).startswith("postgresql"):
            message = "procrastinate needs PostgreSQL: let `database` name one"
            raise ValueError(message)
        return queue

    @field_validator("payments")
    @classmethod
    def _takes_money(cls, who: str, info: ValidationInfo) -> str:
        if who == "test" and info.data.get("public_url") and not info.data.get("payments_test_in_public"):
            message = (
                "test would give any plan to anybody for nothing, and public_url says that this is no test: take "
                "stripe, or set payments_test_in_public"
            )
            raise ValueError(message)
        secrets = (info.data.get(name) for name in ("stripe_key", "stripe_webhook_secret"))
        if who == "stripe" and not all(secret is not None and secret.get_secret_value() for secret in secrets):
            message = "stripe takes stripe_key and stripe_webhook_secret"
            raise ValueError(message)
        return who

    @field_validator("mail_from")
    @classmethod
    def _can_write(cls, sender: str, info: ValidationInfo) -> str:
        host = info.data.get("smtp_host", "")
        if host and not sender:
            message = "mail is from somebody: with smtp_host, say from whom"
            raise ValueError(message)
        if info.data.get("smtp_user") and info.data.get("smtp_tls") == "none" and host not in _OF_OURS:
            message = "with smtp_tls none everybody could read the password of smtp_user: take starttls"
            raise ValueError(message)
        return sender

    @field_validator("verify_email")
    @classmethod
    def _can_ask(cls, how: str, info: ValidationInfo) -> str:
        if how == "required" and not info.data.get("smtp_host"):
            message = "required takes mail, or nobody could prove anything: set smtp_host"
            raise ValueError(message)
        return how

    @property
    def pages_url(self) -> str:
        """Where the audience's pages are; empty where nobody has said."""
        return self.app_url or self.public_url

    @property
    def database_url(self) -> str:
        """The URL of the database, with its driver."""
        return self.database or f"sqlite+aiosqlite:///{(self.media / 'fastline.db').absolute()}"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Why the settings cannot be used: all mistakes, each with its place."""

    mistakes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.mistakes)


def read(environment: Mapping[str, str], given: Mapping[str, Any] | None = None) -> Settings | Unsettled:
    """The settings of the file that `FASTLINE_SETTINGS` names, of the environment, and of `given`.

    The last goes first: it is what somebody typed on the command line.
    """
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    if environment.get(FILE):
        path = Path(environment[FILE])
        said = _file(path)
        if isinstance(said, str):
            return Unsettled((said,))
        values.update(said)
        places.update({name: f"{path}: {name}" for name in said})
    for field, text, name in _by_environment(environment, mistakes):
        values[field], places[field] = text, name
    for name, value in (given or {}).items():
        values[name] = value
        places[name] = f"--{name.replace('_', '-')}"
    for name in sorted(values.keys() - Settings.model_fields.keys()):
        del values[name]
        mistakes.append(_unknown(places[name], name))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        return Unsettled((*mistakes, *(_told(places, dict(fault)) for fault in error.errors(include_url=False))))
    return Unsettled(tuple(mistakes)) if mistakes else settings


def _by_environment(environment: Mapping[str, str], mistakes: list[str]) -> Iterator[tuple[str, str, str]]:
    """The settings that the environment names, each with its variable; `mistakes` hears what cannot be read."""
    for name, text in sorted(_said(environment).items()):
        field = name.removeprefix(PREFIX).lower()
        named = field.removesuffix(_FROM_FILE)
        if field in Settings.model_fields or named not in Settings.model_fields:
            yield field, text, name
            continue
        try:
            yield named, Path(text).read_text("utf-8").strip(), name
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{name}: {text} cannot be read: {getattr(error, 'strerror', None) or error}")


def _said(environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment says of us; not what Kubernetes says there of a service that is called as we are."""
    return {
        name: text
        for name, text in environment.items()
        if name.startswith(PREFIX)
        and name not in _OTHERS
        and not _OF_A_SERVICE.fullmatch(name.removeprefix(PREFIX))
        and not text.startswith(("tcp://", "udp://"))
    }


def _file(path: Path) -> dict[str, Any] | str:
    """What stands in the file, or why it cannot be read."""
    try:
        text = path.read_text("utf-8")
        found = YAML(typ="safe", pure=True).load(text) if path.suffix in (".yaml", ".yml") else tomllib.loads(text)
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    except (tomllib.TOMLDecodeError, YAMLError, UnicodeDecodeError) as error:
        return f"{path}: cannot be read: {' '.join(str(error).split())}"
    if not isinstance(found or {}, dict):
        return f"{path}: settings are expected, each with its name, as `fastline settings --sample` prints them"
    return {str(name): value for name, value in (found or {}).items()}


def _unknown(place: str, name: str) -> str:
    close = get_close_matches(name, Settings.model_fields, n=1, cutoff=0.65)
    meant = ""
    if close:
        spelt = f"{PREFIX}{close[0].upper()}" if place.startswith(PREFIX) else close[0]
        meant = f"; did you mean {spelt}?"
    return f"{place}: there is no such setting{meant}"


def _told(places: Mapping[str, str], fault: Mapping[str, Any]) -> str:
    field, *rest = fault["loc"]
    words = without_password(str(fault["msg"]).removeprefix("Value error, "))
    # the branches of a union are Pydantic's affair: people wrote one value
    inside = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest if _is_written(part))
    is_plain = fault["type"] != "value_error" and field not in SECRET  # our own messages show it, or must not
    shown = f" (and not {_short(fault['input'])})" if is_plain else ""
    return f"{places.get(str(field), str(field))}{inside}: {words[:1].lower()}{words[1:]}{shown}"


def hidden(settings: Settings) -> str:
    """The URL of the database without its password."""
    return make_url(settings.database_url).render_as_string()


def without_password(text: str) -> str:
    """An address without whom one asks there as: `redis://***@host`."""
    return _CREDENTIALS.sub(r"\1***@", text)


def _without_password(value: Any) -> Any:  # noqa: ANN401 — whatever JSON has
    """The same of every text within a value."""
    if isinstance(value, dict):
        return {name: _without_password(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_password(inner) for inner in value]
    return without_password(value) if isinstance(value, str) else value


def _is_written(part: object) -> bool:
    return isinstance(part, int) or part in Issuer.model_fields


def _short(value: object) -> str:
    text = without_password(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 — one line of a terminal


def sample() -> str:
    """A file with every setting, what it means and its default, made of the model itself."""
    lines = [
        "# Settings of Fastline's control API. Name this file in FASTLINE_SETTINGS, or set single ones in the",
        "# environment, where they go first. What stands here are the defaults: uncomment what you change.",
    ]
    for name, field in Settings.model_fields.items():
        lines += ["", *_comment(field.description or ""), f"# Also {PREFIX}{name.upper()}."]
        lines.append(f"# {name} = {_toml(field.default)}")
    return "\n".join(lines) + "\n"


def _comment(text: str, width: int = 100) -> list[str]:
    lines = ["#"]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def _toml(value: object) -> str:
    if isinstance(value, (Path, SecretStr)):
        return json.dumps(str(value))
    return json.dumps(list(value) if isinstance(value, tuple) else value)
