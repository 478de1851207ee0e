# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which units load which credential, from the unit files alone. Private: no interface for other collections."""

from __future__ import annotations

import os
import re
import shlex
import typing as t

#: In systemd's order: a file in an earlier directory hides one of the same name in a later one.
UNIT_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
#: Where systemd looks for a credential that a unit names without a path.
CREDENTIAL_STORES = ("/etc/credstore.encrypted", "/run/credstore.encrypted", "/usr/lib/credstore.encrypted")
#: Bounds, so that no odd directory makes a question about credentials take long.
MAX_FILES = 5000
MAX_BYTES = 256 * 1024

#: The program that the role ``trading_service`` lets a unit run before its start, for credentials of the age store.
UNSEAL = "/usr/local/lib/trading-hosts/unseal.py"
#: The program that it puts before one that reads only its environment or a fixed path.
LAUNCH = "/usr/local/lib/trading-hosts/launch"

Loads = t.Mapping[str, t.Sequence[str]]

#: What can be a file in a unit: the signs before a path say what happens where there is none.
_WORD = re.compile(r"[^\s\"'=:,;@+!-][^\s\"'=:,;]*")
#: What stands for something else: a specifier, or a sign of a pattern.
_VARYING = re.compile(r"(?:%[^%]|[*?]|\[[^\]/]*\])")
#: What some specifiers are for services of the system.
_PLACES = {"%C": "/var/cache", "%E": "/etc", "%h": "/root", "%L": "/var/log", "%S": "/var/lib", "%t": "/run"}


def loads_by_unit(*, unit_directories: t.Sequence[str] = UNIT_DIRECTORIES) -> Loads:
    """Return what each service loads: its values of ``LoadCredentialEncrypted=``, and paths that it has unsealed.

    Drop-ins and empty assignments count as systemd counts them. At most :data:`MAX_FILES` files are read.
    """
    loads: dict[str, list[str]] = {}
    for unit, paths in _files_by_unit(unit_directories).items():
        in_force: list[str] = []
        unsealed: list[str] = []
        for path in paths:
            text = _text(path)
            for value in _assignments(text, setting="LoadCredentialEncrypted"):
                in_force = [*in_force, value.strip("\"'")] if value else []
            for value in _assignments(text, setting="ExecStartPre"):
                unsealed = [*unsealed, *_unsealed(value)] if value else []
        if in_force or unsealed:
            loads[unit] = [*in_force, *(f"{os.path.basename(path)}:{path}" for path in unsealed)]
    return loads


def users_by_unit(
    *, units: t.Collection[str], unit_directories: t.Sequence[str] = UNIT_DIRECTORIES
) -> t.Mapping[str, str]:
    """Return the user that each of these services runs as; ``dynamic`` for one that systemd makes at start."""
    users: dict[str, str] = {}
    for unit, paths in (_files_by_unit(unit_directories) if units else {}).items():
        if unit not in units:
            continue
        user, dynamic = "root", False
        for path in paths:
            text = _text(path)
            for value in _assignments(text, setting="User"):
                user = value or "root"
            for value in _assignments(text, setting="DynamicUser"):
                dynamic = value.lower() in ("1", "yes", "y", "true", "t", "on")
        users[unit] = "dynamic" if dynamic and user == "root" else user
    return users


def environment_by_unit(*, units: t.Collection[str], unit_directories: t.Sequence[str] = UNIT_DIRECTORIES) -> Loads:
    """Return the names of the credentials that the launcher puts into the environment of each of these services."""
    found: dict[str, list[str]] = {}
    for unit, paths in (_files_by_unit(unit_directories) if units else {}).items():
        if unit not in units:
            continue
        for path in paths:
            for value in _assignments(_text(path), setting="ExecStart"):
                found[unit] = [*found.get(unit, []), *_launched(value)] if value else []
    return found


def naming(*, path: str, unit_directories: t.Sequence[str] = UNIT_DIRECTORIES) -> list[str]:
    """Return the services whose unit or drop-ins name this file: as it is, by a link, a pattern or from a directory."""
    files = _files_by_unit(unit_directories)
    return [unit for unit, paths in files.items() if _mentions("\n".join(map(_text, paths)), path=path)]


def _mentions(text: str, *, path: str) -> bool:
    if re.search(rf"{re.escape(path)}(?![\w./-])", text):
        return True
    directories = [each.lstrip("-").strip("\"'") for each in _assignments(text, setting="WorkingDirectory")]
    return any(_leads(word, path=path, directory=(directories or [""])[-1]) for word in set(_WORD.findall(text)))


def _leads(word: str, *, path: str, directory: str) -> bool:
    """Tell whether a word of a unit, seen from its working directory, can stand for this file."""
    if "$" in word or "%d" in word:
        return False  # a variable tells nothing here, and %d is where credentials are
    if not word.startswith(("/", "%")):
        # A name of any file is none.
        if not directory or not re.search(r"\w", _VARYING.sub("", os.path.basename(word))):
            return False
        word = os.path.join(directory, word)
    parts = _VARYING.split(os.path.normpath(re.sub("%[CEhLSt]", lambda match: _PLACES[match[0]], word)))
    if len(parts) == 1:
        return os.path.realpath(parts[0]) == path
    return re.fullmatch("[^/]*".join(map(re.escape, parts)), path) is not None


def _files_by_unit(unit_directories: t.Sequence[str]) -> dict[str, list[str]]:
    """Return the files of each service in the order in which systemd reads them."""
    units: dict[str, str] = {}
    drop_ins: dict[str, dict[str, str]] = {}
    for directory in unit_directories:
        for entry in _listing(directory):
            path = os.path.join(directory, entry)
            if entry.endswith(".service"):
                units.setdefault(entry, path)
            elif entry.endswith(".service.d") and os.path.isdir(path):
                found = drop_ins.setdefault(entry[: -len(".d")], {})
                for name in _listing(path):
                    if name.endswith(".conf"):
                        found.setdefault(name, os.path.join(path, name))
    files: dict[str, list[str]] = {}
    budget = MAX_FILES
    for unit in sorted(set(units) | set(drop_ins)):
        paths = [units[unit]] if unit in units else []
        paths += [path for _name, path in sorted(drop_ins.get(unit, {}).items())]
        if len(paths) > budget:
            break
        budget -= len(paths)
        files[unit] = paths
    return files


def loaded_by(*, name: str, path: str, loads: Loads) -> list[str]:
    """Return the units that load the credential file at ``path``, whose name is ``name``."""
    return [unit for unit, values in loads.items() if any(_names(value, name=name, path=path) for value in values)]


def _names(value: str, *, name: str, path: str) -> bool:
    identifier, colon, source = value.partition(":")
    if colon and source.startswith("/"):
        return re.fullmatch(_pattern(source), path) is not None
    wanted = source if colon else identifier
    return os.path.dirname(path) in CREDENTIAL_STORES and re.fullmatch(_pattern(wanted), name) is not None


def _pattern(text: str) -> str:
    """A unit's text as a pattern: ``%%`` is a percent sign, any other specifier (``%i``) stands for something."""
    parts = re.split(r"(%.)", text)
    return "".join(
        "%" if part == "%%" else "[^/]+" if part[:1] == "%" and len(part) == 2 else re.escape(part) for part in parts
    )


def _unsealed(command: str) -> list[str]:
    """Return the credential files that a command unseals."""
    if UNSEAL not in command:
        return []
    try:
        words = shlex.split(command.replace("$$", "$"))
    except ValueError:
        return []
    return [word for word in words if word.startswith("/") and word.endswith(".age")]


def _launched(command: str) -> list[str]:
    """Return the names of the credentials that a command puts into its program's environment."""
    try:
        words = shlex.split(command.replace("$$", "$").replace("%%", "%"))
    except ValueError:
        return []
    if LAUNCH not in words[:3]:
        return []
    names = []
    for word in words[words.index(LAUNCH) + 1 :]:
        option, _equals, value = word.partition("=")
        if option == "--":
            break
        if option in ("--environment-from", "--variable"):
            names.append(value.rpartition("=")[2])
    return names


def _assignments(text: str, *, setting: str) -> list[str]:
    joined = re.sub(r"\\\n", " ", text)
    return re.findall(rf"^[ \t]*{setting}[ \t]*=[ \t]*(.*?)[ \t]*$", joined, flags=re.MULTILINE)


def _listing(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))[:MAX_FILES]
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        if not os.path.isfile(path):  # a masked unit is a link to /dev/null
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(MAX_BYTES)
    except OSError:
        return ""
