"""What is written for containers and systemd: commands, settings and addresses that exist (AX16, DX5)."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import fastline
from control_api.resources import RESOURCES
from control_api.settings import PREFIX, Settings

CHECKOUT = Path(__file__).resolve().parent.parent
DEPLOY = CHECKOUT / "docs" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe", pure=True).load(DEPLOY / "compose.yaml")
OURS = {name: said for name, said in COMPOSE["services"].items() if "build" in said}
UNIT = (DEPLOY / "fastline.service").read_text()


def started() -> dict[str, list[str]]:
    """Every command line that is written there, without its program."""
    found = {f"compose {name}": said["command"] for name, said in OURS.items()}
    found["image"] = json.loads(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])
    found["unit"] = shlex.split(re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)[0])[1:]
    return found


@pytest.mark.parametrize("command", started().values(), ids=started())
def test_every_command_line_is_understood(command: list[str]) -> None:
    assert fastline.parser().parse_args(command).command


def test_every_setting_in_the_environment_is_one() -> None:
    text = DOCKERFILE + (DEPLOY / "compose.yaml").read_text()
    named = {name.removeprefix(PREFIX).lower() for name in re.findall(rf"\b{PREFIX}[A-Z_]+", text)}
    assert named
    assert named <= Settings.model_fields.keys()


def test_what_is_copied_and_asked_is_there() -> None:
    for step in re.findall(r"^RUN sh (\S+) \S+ (\S+)$", DOCKERFILE, re.MULTILINE):
        assert all((CHECKOUT / name).is_file() for name in step)
    for module in re.findall(r"python -m ((?:playout|control_api)[a-z_.]*)", DOCKERFILE):
        assert (CHECKOUT / f"{module.replace('.', '/')}.py").is_file()
    asked = set(re.findall(r"http://127\.0\.0\.1:\d+(/\w+)", DOCKERFILE + str(COMPOSE)))
    assert asked == {"/healthz"}
    assert "/healthz" in {one.declared.path for one in RESOURCES}


def test_ports_are_the_ones_that_are_listened_on() -> None:
    ports = {name: said["ports"] for name, said in OURS.items() if "ports" in said}
    origin = fastline.parser().parse_args(["origin"]).port
    assert ports == {"origin": [f"{origin}:{origin}"], "api": [f"{Settings().port}:{Settings().port}"]}
    assert f"EXPOSE {origin} {Settings().port}" in DOCKERFILE


def test_no_secret_is_written_down_and_nothing_runs_as_root() -> None:
    assert COMPOSE["services"]["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert re.search(r"^USER fastline$", DOCKERFILE, re.MULTILINE)
    assert "User=fastline" in UNIT
    assert "NoNewPrivileges=yes" in UNIT


def test_the_channels_lie_where_the_api_can_edit_them() -> None:
    """In a folder that is written to: neither in the image nor in a file that is mounted by itself."""
    environment = COMPOSE["services"]["api"]["environment"]
    volumes = [volume.split(":") for volume in COMPOSE["services"]["api"]["volumes"]]
    assert environment["FASTLINE_CHANNELS"] == f"{environment['FASTLINE_MEDIA']}/channels.yaml"
    assert [place for _, place in volumes] == [environment["FASTLINE_MEDIA"]]
    assert "FASTLINE_CHANNELS=/media/channels.yaml" in DOCKERFILE
    assert "VOLUME /media" in DOCKERFILE
    assert "install --owner fastline /app/channels.yaml /media/channels.yaml" in DOCKERFILE
    state = re.findall(r"^StateDirectory=(.*)$", UNIT, re.MULTILINE)[0]
    assert f"FASTLINE_CHANNELS=/var/lib/{state}/channels.yaml" in UNIT


def test_every_command_hears_of_places_by_the_environment() -> None:
    script = """
import fastline, sys
for command in sys.argv[1:]:
    asked = fastline.parser().parse_args([command])
    print(asked.media, getattr(asked, "channels", "-"))
"""
    commands = ["origin", "commit", "worker", "api", "up", "plan", "check"]
    places = {"FASTLINE_MEDIA": "/srv/media", "FASTLINE_CHANNELS": "/srv/channels.yaml"}
    done = subprocess.run(
        [sys.executable, "-c", script, *commands],
        env={**os.environ, **places}, cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    here = "/srv/media /srv/channels.yaml"
    by_settings = {"api": "None -", "worker": f"None {here.partition(' ')[2]}"}  # which hear of the media by theirs
    assert done.stdout.splitlines() == [by_settings.get(command, here) for command in commands]
