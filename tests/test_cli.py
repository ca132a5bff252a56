"""The command line as people use it: a real process, its words and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from fastline import main, parser

CHECKOUT = Path(__file__).resolve().parents[1]
COMMANDS = [
    "up",
    "origin",
    "commit",
    "worker",
    "package",
    "check",
    "simulate",
    "guide",
    "asrun",
    "why",
    "render",
    "withdraw",
    "give-back",
    "play-next",
    "skip",
    "api",
    "api-key",
    "doctor",
    "settings",
]


def fastline(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHECKOUT / "fastline.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, "COLUMNS": "100", **environment},
    )


def parsed(*arguments: str) -> object:
    """What a process ends with that comes no further than to read what it is asked; it prints as any other."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    return ended.value.code


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"fastline {version('fastline')}\n")


def test_help_names_every_command() -> None:
    done = fastline("--help")
    assert done.returncode == 0
    assert [command for command in COMMANDS if not re.search(rf"^    {command}\b", done.stdout, re.MULTILINE)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parsed(command, "--help") == 0
    words = capsys.readouterr().out
    assert f"usage: fastline {command}" in words
    assert "--media PLACE" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["package"], "required: FILE"),
        (["package", "x.mp4", "--kind", "film"], "'film'"),
        (["package", "x.mp4", "--house", "hd29"], "'hd29'"),
        (["package", "x.mp4", "--jobs", "0"], "'0' is not a whole number from 1 to 64"),
        (["up", "--port", "http"], "'http' is not a port: write a number from 1 to 65535"),
        (["up", "--trusted-proxy", "nginx"], "'nginx'"),
        (["render", "films", "v360", "--at", "noon"], "'noon' is not an instant: write one like 2026-03-01T20:15Z"),
        (["guide", "--at", "0001-01-01T00:00+10:00"], "'0001-01-01T00:00+10:00' is not an instant: write one like"),
        (
            ["guide", "--at", "9999-12-31"],
            "no channel is on air before 1970 or after 2199",
        ),
        (["guide", "--hours", "0"], "'0' is not a whole number"),
        (["up", "--log", "xml"], "'xml'"),
    ],
)
def test_a_mistake_of_usage_ends_with_2_and_says_what_was_meant(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parsed(*arguments) == 2
    assert words in capsys.readouterr().err


def test_a_bad_port_in_the_environment_is_a_mistake_too() -> None:
    done = fastline("up", PORT="eighty")
    assert done.returncode == 2
    assert "'eighty' is not a port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "no-such.yaml"], "no-such.yaml: cannot be read: No such file or directory"),
        (["guide"], "there are no channels in"),
        (["guide", "films"], "there is no channel 'films'; there is: none"),
        (["render", "films", "v360"], "there is no channel 'films'; there is: none"),
        (["withdraw", "films", "0123"], "not in the library: 0123"),
        (["package", "no-such.mp4", "--house", "fast"], "no-such.mp4"),
        (["up", "--base-path", "tv", "--port", "18999"], "base path 'tv' must begin with a slash"),
        (["up", "--host", "256.0.0.1", "--port", "18999"], "cannot listen on 256.0.0.1 port 18999"),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_says_why(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = fastline(*arguments, "--media", str(tmp_path / "media"))
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_check_prints_every_mistake_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text("channels:\n  films:\n    number: one\n    name: Films\n    ordr: shuffle\n", "utf-8")
    done = fastline("check", str(file))
    assert done.returncode == 1
    assert "channels.yaml:3:" in done.stderr
    assert "channels.yaml:5:" in done.stderr
    assert '"order"' in done.stderr


def test_the_channels_of_the_demo_have_no_mistakes(tmp_path: Path) -> None:
    done = fastline("check", "channels.yaml", "--media", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "no mistakes" in done.stdout


def test_up_does_not_start_with_mistakes_in_the_channels(tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text("channels: {}\nchanels: 1\n", "utf-8")
    place = ("--media", str(tmp_path / "media"), "--channels", str(file))
    done = fastline("up", *place, "--port", str(free_port()), "--no-api")
    assert done.returncode == 1
    assert "mistakes" in done.stderr
    assert "channels.yaml:2:" in done.stderr
    assert "Traceback" not in done.stderr


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_a_port_in_use_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = fastline("origin", "--media", str(tmp_path), PORT=str(port))
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_process_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    command = [
        sys.executable,
        str(CHECKOUT / "fastline.py"),
        "origin",
        "--media",
        str(tmp_path),
        "--port",
        str(free_port()),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert "The page is at" in running.stdout.readline()
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert "Traceback" not in out + err


def test_the_journal_can_be_json(tmp_path: Path) -> None:
    done = fastline("package", "no-such.mp4", "--house", "fast", "--media", str(tmp_path), "--log", "json")
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(entry["level"], entry["action"], entry["file"]) for entry in entries] == [
        ("error", "refused", "no-such.mp4")
    ]
    assert entries[0]["at"].endswith("+00:00")
