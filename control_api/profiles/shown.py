"""What is said of a profile: by those who make it, to those who watch, and in the audit."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import AfterValidator, Field, JsonValue

from control_api import ids
from control_api.instants import Instant
from control_api.library.facts import Language
from control_api.models import Given, Shown
from control_api.profiles.limits import KIDS

if TYPE_CHECKING:
    from control_api.tables import Profile

ADULT: Final = 18
"""From which age on something is adult content, in years."""
SETTINGS: Final = 100
"""Settings that a profile keeps at most."""
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
_BYTES: Final = 8 << 10
_PIN: Final = r"^[0-9]{4,8}$"


def _named(text: str) -> str:
    found = " ".join(text.split())
    if not found:
        message = "a name is expected, and this is empty"
        raise ValueError(message)
    return found


def _settings(given: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for key in given:
        if not _KEY.fullmatch(key):
            message = f"{key[:64]!r} is no name of a setting: a letter, then letters, digits, dots, dashes, 64 at most"
            raise ValueError(message)
    if len(json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass")) > _BYTES:
        message = f"settings have {_BYTES} bytes at most"
        raise ValueError(message)
    return given


ProfileId = Annotated[str, Field(pattern=ids.pattern("pf"), description="The id of a profile.")]
GenreIds = Annotated[list[Annotated[str, Field(pattern=ids.pattern("ge"))]], Field(max_length=100)]
Pin = Annotated[str, Field(pattern=_PIN, examples=["4711"], description="Four to eight digits.")]
Typed = Annotated[str, Field(max_length=20, description="The PIN, as somebody types it.")]
Settings = Annotated[dict[str, JsonValue], Field(max_length=SETTINGS), AfterValidator(_settings)]
ProfileName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_named)]
Avatar = Annotated[str, Field(pattern=r"^[a-z0-9-]{0,40}$", description="The name of a picture that apps have.")]
Ceiling = Annotated[int, Field(ge=0, le=ADULT, description="Of an age in years.")]


class PreferencesEdit(Given):
    """How somebody likes to watch; what is left out stays."""

    language: Language | None = Field(default=None, description="In which to be spoken to, and to hear; null: any.")
    subtitles: Language | None = Field(default=None, description="Which are shown; null: none.")
    autoplay: bool | None = Field(default=None, description="Whether what comes next plays by itself.")
    genres_liked: GenreIds | None = Field(default=None, description="Genres that they like, by their ids.")
    settings: Settings | None = Field(
        default=None, description="Whatever else an app keeps: those that are sent are set, null takes one out."
    )
    keeps_history: bool | None = Field(default=None, description="Whether it is kept what is watched.")
    adult_content: bool | None = Field(
        default=None,
        description=f"Whether there is no ceiling; false sets one of {ADULT - 1} years where there is none.",
    )
    current: Annotated[str, Field(max_length=1024)] | None = Field(
        default=None,
        exclude=True,
        description="The password of the account: whoever watches with limits needs it, or a sign-in of the last 5 "
        "minutes, to change what anybody is kept from.",
    )


class ProfileEdit(PreferencesEdit):
    """What is to be another way; what is left out stays."""

    name: ProfileName | None = None
    avatar: Avatar | None = None
    is_kids: bool | None = Field(
        default=None, description=f"Whether it is a child's; it has a ceiling then, of {KIDS} years unless you say one."
    )
    ceiling: Ceiling | None = Field(
        default=None, description="What is for older people is not shown, nor what nobody has rated; null: all is."
    )
    genres_allowed: GenreIds | None = Field(
        default=None, description="Ids of genres: what is of none of them is not shown. Empty: all are."
    )


class ProfileGiven(ProfileEdit):
    """Another profile."""

    name: ProfileName
    pin: Pin | None = Field(default=None, exclude=True, description="Asked for by whoever switches to it.")


class PreferencesShown(Shown):
    """How somebody likes to watch."""

    language: str | None
    subtitles: str | None
    autoplay: bool
    genres_liked: list[str]
    settings: dict[str, JsonValue]
    keeps_history: bool
    adult_content: bool = Field(description="Whether what is for adults is shown.")

    @classmethod
    def of(cls, row: Profile) -> Self:
        """What is shown of a row."""
        return cls(
            language=row.language or None,
            subtitles=row.subtitles or None,
            autoplay=row.autoplay,
            genres_liked=row.genres_liked,
            settings=row.settings,
            keeps_history=row.keeps_history,
            adult_content=row.ceiling is None or row.ceiling >= ADULT,
        )


class ProfileShown(PreferencesShown):
    """Somebody of an account who watches."""

    id: str
    name: str
    avatar: str
    is_main: bool = Field(description="Whether it goes when the account does.")
    is_kids: bool
    ceiling: int | None
    genres_allowed: list[str]
    has_pin: bool = Field(description="Whether switching to it takes a PIN.")
    is_active: bool = Field(description="Whether it is who asks.")
    is_available: bool = Field(description="Whether the plan has room for it; else nobody can switch to it.")
    created_at: Instant
    updated_at: Instant

    @classmethod
    def seen(cls, row: Profile, active: str, *, available: bool = True) -> Self:
        """What is shown of a row to whom watches as the profile `active`."""
        return cls(
            **dict(PreferencesShown.of(row)),
            id=row.id,
            name=row.name,
            avatar=row.avatar,
            is_main=row.is_main,
            is_kids=row.is_kids,
            ceiling=row.ceiling,
            genres_allowed=row.genres_allowed,
            has_pin=row.pin is not None,
            is_active=row.id == active,
            is_available=available,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class ProfileTold(Shown):
    """What the audit keeps of a profile: what it is kept from, and neither its name nor what somebody likes."""

    account_id: str
    version: int
    is_main: bool
    is_kids: bool
    ceiling: int | None
    genres_allowed: list[str]
    has_pin: bool
    keeps_history: bool

    @classmethod
    def of(cls, row: Profile) -> Self:
        """What is told of a row."""
        same = {name: getattr(row, name) for name in cls.model_fields if name != "has_pin"}
        return cls(**same, has_pin=row.pin is not None)
