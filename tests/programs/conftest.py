# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetches the programs once, and makes the part of each that is read importable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import types
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.collection import make_importable

if TYPE_CHECKING:
    from collections.abc import Callable

make_importable()

HERE = Path(__file__).parent
STAND_INS = HERE / "stand_ins"
#: Beside the virtual environment, which the test driver keeps.
FETCHED = Path(sys.prefix) / "fetched"
VERSIONS = {"freqtrade": "2026.9", "octobot": "2.0.16", "jesse": "3.5.3", "hummingbot": "20260922"}
#: The newest is of source alone.
_OPTIONS = {"hummingbot": ("--no-binary=hummingbot", "--no-build-isolation")}


def fetch(name: str) -> Path:
    """Return the directory of the program's unpacked distribution."""
    directory = FETCHED / f"{name}-{VERSIONS[name]}"
    if directory.is_dir():
        return directory
    partial = directory.with_name(f".{directory.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"),
            # What is read here runs on every Python; what trades may not.
            "--ignore-requires-python",
            *(*_OPTIONS.get(name, ()), f"--dest={partial}", f"{name}=={VERSIONS[name]}"),
        ],
        # To learn what a source distribution depends on, pip runs its setup, which asks for a compiler's helpers.
        env={**os.environ, "PYTHONPATH": str(STAND_INS)},
        check=True,
    )
    (archive,) = partial.iterdir()
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)
    else:
        with tarfile.open(archive) as source:
            source.extractall(partial, filter="data")
    archive.unlink()
    partial.rename(directory)
    return directory


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that makes a program importable. Of ``bare`` packages only what is asked for is run."""

    def make(name: str, *bare: str) -> Path:
        directory = fetch(name)
        monkeypatch.syspath_prepend(str(STAND_INS))
        monkeypatch.syspath_prepend(str(directory))
        for package in bare:
            module = types.ModuleType(package)
            module.__path__ = [str(directory / package.replace(".", "/"))]
            monkeypatch.setitem(sys.modules, package, module)
        return directory

    return make
