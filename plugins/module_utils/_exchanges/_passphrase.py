# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be told of a passphrase without telling it. Private to this collection."""

from __future__ import annotations

import re
import typing as t

from .._facts import PassphraseChecks
from ._contract import Credential, PassphraseRule

#: Passphrases that everybody tries first, in lower case and without what people append to satisfy a form.
_COMMON_TEXT = """
abc abcd abcabc access admin administrator api apikey asdf asdfgh asdfghjk baseball batman binance bitcoin bitget bot
bybit changeme crypto cryptobot default dragon eth ethereum football freqtrade hello hodl iloveyou letmein login lunch
master mexc money monkey moon mypass mypassphrase mypassword okex okx pass passphrase passw0rd password passwort qazwsx
qwer qwerty qwertyui qwertyuiop qwertz robot satoshi secret shadow sunshine superman test tester testing tothemoon trade
trader trading trustno1 welcome zxcvbn zxcvbnm
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
_FILLING = re.compile(r"^[^a-z]*|[^a-z]*$")


def check_passphrase(
    *,
    passphrase: str | None,
    rule: PassphraseRule | None,
    credential: Credential | None,
    names: t.Iterable[str | None],
) -> PassphraseChecks:
    """Return what may leave the place where the passphrase is: booleans and one class of length.

    ``names`` are the texts that stand next to it (label, exchange, the key's name), which it must not equal.
    """
    if not passphrase:
        return PassphraseChecks(given=False)
    length = len(passphrase)
    others = [*names] + ([credential.api_key, credential.secret] if credential else [])
    return PassphraseChecks(
        given=True,
        fits_format=None if rule is None or rule.pattern is None else bool(re.fullmatch(rule.pattern, passphrase)),
        length="short" if length < 12 else "fair" if length < 16 else "long",
        guessable=is_guessable(passphrase),
        equals_other_field=any(passphrase.lower() == other.lower() for other in others if other),
    )


def is_guessable(passphrase: str) -> bool:
    """Tell whether it is a common word with filling, a few characters repeated, or a walk along a row."""
    text = passphrase.lower()
    if len(set(text)) <= 3 or any(text == text[:size] * (len(text) // size) for size in range(1, len(text) // 2 + 1)):
        return True
    core = _FILLING.sub("", text)
    if text in _COMMON or core in _COMMON or (not core and _is_date_or_count(text)):
        return True
    return any(text in line or text in line[::-1] for row in _ROWS for line in (row, row + row))


def _is_date_or_count(text: str) -> bool:
    """Tell whether it is digits (and marks) only: birthdays and telephone numbers."""
    return len(re.sub(r"[^0-9]", "", text)) <= 10
