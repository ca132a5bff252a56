"""What is committed names no registry and no machine, and nothing lies where it has no business."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import run

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

# Put together here, so that this file does not name them either.
HOSTS = [
    "pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com",
    "deb." + "debian.org", "js" + "delivr", "un" + "pkg.com", "cdn" + "js.com", "nodejs" + ".org/dist",
]  # fmt: skip
MACHINE = re.compile(r"(?<![A-Za-z0-9._-])/(?:work|root|home|Users|opt)/[A-Za-z]")
TOP = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "assembly",
    "channels.yaml", "control_api", "docs", "fastline.py", "media", "packager", "playout", "pyproject.toml", "tests",
}  # fmt: skip


def committed() -> list[Path]:
    if not (CHECKOUT / ".git").exists():
        pytest.skip("this is not a git checkout, so nothing is committed")
    listed = run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    return [path for name in listed.split("\0") if name and (path := CHECKOUT / name).is_file()]


def test_no_committed_file_names_a_registry() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}: {host}"
        for path in committed()
        for host in HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_committed_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}: {match[0]}"
        for path in committed()
        if (match := MACHINE.search(path.read_bytes().decode("utf-8", "replace")))
    ]
    assert found == []


def test_every_package_in_the_constraints_is_pinned_and_hashed() -> None:
    for path in (CHECKOUT / ".ci").glob("constraints*.txt"):
        entries = re.split(r"\n(?=\S)", path.read_text("utf-8"))
        packages = [entry for entry in entries if not entry.startswith("#")]
        assert packages
        assert [
            entry for entry in packages if not re.match(r"[a-z0-9.-]+==\S+[^\n]* \\\n +--hash=sha256:", entry)
        ] == []


def test_the_top_level_holds_only_what_has_earned_its_place() -> None:
    assert {path.relative_to(CHECKOUT).parts[0] for path in committed()} <= TOP
