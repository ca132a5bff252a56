"""Settings: from a file, the environment and the command line; every mistake at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from control_api.settings import Settings, Unsettled, read, sample


def good(found: Settings | Unsettled) -> Settings:
    assert isinstance(found, Settings), str(found)
    return found


def test_nothing_has_to_be_set() -> None:
    settings = good(read({"PATH": "/bin", "FASTLINE_FFMPEG": "ffmpeg"}))
    assert settings == Settings()
    assert settings.database_url == f"sqlite+aiosqlite:///{Path('media/fastline.db').absolute()}"


@pytest.mark.parametrize("suffix", ["toml", "yaml"])
def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"settings.{suffix}"
    path.write_text(
        'port = 1\nrate = "5/second"\nstreams = 7' if suffix == "toml" else "port: 1\nrate: 5/second\nstreams: 7"
    )
    settings = good(read({"FASTLINE_SETTINGS": str(path), "FASTLINE_PORT": "2", "FASTLINE_STREAMS": "8"}, {"port": 3}))
    assert (settings.port, settings.streams, settings.rate) == (3, 8, "5/second")


def test_lists_in_the_environment_are_separated_by_commas_or_spaces() -> None:
    said = {
        "FASTLINE_CORS_ORIGINS": "https://A.example:443, http://b.example:81",
        "FASTLINE_TRUSTED_PROXIES": "::1/128 10.0.0.0/8",
    }
    settings = good(read(said))
    assert settings.cors_origins == ("https://a.example", "http://b.example:81")
    assert [str(network) for network in settings.trusted_proxies] == ["::1/128", "10.0.0.0/8"]


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('prot = 8\nrate = "often"\n')
    found = read(
        {
            "FASTLINE_SETTINGS": str(path),
            "FASTLINE_PORT": "65536",
            "FASTLINE_STREMS": "4",
            "FASTLINE_CORS_ORIGINS": "https://a.example/page",
            "FASTLINE_DATABASE": "mysql://root:secret@x/y",
        }
    )
    assert isinstance(found, Unsettled)
    assert sorted(mistake.replace(f"{tmp_path}/", "") for mistake in found.mistakes) == [
        "FASTLINE_CORS_ORIGINS[0]: 'https://a.example/page' is not an origin: write one like https://desk.example",
        "FASTLINE_DATABASE: mysql is no database that Fastline knows: take postgresql:// or sqlite:///",
        "FASTLINE_PORT: input should be less than or equal to 65535 (and not '65536')",
        "FASTLINE_STREMS: there is no such setting; did you mean FASTLINE_STREAMS?",
        "settings.toml: prot: there is no such setting; did you mean port?",
        "settings.toml: rate: 'often' is not a rate: write one like 600/minute or 20/second",
    ]
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [("port = ", "cannot be read"), ("- 1\n- 2", "cannot be read"), (None, "cannot be read: No such file")],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text)
    found = read({"FASTLINE_SETTINGS": str(path)})
    assert isinstance(found, Unsettled)
    assert words in str(found)


def test_a_list_is_no_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("- 1")
    found = read({"FASTLINE_SETTINGS": str(tmp_path / "settings.yaml")})
    assert "settings are expected" in str(found)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("sqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
    ],
)
def test_a_database_is_named_as_people_do(given: str, url: str) -> None:
    assert Settings(database=given).database_url == url


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///:memory:", "nonsense"])
def test_a_database_that_cannot_last_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        Settings(database=given)


def test_the_sample_names_every_setting_and_holds_the_defaults(tmp_path: Path) -> None:
    text = sample()
    assert tomllib.loads(text) == {}
    path = tmp_path / "settings.toml"
    path.write_text("\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines()))
    assert set(tomllib.loads(path.read_text())) == set(Settings.model_fields)
    assert good(read({"FASTLINE_SETTINGS": str(path)})) == Settings()
    assert all(f"# Also FASTLINE_{name.upper()}." in text for name in Settings.model_fields)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    """As containers are given them (12-factor, AX16)."""
    path = tmp_path / "database"
    path.write_text("postgresql://me:pass@db/tv\n")
    settings = good(read({"FASTLINE_DATABASE_FILE": str(path), "FASTLINE_TMDB_KEY_FILE": str(path)}))
    assert settings.database_url == "postgresql+psycopg://me:pass@db/tv"
    assert settings.tmdb_key.get_secret_value() == "postgresql://me:pass@db/tv"
    lacking = read({"FASTLINE_DATABASE_FILE": str(tmp_path / "none"), "FASTLINE_DATABSE_FILE": "x"})
    assert isinstance(lacking, Unsettled)
    assert lacking.mistakes == (
        f"FASTLINE_DATABASE_FILE: {tmp_path / 'none'} cannot be read: No such file or directory",
        "FASTLINE_DATABSE_FILE: there is no such setting; did you mean FASTLINE_DATABASE?",
    )


def test_what_kubernetes_says_of_a_service_of_our_name_is_no_setting() -> None:
    said = {
        "FASTLINE_SERVICE_HOST": "10.0.0.1",
        "FASTLINE_SERVICE_PORT": "8080",
        "FASTLINE_SERVICE_PORT_HTTP": "8080",
        "FASTLINE_PORT": "tcp://10.0.0.1:8080",
        "FASTLINE_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "FASTLINE_PORT_8080_TCP_ADDR": "10.0.0.1",
    }
    assert good(read(said)) == Settings()
