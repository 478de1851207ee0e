# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bybit, V5. Its key tells everything about itself in one call that any permission may make."""

from __future__ import annotations

import datetime
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import from_text, milliseconds, to_text
from .._errors import AnswerError
from .._facts import Access, Account, Allowlist, Expiry, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    identifier,
    member,
    optional,
    refused,
    strings,
    together,
    unknown,
)
from ._contract import (
    PUBLIC_PEM,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    Registration,
    Site,
)
from ._signing import HMAC, RSA, hex_or_base64

_CLICKS = "Bybit > account menu > API > the key > Edit"
_QUERY = "/v5/user/query-api"
_TIME = "/v5/market/time"
_RECV_WINDOW = "5000"

#: Permissions by group and word. What is not here is kept as unknown.
_WORDS: t.Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ContractTrade", "Order"): ("futures_trade",),
    ("ContractTrade", "Position"): ("futures_trade",),
    # Bybit has no word of its own for margin: a unified account trades spot on margin under Spot.
    ("Spot", "SpotTrade"): ("spot_trade", "margin_trade"),
    ("Derivatives", "DerivativesTrade"): ("futures_trade",),
    ("Options", "OptionsTrade"): ("options_trade",),
    ("CopyTrading", "CopyTrading"): ("copy_trade",),
    ("Exchange", "ExchangeHistory"): ("convert",),
    ("Earn", "Earn"): ("earn",),
    ("Wallet", "AccountTransfer"): ("transfer_own",),
    ("Wallet", "SubMemberTransfer"): ("transfer_sub",),
    ("Wallet", "SubMemberTransferList"): ("transfer_sub",),
    ("Wallet", "Withdraw"): ("withdraw",),
}
#: Groups of which every word means the same: money leaves by another door, or nothing happens at all.
_GROUPS: t.Mapping[str, tuple[str, ...]] = {
    "FiatP2P": ("spend",),
    "FiatBitPay": ("spend",),
    "FiatConvertBroker": ("spend",),
    "FiatGlobalPay": ("spend",),
    "BitCard": ("spend",),
    "ByXPost": ("benign",),
    "Affiliate": ("benign",),
}

REFUSALS: t.Mapping[str, Refused] = {
    "10010": Refused("ip_refused"),
    "10003": Refused(
        "invalid_key",
        "Check environment and region first: Bybit gives the same answer for a wrong key and for a key of another"
        " environment (mainnet, testnet, demo) or regional site. If both are right, the key was deleted.",
    ),
    "33004": Refused("expired"),
    "-2015": Refused("expired"),
    "10004": Refused("bad_signature"),
    "10002": Refused("clock_skew"),
    "10005": Refused("permission_denied"),
    "10006": Refused("rate_limited"),
    "10018": Refused("rate_limited"),
    "10429": Refused("rate_limited"),
    "10016": Refused("unreachable"),
    "10009": Refused(
        "ambiguous",
        "Bybit refuses this address altogether, for its region or after too many calls; the key's allowlist is not the"
        " cause. Ask nothing from here for 30 minutes, then check the region of the address.",
    ),
}


class Bybit(Exchange):
    """Bybit."""

    name = "bybit"
    title = "Bybit"
    sources = "its V5 documents as of 2026-07-24"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the hosts of V5's guide. Hong Kong is left out: sources name different hosts."""
        return {
            ("mainnet", "global"): Site("https://api.bybit.com"),
            ("mainnet", "nl"): Site("https://api.bybit.nl"),
            ("mainnet", "tr"): Site("https://api.bybit.tr"),
            ("mainnet", "kz"): Site("https://api.bybit.kz"),
            ("mainnet", "ge"): Site("https://api.bybitgeorgia.ge"),
            ("mainnet", "ae"): Site("https://api.bybit.ae"),
            ("mainnet", "eu"): Site("https://api.bybit.eu"),
            ("mainnet", "id"): Site("https://api.bybit.id"),
            ("mainnet", "jp"): Site("https://api.manepa.jp"),
            ("testnet", "global"): Site("https://api-testnet.bybit.com"),
            ("testnet", "jp"): Site("https://api-testnet.manepa.jp"),
            ("demo", "global"): Site("https://api-demo.bybit.com"),
        }

    def key_shape(self) -> KeyShape:
        """Return 18 and 36 characters, as in all samples of the documents."""
        return KeyShape(api_key=r"[A-Za-z0-9]{18}", secret=r"[A-Za-z0-9]{36}")

    def key_types(self) -> tuple[str, ...]:
        """Return self-generated and system-generated keys."""
        return (RSA, HMAC)

    def registration(self) -> Registration:
        """Return where a public half is pasted."""
        return Registration(
            click_path="Bybit > account menu > API > Create New Key > Self-generated API Keys",
            described=PUBLIC_PEM,
            unverified="The form: no page of Bybit that shows it could be read; other people's guides paste PEM.",
            source="Bybit: Integration Guidance",
            as_of="2026-07-24",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells the maximum, networks or IPv6."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > Only IPs with permissions granted",
            source="Bybit V5: apikey-info",
            as_of="2026-07-24",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 90 days from creation or renewal."""
        return LifetimeRule(
            days=90,
            idle=False,
            described="A key without IP restriction ends 90 days after it was created or renewed, and 7 days after"
            " the account's password was changed. Binding an address, or saving it again without one, keeps key and"
            " secret.",
            source="Bybit V5: create-subuid-apikey and FAQ",
            as_of="2026-07-24",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the window that we send, and one second ahead."""
        return ClockTolerance(ahead=1.0, behind=5.0)

    def rate_limit(self) -> RateLimit:
        """Return ten questions in a second."""
        return RateLimit(
            requests=10,
            seconds=1.0,
            described="10 calls in a second.",
            source="Bybit V5: Get API Key Information",
            as_of="2026-07-24",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what ``query-api`` lacks."""
        return frozenset(("last_used_at", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with spot and margin together; every key may read."""
        return together(words, frozenset(("spot_trade", "margin_trade")))

    def withdraw_needs_master(self) -> bool:
        """Return true: only a master account's key can hold ``Withdraw``."""
        return True

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/v5/market/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``time``, in milliseconds."""
        return clock(json_object(answer), "time", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's page and the clock."""
        return frozenset((("GET", _QUERY), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/v5/user/query-api``."""
        timestamp = str(milliseconds(question.at))
        signed = timestamp + question.credential.api_key + _RECV_WINDOW
        return Request(
            "GET",
            f"{question.site.base_url}{_QUERY}",
            headers={
                "X-BAPI-API-KEY": question.credential.api_key,
                "X-BAPI-TIMESTAMP": timestamp,
                "X-BAPI-RECV-WINDOW": _RECV_WINDOW,
                "X-BAPI-SIGN": hex_or_base64(credential=question.credential, text=signed),
            },
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``retCode``: 0 is acceptance."""
        data = json_object(answer)
        code = member(data, "retCode", int, host=answer.host)
        if code == 0:
            return None
        message = optional(data, "retMsg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=str(code), message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """Read ``result``. ``readOnly: 1`` overrides the lists; ``1970-01-01`` is no expiry."""
        host = answer.host
        result = member(json_object(answer), "result", dict, host=host)
        permissions, raw = _permissions(result, host=host)
        master = optional(result, "isMaster", bool, host=host)
        kind = optional(result, "type", int, host=host)
        return ObservedKey(
            masked_id="",
            account=Account(
                id=identifier(result, "userID", host=host),
                parent_id=identifier(result, "parentUid", host=host),
                level=None if master is None else "main" if master else "sub",
            ),
            owner_kind={1: "own", 2: "vendor"}.get(kind),
            label=optional(result, "note", str, host=host),
            permissions=permissions,
            raw_permissions=raw,
            allowlist=_allowlist(strings(result, "ips", host=host)),
            created_at=_instant(optional(result, "createdAt", str, host=host), name="createdAt", host=host),
            expiry=_expiry(result, host=host),
        )


def _permissions(result: t.Mapping[str, t.Any], *, host: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    read_only = member(result, "readOnly", int, host=host)
    if read_only not in (0, 1):
        raise AnswerError(f"{host} answered {read_only} for readOnly, which is neither 0 nor 1")
    groups = member(result, "permissions", dict, host=host)
    raw = [f"readOnly:{read_only}"]
    words = {"read"}
    for group in groups:
        for word in strings(groups, group, host=host) if groups[group] is not None else ():
            raw.append(f"{group}:{word}")
            known = _WORDS.get((group, word)) or _GROUPS.get(group)
            words.update(known or (unknown(f"{group}:{word}"),))
    return (("read",) if read_only else tuple(sorted(words))), tuple(raw)


def _allowlist(ips: t.Sequence[str]) -> Allowlist:
    if "*" in ips:
        return Allowlist("unrestricted")
    # An empty list is not documented: a key without restriction shows "*".
    return Allowlist("entries", tuple(ips)) if any(ips) else Allowlist("unknown")


def _expiry(result: t.Mapping[str, t.Any], *, host: str) -> Expiry:
    at = _instant(optional(result, "expiredAt", str, host=host), name="expiredAt", host=host)
    if at is None:
        return Expiry("unknown")
    return Expiry("never") if at.startswith("1970-01-01") else Expiry("at", at=at)


def _instant(text: str | None, *, name: str, host: str) -> str | None:
    if not text:
        return None
    try:
        return to_text(from_text(text))
    except ValueError:
        raise AnswerError(f"{host} answered no time for {name}") from None
