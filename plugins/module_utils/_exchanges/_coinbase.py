# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Coinbase Advanced. Every question carries a token of its own, signed by a private key (ES256 or Ed25519).

It tells three permissions and no addresses. ``can_transfer`` holds sending to strangers.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import secrets
import typing as t
from urllib.parse import urlsplit

from .._allowlist._rule import AllowlistGrammar
from .._errors import AnswerError
from .._facts import Access, Account, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, clock, member, optional, refused, together, unknown
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    AllowlistRule,
    ClockTolerance,
    Credential,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RefusedError,
    Settling,
    Site,
)
from ._signing import ED25519, ES256, PrivateKey, is_pem, private_key, raw_ed25519

_CLICKS = "Coinbase Developer Platform > API keys > the key > Edit"
_PERMISSIONS = "/api/v3/brokerage/key_permissions"
_TIME = "/api/v3/brokerage/time"
#: Seconds that a token is valid for.
_LIFE = 120

_TRADE = frozenset(("spot_trade", "futures_trade"))
#: What each answer means. One that is not here and is true is kept as unknown.
_WORDS: t.Mapping[str, tuple[str, ...]] = {
    "can_view": ("read",),
    # There is no word of its own for futures: where the account has them, the key trades them too.
    "can_trade": ("futures_trade", "spot_trade"),
    # Sending to any address is in it.
    "can_transfer": ("transfer_out", "transfer_own", "withdraw"),
}
_CAN = re.compile(r"can_")

_UNAUTHORIZED = "401"
REFUSALS: t.Mapping[str, Refused] = {
    _UNAUTHORIZED: Refused(
        "ambiguous",
        "Coinbase has one answer for a deleted key, a secret of another key, a wrong clock and (no document says"
        " otherwise) a refused address. First compare this host's public address with the key's list, then key and"
        " secret with your record. A new key may take up to 48 hours to work. One of Coinbase's pages says that this"
        " API refuses Ed25519 keys: if this is one, try an ECDSA key.",
    ),
    "PERMISSION_DENIED": Refused("permission_denied"),
    "rate_limit_exceeded": Refused("rate_limited"),
    "resource_exhausted": Refused("rate_limited"),
}


class Coinbase(Exchange):
    """Coinbase Advanced Trade."""

    name = "coinbase"
    title = "Coinbase"
    sources = "its documents and its SDK 1.8.4, read on 2026-11-22"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return one host; no readable source tells how keys of the sandbox are asked."""
        return {("mainnet", "global"): Site("https://api.coinbase.com")}

    def key_shape(self) -> KeyShape:
        """Return nothing: keys are names with slashes or UUIDs, and secrets are texts of several kinds."""
        return KeyShape()

    def key_types(self) -> tuple[str, ...]:
        """Return what the SDK signs with; there are no HMAC secrets."""
        return (ES256, ED25519)

    def private_key(self, credential: Credential) -> PrivateKey | None:
        """Read a PEM text, or an Ed25519 key in base64."""
        if is_pem(credential.secret) or credential.key_password is not None:
            return private_key(credential)
        return raw_ed25519(credential.secret)

    def allowlist_rule(self) -> AllowlistRule:
        """Return addresses and networks of both families; the maximum is not known."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=True, ipv6=True, networks_v6=True),
            click_path=f"{_CLICKS} > IP allowlist",
            source="Coinbase Developer Platform: security best practices",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return a rule without days: whether one exists is not documented."""
        return LIFETIME_NOT_DOCUMENTED

    def settling(self) -> Settling:
        return Settling(
            seconds=172800,
            described="At Coinbase a new key may need up to 48 hours.",
            source="a vendor's guide (gunbot.com), not Coinbase itself",
            as_of="2026-11-22",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the life of a token, and one second ahead: how far ahead is not documented."""
        return ClockTolerance(ahead=1.0, behind=float(_LIFE))

    def cannot_tell(self) -> frozenset[str]:
        """Return what ``key_permissions`` lacks."""
        return frozenset(("allowlist", "created_at", "expiry", "label", "last_used_at", "owner_kind", "state"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return {"account": "the portfolio"}

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with spot and futures together; what can transfer can withdraw, which no word excuses."""
        return together(words, _TRADE)

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v3/brokerage/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``epochMillis``."""
        return clock(json_object(answer), "epochMillis", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's permissions and the clock."""
        return frozenset((("GET", _PERMISSIONS), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/api/v3/brokerage/key_permissions``."""
        key = self.private_key(question.credential)
        if key is None:
            raise AnswerError("Coinbase takes no HMAC secrets")
        return Request(
            "GET",
            f"{question.site.base_url}{_PERMISSIONS}",
            headers={"Authorization": f"Bearer {_token(key, question=question)}"},
        )

    def interview(self, question: Question) -> Interview:
        """Ask once; where the answer leaves the cause open, look at the clock, which is the one that can be told."""
        try:
            answer = yield self.key_request(question)
        except RefusedError as refusal:
            first = refusal.access
        else:
            return self.key(answer)
        if first.code == _UNAUTHORIZED:
            try:
                there = self.server_time((yield self.time_request(site=question.site)))
            except (RefusedError, AnswerError):
                raise RefusedError(first) from None
            if abs((question.at - there).total_seconds()) >= _LIFE:
                raise RefusedError(Access("clock_skew", code=first.code, message=first.message))
        raise RefusedError(first)

    def refusal(self, answer: Answer) -> Access | None:
        """Read HTTP 401, which may come as plain text, and ``error``, which only refusals have."""
        if answer.status == int(_UNAUTHORIZED):
            return refused(table=REFUSALS, code=_UNAUTHORIZED, message=_text(answer))
        data = json_object(answer)
        code = optional(data, "error", str, host=answer.host)
        if code is None:
            if answer.status != 200:
                raise AnswerError(f"{answer.host} answered HTTP {answer.status} without an error")
            return None
        return refused(table=REFUSALS, code=code, message=optional(data, "message", str, host=answer.host) or "")

    def key(self, answer: Answer) -> ObservedKey:
        """Read the permissions. The account is the portfolio that the key belongs to: it can touch no other."""
        host = answer.host
        data = json_object(answer)
        words: set[str] = set()
        raw = []
        # A text "true" must not look like an empty box, nor a box that is absent.
        for word in (*_WORDS, *(name for name in data if _CAN.match(name) and name not in _WORDS)):
            granted = member(data, word, bool, host=host)
            raw.append(f"{word}:{str(granted).lower()}")
            if granted:
                words.update(_WORDS.get(word) or (unknown(word),))
        return ObservedKey(
            masked_id="",
            account=Account(id=optional(data, "portfolio_uuid", str, host=host) or None),
            permissions=tuple(sorted(words)),
            raw_permissions=tuple(raw),
        )


def _text(answer: Answer) -> str:
    try:
        return answer.text()
    except ValueError:
        return ""


def _token(key: PrivateKey, *, question: Question) -> str:
    """Return the token (RFC 7519): for one call, to the host that is asked, so that no other can use it."""
    name = question.credential.api_key
    now = int(question.at.timestamp())
    header = {
        "alg": {ES256: "ES256", ED25519: "EdDSA"}.get(key.type, key.type),
        "kid": name,
        "nonce": secrets.token_hex(16),
        "typ": "JWT",
    }
    claims = {
        "sub": name,
        "iss": "cdp",
        "nbf": now,
        "exp": now + _LIFE,
        "uri": f"GET {urlsplit(question.site.base_url).netloc}{_PERMISSIONS}",
    }
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{signed}.{_base64url(key.sign(signed.encode()))}"


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
