# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binance. It tells permissions and *whether* a key is restricted, never to which addresses.

Its refusal -2015 has four causes. Only the futures hosts add the address that they saw.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
from urllib.parse import quote

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Allowlist, Expiry, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, clock, instant, member, optional, refused, unknown
from ._contract import (
    PUBLIC_PEM,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RefusedError,
    Registration,
    Site,
)
from ._signing import ED25519, HMAC, RSA, hex_or_base64

_CLICKS = "Binance > account menu > API Management > the key > Edit restrictions"
_RECV_WINDOW = "5000"
_FUTURES = "/fapi/v2/account"
_RESTRICTIONS = "/sapi/v1/account/apiRestrictions"
_ACCOUNT = "/api/v3/account"
_TIME = "/api/v3/time"

_SPOT_AND_MARGIN = frozenset(("spot_trade", "margin_trade"))
#: "Enable Margin Loan, Repay & Transfer": trading on margin is the other box.
_MARGIN_LOAN = frozenset(("borrow", "transfer_own"))

#: What each box means. A box that is not here and is ticked is kept as unknown.
_BOXES: t.Mapping[str, frozenset[str]] = {
    "enableReading": frozenset(("read",)),
    "enableFixReadOnly": frozenset(("read",)),
    "enableSpotAndMarginTrading": _SPOT_AND_MARGIN,
    "enableFixApiTrade": frozenset(("spot_trade",)),
    "enableMargin": _MARGIN_LOAN,
    "enableFutures": frozenset(("futures_trade",)),
    "enableVanillaOptions": frozenset(("options_trade",)),
    "enablePortfolioMarginTrading": frozenset(("futures_trade", "margin_trade")),
    "permitsUniversalTransfer": frozenset(("transfer_own",)),
    "enableInternalTransfer": frozenset(("transfer_sub",)),
    "enableWithdrawals": frozenset(("withdraw",)),
}
_BOX = re.compile(r"enable|permit|can")
_SEES = (re.compile(r"request ip: (\S+)"),)

REFUSALS: t.Mapping[str, Refused] = {
    "-2015": Refused(
        "ambiguous",
        "Binance has one answer for a wrong address, a deleted or expired key and a missing permission. First compare"
        " this host's public address with the key's list; then see whether the key still exists; then tick Enable"
        " Reading. With ask_futures_host: true its futures host is asked once more and tells which address it saw.",
    ),
    "-2014": Refused("invalid_key"),
    "-2008": Refused("invalid_key"),
    "-1022": Refused("bad_signature"),
    "-1021": Refused("clock_skew"),
    "-1003": Refused("rate_limited"),
    "-1002": Refused("permission_denied"),
    "-1000": Refused("unreachable"),
    "-1001": Refused("unreachable"),
    "-1007": Refused("unreachable"),
    "-1008": Refused("unreachable"),
}


class Binance(Exchange):
    """Binance."""

    name = "binance"
    title = "Binance"
    sources = "its API documents as of 2026-07-21 and the announcement of 2021-07-08"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the hosts. Test sites and Binance.US are not known to have the call by which a key tells itself."""
        return {
            ("mainnet", "global"): Site("https://api.binance.com", futures_url="https://fapi.binance.com"),
            ("mainnet", "us"): Site("https://api.binance.us", introspects=False),
            ("testnet", "global"): Site(
                "https://testnet.binance.vision", futures_url="https://testnet.binancefuture.com", introspects=False
            ),
            ("demo", "global"): Site(
                "https://demo-api.binance.com", futures_url="https://demo-fapi.binance.com", introspects=False
            ),
        }

    def key_shape(self) -> KeyShape:
        """Return 64 letters and digits for both, so that a swap cannot be told."""
        return KeyShape(api_key=r"[A-Za-z0-9]{64}", secret=r"[A-Za-z0-9]{64}")

    def key_types(self) -> tuple[str, ...]:
        """Return what the key's page offers: it registers a public half, or makes an HMAC secret itself."""
        return (ED25519, RSA, HMAC)

    def registration(self) -> Registration:
        """Return where a public half is pasted."""
        return Registration(
            click_path="Binance > account menu > API Management > Create API > Self-generated",
            described=PUBLIC_PEM,
            unverified=None,
            source="Binance: How to Generate an Ed25519 (RSA) Key Pair to Send API Requests",
            as_of="2023-07-11",
            sizes=(2048, 4096),
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 30 entries; no readable source tells about networks or IPv6."""
        return AllowlistRule(
            grammar=AllowlistGrammar(max_entries=30),
            click_path=f"{_CLICKS} > Restrict access to trusted IPs only",
            source="Binance: Fast API",
            as_of="2026-07-21",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return a rule without days: 30 by announcement, 90 by users; the answer's own field decides."""
        return LifetimeRule(
            days=None,
            idle=False,
            described="Without IP restriction the right to trade spot and margin ends by itself: after 30 days by the"
            " announcement of 2021, after 90 by users' reports. The answer shows the date when there is one.",
            source="Binance: announcement of 2021-07-08",
            as_of="2021-07-08",
            scope="trade",
            applies_to_read_only=False,
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the window that we send, and one second ahead."""
        return ClockTolerance(ahead=1.0, behind=5.0)

    def cannot_tell(self) -> frozenset[str]:
        """Return what ``apiRestrictions`` lacks."""
        return frozenset(("account", "label", "last_used_at", "owner_kind", "state"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return {"allowlist": "only whether there is one", "expiry": "only of the right to trade, when it ends"}

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with those that share a box: spot with margin, loans with transfers between own wallets."""
        closed = set(words) | {"read"}
        if closed & _SPOT_AND_MARGIN:
            closed |= _SPOT_AND_MARGIN
        if "borrow" in closed:
            closed |= _MARGIN_LOAN
        return frozenset(closed)

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v3/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``serverTime``, in milliseconds."""
        return clock(json_object(answer), "serverTime", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's page, the account where that is not there, the futures account, and the clock."""
        return frozenset(("GET", path) for path in (_RESTRICTIONS, _ACCOUNT, _FUTURES, _TIME))

    def key_request(self, question: Question) -> Request:
        """Ask ``/sapi/v1/account/apiRestrictions``, or for the account where a site has no such call."""
        if question.site.introspects:
            path, query = _RESTRICTIONS, ""
        else:
            path, query = _ACCOUNT, "omitZeroBalances=true&"
        return _signed(question.site.base_url + path, query=query, question=question)

    def interview(self, question: Question) -> Interview:
        """Ask once; where -2015 leaves the cause open and the owner allows it, ask the futures host too."""
        try:
            answer = yield self.key_request(question)
        except RefusedError as refusal:
            first = refusal.access
        else:
            return self.key(answer)
        futures_url = question.site.futures_url
        if not question.ask_futures_host or first.code != "-2015" or futures_url is None:
            raise RefusedError(first)
        second = None
        try:
            yield _signed(futures_url + _FUTURES, query="", question=question)
        except RefusedError as refusal:
            second = refusal.access
        raise RefusedError(_settled(first=first, second=second))

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``, which only refusals have."""
        data = json_object(answer)
        if "code" not in data:
            if answer.status != 200:
                raise AnswerError(f"{answer.host} answered HTTP {answer.status} without a code")
            return None
        code = str(member(data, "code", int, host=answer.host))
        message = optional(data, "msg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the boxes. A plain account (test sites) tells nothing of the key but that it is accepted."""
        host = answer.host
        data = json_object(answer)
        if "balances" in data and "ipRestrict" not in data:
            return ObservedKey(masked_id="")
        restricted = member(data, "ipRestrict", bool, host=host)
        words: set[str] = set()
        raw = []
        # A text "true" must not look like an empty box, nor a box that is absent.
        for box in ("enableReading", "enableWithdrawals", *(name for name in data if _BOX.match(name))):
            member(data, box, bool, host=host)
        for box, ticked in data.items():
            if box == "ipRestrict" or not isinstance(ticked, bool):
                continue
            raw.append(f"{box}:{str(ticked).lower()}")
            if ticked:
                words |= _BOXES.get(box) or {unknown(box)}
        created = optional(data, "createTime", int, host=host)
        return ObservedKey(
            masked_id="",
            permissions=tuple(sorted(words)),
            raw_permissions=tuple(raw),
            allowlist=Allowlist("hidden" if restricted else "unrestricted"),
            created_at=None if created is None else instant(created, name="createTime", host=host),
            expiry=_expiry(data, restricted=restricted, host=host),
        )


def _settled(*, first: Access, second: Access | None) -> Access:
    """Return what both hosts say: the futures host tells the address that it saw; if it accepts, a permission lacks."""
    if second is None:
        return dataclasses.replace(
            first,
            status="permission_denied",
            next_step="Binance's futures host accepted this key from here, so key and address are right: tick"
            " Enable Reading.",
        )
    if second.code != "-2015" or second.seen_address is None:
        return first
    return dataclasses.replace(
        first,
        message=second.message,
        seen_address=second.seen_address,
        next_step=f"Binance saw this host as {second.seen_address}. If the key's list lacks it, add it; if the list"
        " holds it, the key was deleted or lacks a permission.",
    )


def _signed(url: str, *, query: str, question: Question) -> Request:
    credential = question.credential
    query = f"{query}recvWindow={_RECV_WINDOW}&timestamp={milliseconds(question.at)}"
    signature = quote(hex_or_base64(credential=credential, text=query), safe="")
    return Request("GET", f"{url}?{query}&signature={signature}", headers={"X-MBX-APIKEY": credential.api_key})


def _expiry(data: t.Mapping[str, t.Any], *, restricted: bool, host: str) -> Expiry:
    name = "tradingAuthorityExpirationTime"
    at = optional(data, name, int, host=host)
    if at is not None:
        return Expiry("at", at=instant(at, name=name, host=host), scope="trade")
    # The field exists only when it applies; for a restricted key the announcement says that nothing ends.
    return Expiry("never", scope="trade") if restricted else Expiry("unknown", scope="trade")
