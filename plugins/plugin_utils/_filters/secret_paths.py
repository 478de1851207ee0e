# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.secret_paths`` does."""

from __future__ import annotations

import re
import typing as t

_NAMES = re.compile(
    r"key|uid|login|.*secret.*|.*password.*|.*passwd|.*passphrase.*|.*api_?key|.*private_?key|.*secret_?key|.*token"
    r"|.*wallet_?address|account_?id|chat_?id|webhook_?url|.*mnemonic|authorization",
    re.IGNORECASE,
)
#: Whatever is in their address can write to somebody's channel.
_ADDRESSED = ("webhook", "discord", "slack")
_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@", re.IGNORECASE)


def secret_paths(settings: t.Any) -> list[str]:
    """Return the paths, in the order of the settings."""
    return list(_walk(settings, path=()))


def _walk(value: t.Any, *, path: tuple[str, ...]) -> t.Iterator[str]:
    if isinstance(value, t.Mapping):
        for name, entry in value.items():
            yield from _walk(entry, path=(*path, str(name)))
    elif isinstance(value, (list, tuple)):
        for number, entry in enumerate(value):
            yield from _walk(entry, path=(*path, str(number)))
    elif value not in (None, "") and not isinstance(value, bool) and _is_secret(value, path):
        yield ".".join(path)


def _is_secret(value: t.Any, path: tuple[str, ...]) -> bool:
    # An entry of a list has the list's name.
    named = next((name for name in reversed(path) if not name.isdigit()), "")
    if _NAMES.fullmatch(named) or (named.lower() == "url" and any(parent.lower() in _ADDRESSED for parent in path)):
        return True
    return isinstance(value, str) and bool(_WITH_PASSWORD.search(value))
