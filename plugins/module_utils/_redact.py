# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one door through which foreign text reaches people. Private: not an interface for other collections.

Key labels, error messages and host text can be written by strangers. What leaves here is one line of
printable characters without secrets, without bidirectional marks and without the marks that continuous
integration runners take for commands.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
import unicodedata
from urllib.parse import quote, quote_plus

MAX_LENGTH = 200
REMOVED = "[removed]"
#: How many characters are looked at for each one that may be shown.
_INVISIBLE = 8
#: From which limit on a cut text ends in digits of its digest, and in how many.
_ROOM, _DIGITS = 40, 8

#: Key ids that exchanges print in their messages: UUIDs (OKX) and long runs that look like a key.
_KEY_ID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[A-Za-z0-9_]{18,}\b")

#: An IPv6 address, in which a double colon may stay; a dot or a colon of the sentence may follow it.
_ADDRESS = re.compile(
    r"(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*)?::"
    r"(?:(?:[0-9A-Fa-f]{1,4}:)*(?:[0-9A-Fa-f]{1,4}|\d{1,3}(?:\.\d{1,3}){1,3})[.:]?|\.?)",
    re.ASCII,
)
_WORD = re.compile(r"[\w.:-]+")
#: What Azure, GitHub and TeamCity look for, wherever it stands: ``##vso[``, ``##[``, ``##teamcity[``.
_MARK = re.compile(r"##(?=\w*\[)")


def one_line(text: object, *, secrets: t.Iterable[str] = (), limit: int = MAX_LENGTH) -> str:
    """Return ``text`` as one safe line of at most ``limit`` characters.

    Secrets (also URL-encoded) are removed first, on the whole text, so that no cut leaves half of one. What is cut ends
    in some digits of the whole text's digest where there is room: names that begin alike stay apart.
    """
    raw = _without(text, secrets)
    shown = _safe(raw, limit)
    if len(shown) <= limit and len(raw) <= limit * _INVISIBLE:
        return shown
    digits = hashlib.sha256(raw.encode(errors="surrogatepass")).hexdigest()[:_DIGITS] if limit >= _ROOM else ""
    return f"{shown[: limit - 1 - len(digits)]}…{digits}"


def message(text: object, *, secrets: t.Iterable[str] = (), limit: int = MAX_LENGTH) -> str:
    """Like :func:`one_line`, and with everything that looks like a key id removed (exchanges print them).

    A cut leaves no digits here: they would be those of the key id too.
    """
    shown = cut(_safe(_without(text, secrets), limit * 4), limit * 4)
    return cut(_safe(_KEY_ID.sub(REMOVED, shown), limit), limit)


def _without(text: object, secrets: t.Iterable[str]) -> str:
    raw = str(text)
    for secret in sorted({s for s in secrets if s}, key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            raw = raw.replace(form, REMOVED)
    return raw


def _safe(raw: str, limit: int) -> str:
    shown = "".join(_printable(c) for c in raw[: limit * _INVISIBLE])
    shown = " ".join(shown.split())
    if "::" in shown:
        shown = _WORD.sub(_without_commands, shown)
    return _MARK.sub("## ", shown)


def cut(shown: str, limit: int) -> str:
    """Return a text that has at most ``limit`` characters."""
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def mask_id(key_id: str) -> str:
    """Return a key id that shows at most a quarter of its characters: ``abcd…wxyz`` for 32 characters."""
    quarter = len(key_id) // 4
    head = min(4, (quarter + 1) // 2)
    tail = min(4, quarter - head) if quarter > head else 0
    return one_line(key_id[:head] + "…" + (key_id[-tail:] if tail else ""), limit=16)


def _without_commands(word: re.Match[str]) -> str:
    """Break each double colon (``::error``) that is not an address's: lines can be wrapped wherever it stands."""
    text = word[0]
    return text if "::" not in text or _ADDRESS.fullmatch(text) else re.sub(r":(?=:)", ": ", text)


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "C" or category in ("Zl", "Zp"):
        return " "
    return character
