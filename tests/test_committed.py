"""What is committed: no secret (B90), no host of a package registry, and no path of somebody's machine."""

from __future__ import annotations

import math
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]

SECRETS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}",
    "a key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "a key of Stripe": r"\b(?:sk|rk)_live_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{30,}",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "a key of Google": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a token that is signed": r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "a key of ours": r"\bfl[ik]?_[A-Za-z0-9_-]{32,}",
    "a password in an address": r"\b[a-z+]+://[^\s:/@\"'{}$<>]+:(?=[^\s@]*\d)[^\s:/@\"'{}$<>]{8,}@",
}
"""Things that open something, by how they look."""
SAID = re.compile(r"""(?i)\b\w*(?:secret|password|passwd|token|api_?key)\w*\s*[:=]\s*["']([A-Za-z0-9+/_=-]{20,})["']""")
"""A value that is given to something called a secret."""
RANDOM_BITS = 4.0
"""From so many bits a character on something was drawn, and not thought of."""
PLACES = {
    "a registry": r"\b(?:py" r"pi|npm" r"js|python" r"hosted|deb\.deb" r"ian)\.(?:org|com)\b",
    "somebody's machine": (
        r"(?<![\w.$~}])/(?:ho" r"me|ro" r"ot|Us" r"ers)/[a-z]\w+/|(?<![\w.])/wo" r"rk/(?:main|shared)"
    ),
}


def bits(text: str) -> float:
    """How much each character tells (Shannon)."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def found(text: str, patterns: dict[str, str]) -> Iterator[str]:
    for what, pattern in patterns.items():
        for match in re.finditer(pattern, text):
            yield f"line {text.count(chr(10), 0, match.start()) + 1}: {what}"


def secrets(text: str) -> Iterator[str]:
    yield from found(text, SECRETS)
    for match in SAID.finditer(text):
        if bits(match[1]) >= RANDOM_BITS:
            yield f"line {text.count(chr(10), 0, match.start()) + 1}: a secret with a value"


def committed() -> list[Path]:
    """Every file that is, or is about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := CHECKOUT / name).is_file()]


def test_nothing_that_is_committed_opens_or_tells_what_it_should_not() -> None:
    files = committed()
    assert len(files) > 500
    wrong = [
        f"{path.relative_to(CHECKOUT)}, {what}"
        for path in files
        for text in [path.read_bytes().decode(errors="replace")]
        for what in (*secrets(text), *found(text, PLACES))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-----BEGIN " + "RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7x9b" * 2, "a private key"),
        ("id: AKIA" + "IOSFODNN7EXAMPLE", "a key of AWS"),
        ("sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc", "a key of Stripe"),
        ("postgresql://fast:" + "h4rdToGuess@db.example/x", "a password in an address"),
        ("client_secret" + ' = "Zk3v9QpL0xTn7RbW2sYd"', "a secret with a value"),
        ("see files.python" + "hosted.org", "a registry"),
        ("cd /ho" + "me/ada/fastline", "somebody's machine"),
    ],
)
def test_what_would_be_found(text: str, what: str) -> None:
    assert what in " ".join((*secrets(text), *found(text, PLACES)))


def test_what_is_no_secret() -> None:
    for text in ('password = "correct horse battery"', "postgresql://user:password@host/fastline", 'token: "{token}"'):
        assert list(secrets(text)) == []
