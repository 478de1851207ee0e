# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bitget, classic and unified accounts. It tells permissions and addresses, but neither creation nor expiry."""

from __future__ import annotations

import datetime
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._facts import Access, Account, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    comma_list,
    identifier,
    in_base64,
    member,
    optional,
    refused,
    strings,
    unknown,
)
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    PUBLIC_PEM,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    PassphraseRule,
    Question,
    RateLimit,
    RefusedError,
    Registration,
    Site,
)
from ._signing import HMAC, RSA, digest

_CLICKS = "Bitget > account menu > API keys > the key > Edit"
_CLASSIC = "/api/v2/spot/account/info"
_UNIFIED = "/api/v3/account/info"
_TIME = "/api/v2/public/time"
#: "You are in Unified Account mode, and the Classic Account API is not supported at this time"
_NEEDS_UNIFIED = "40085"

#: Classic accounts answer either the codes of the document's list or the words of its example; unified ones others.
_WORDS: t.Mapping[str, tuple[str, ...]] = {
    "readonly": ("read",),
    "coor": ("read",),
    "cpor": ("read",),
    "stor": ("read",),
    "smor": ("read",),
    "ttor": ("read",),
    "wtor": ("read",),
    "taxr": ("read",),
    "chor": ("read",),
    "p2pr": ("read",),
    "pllr": ("read",),
    "trade": ("spot_trade",),
    "coow": ("futures_trade",),
    "cpow": ("futures_trade",),
    "stow": ("spot_trade",),
    "smow": ("margin_trade",),
    "ttow": ("copy_trade",),
    "pllw": ("borrow",),
    "wtow": ("transfer_own",),
    "transfer": ("transfer_own",),
    "wwow": ("withdraw",),
    "withdraw": ("withdraw",),
    # Sub-account management: it can make accounts and keys.
    "chow": ("manage_keys",),
    "p2p": ("spend",),
    "taxw": ("benign",),
    "uta_trade": ("spot_trade", "margin_trade", "futures_trade"),
    "copy_futures_position": ("copy_trade",),
    "copy_futures_order": ("copy_trade",),
}

_SEES = (re.compile(r"current request ip:? ?([0-9A-Fa-f.:]+)"),)

REFUSALS: t.Mapping[str, Refused] = {
    "40018": Refused("ip_refused"),
    "40038": Refused("ip_refused"),
    "40006": Refused("invalid_key"),
    "40037": Refused("invalid_key"),
    "40009": Refused("bad_signature"),
    "40008": Refused("clock_skew"),
    "40005": Refused("clock_skew"),
    "40036": Refused("bad_passphrase"),
    "40011": Refused("bad_passphrase"),
    "40012": Refused(
        "ambiguous",
        "Bitget says that the key or the passphrase is wrong, not which. Compare both with your record; a forgotten"
        " passphrase cannot be shown or reset: create another key, place it, then delete this one.",
    ),
    "40014": Refused("permission_denied"),
    "40099": Refused("wrong_environment"),
    "22010": Refused(
        "permission_denied", "Bitget wants this key bound to addresses first. Enter this host's address on the key."
    ),
    "429": Refused("rate_limited"),
    "40015": Refused("unreachable"),
}


class Bitget(Exchange):
    """Bitget."""

    name = "bitget"
    title = "Bitget"
    sources = "its documents as copied on 2025-11-30, and a client library's recorded answers"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return one host; demo keys use it with a header."""
        return {
            ("mainnet", "global"): Site("https://api.bitget.com"),
            ("demo", "global"): Site("https://api.bitget.com"),
        }

    def key_shape(self) -> KeyShape:
        """Return the prefix of the samples; the secret's shape is not documented."""
        return KeyShape(api_key=r"bg_[A-Za-z0-9]+")

    def key_types(self) -> tuple[str, ...]:
        """Return what its signature page names."""
        return (RSA, HMAC)

    def registration(self) -> Registration:
        """Return where a public half is pasted."""
        return Registration(
            click_path="Bitget > account menu > API keys > Create API > User-generated API Keys",
            described=PUBLIC_PEM,
            unverified="Whether its first and last line belong to it; Bitget says to paste what its tool makes.",
            source="Bitget: How to create an RSA key pair on Bitget",
            as_of="2023-08-10",
            sizes=(2048, 4096),
        )

    def passphrase_rule(self) -> PassphraseRule:
        """Return 8 to 32 letters and digits."""
        return PassphraseRule(
            pattern=r"[A-Za-z0-9]{8,32}",
            described="8 to 32 English letters and digits",
            source="Bitget: create-virtual-subaccount-and-apikey",
            as_of="2025-11-30",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 30 entries; no readable source tells about networks or IPv6."""
        return AllowlistRule(
            grammar=AllowlistGrammar(max_entries=30),
            click_path=f"{_CLICKS} > IP whitelist",
            source="Bitget: create-virtual-subaccount-and-apikey",
            as_of="2025-11-30",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return a rule without days: whether one exists is not documented."""
        return LIFETIME_NOT_DOCUMENTED

    def clock_tolerance(self) -> ClockTolerance:
        """Return 30 seconds; the documents say only that a timestamp expires, so this is the caution of others."""
        return ClockTolerance(ahead=30.0, behind=30.0)

    def rate_limit(self) -> RateLimit:
        """Return one question in a second."""
        return RateLimit(
            requests=1,
            seconds=1.0,
            described="One call in a second for each account.",
            source="Bitget: Get Account Information",
            as_of="2025-11-30",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what neither form of the answer holds; ``regisTime`` is the account's age, not the key's."""
        return frozenset(("created_at", "expiry", "label", "last_used_at", "owner_kind", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words as they are: Bitget has a box for each. Reading comes with every box."""
        return words | {"read"}

    def restriction_voids_keys(self) -> bool:
        """Return true: after a temporary restriction of the account its keys must be created again."""
        return True

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v2/public/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``data.serverTime``, in milliseconds."""
        data = member(json_object(answer), "data", dict, host=answer.host)
        return clock(data, "serverTime", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the account's page in both forms, and the clock."""
        return frozenset((("GET", _CLASSIC), ("GET", _UNIFIED), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask the classic account's ``/api/v2/spot/account/info``."""
        return _signed(_CLASSIC, question=question)

    def interview(self, question: Question) -> Interview:
        """Ask the classic account, and the unified one where the answer says that it is one.

        That answer is no refusal of the key: the exchange knew it and sent it to another door.
        """
        try:
            answer = yield self.key_request(question)
        except RefusedError as refusal:
            if refusal.access.code != _NEEDS_UNIFIED:
                raise
            answer = yield _signed(_UNIFIED, question=question)
        return self.key(answer)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 00000 is acceptance."""
        data = json_object(answer)
        code = str(member(data, "code", str, int, host=answer.host))
        if code == "00000":
            return None
        message = optional(data, "msg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read ``data`` of either form. A ``permType`` of read only overrides the unified account's list."""
        host = answer.host
        data = member(json_object(answer), "data", dict, host=host)
        unified = "permissions" in data
        raw = strings(data, "permissions" if unified else "authorities", host=host)
        words = {"read"}
        for word in raw:
            words.update(_WORDS.get(word) or (unknown(word),))
        if unified:
            kind = member(data, "permType", str, host=host)
            raw = [f"permType:{kind}", *raw]
            shape = kind.lower().replace("-", "_").replace(" ", "_")
            if shape in ("read_only", "readonly", "read"):
                words = {"read"}
            elif shape not in ("read_and_write", "read_write"):
                words.add(unknown(f"permType:{kind}"))
        own = identifier(data, "userId", host=host)
        parent = identifier(data, "parentId", host=host)
        return ObservedKey(
            masked_id="",
            account=Account(
                id=own,
                parent_id=None if parent == own else parent,
                level=None if "parentId" not in data else "main" if parent in (None, own) else "sub",
            ),
            permissions=tuple(sorted(words)),
            raw_permissions=tuple(raw),
            allowlist=comma_list(optional(data, "ips", str, host=host)),
        )


def _signed(path: str, *, question: Question) -> Request:
    credential = question.credential
    timestamp = str(milliseconds(question.at))
    headers = {
        "ACCESS-KEY": credential.api_key,
        "ACCESS-SIGN": in_base64(digest(credential=credential, text=f"{timestamp}GET{path}")),
        "ACCESS-TIMESTAMP": timestamp,
        "ACCESS-PASSPHRASE": credential.passphrase or "",
        "Content-Type": "application/json",
        "locale": "en-US",
    }
    if question.environment == "demo":
        headers["paptrading"] = "1"
    return Request("GET", f"{question.site.base_url}{path}", headers=headers)
