# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets for tests, made up while they run: nothing in this repository looks like a key."""

from __future__ import annotations

import functools
import random
import re
import string

from ansible_collections.trading.hosts.plugins.module_utils._exposed._forms import FORMS

_PART = re.compile(r"\((?P<group>[^)]+)\)|\[(?P<several>[^]]+)\]|(?P<one>.)")
_TIMES = re.compile(r"\{(\d+)(?:,(\d+))?\}|(\+)")


def made(pattern: str, *, chance: random.Random) -> str:
    """Return random text of a form: of classes, groups, literal characters and how often they come."""
    text, at = "", 0
    while at < len(pattern):
        part = _PART.match(pattern, at)
        assert part is not None
        at = part.end()
        times = _TIMES.match(pattern, at)
        number = 1
        if times is not None:
            at = times.end()
            number = chance.randint(7, 11) if times[3] else chance.randint(int(times[1]), int(times[2] or times[1]))
        for _turn in range(number):
            if part["group"]:
                text += made(part["group"], chance=chance)
            else:
                text += chance.choice(_characters(part["several"])) if part["several"] else part["one"]
    return text


@functools.lru_cache(maxsize=64)
def _characters(several: str) -> str:
    everything = string.ascii_letters + string.digits + "+/_-"
    return "".join(each for each in everything if re.fullmatch(f"[{several}]", each))


#: Any text that an exchange without a known form could give out.
ANY = "[A-Za-z0-9]{40}"


def pair(exchange: str, *, seed: int = 0) -> tuple[str, str]:
    """Return a key id and a secret of an exchange's form."""
    chance = random.Random(f"{exchange}{seed}")
    key, secret = FORMS[exchange]
    return made(key or ANY, chance=chance), made(secret or ANY, chance=chance)
