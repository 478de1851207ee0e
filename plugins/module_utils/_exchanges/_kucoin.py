# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KuCoin, classic and unified accounts. Its word ``Transfer`` is the one that withdraws; ``InnerTransfer`` does not."""

from __future__ import annotations

import datetime
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar, split_list
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Account, Allowlist, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    comma_list,
    hmac_sha256,
    identifier,
    in_base64,
    instant,
    member,
    optional,
    refused,
    unknown,
)
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    PassphraseRule,
    Question,
    RefusedError,
    Site,
)

_CLICKS = "KuCoin > account menu > API Management > the key > Edit"
_CLASSIC = "/api/v1/user/api-key"
#: The unified form of the same page. It leaves the allowlist out.
_UNIFIED = "/api/ua/v1/user/api-key"
_TIME = "/api/v1/timestamp"
#: With this version the passphrase is sent signed. Keys of version 3 are asked the same way.
_KEY_VERSION = "2"

#: "FlexTransfers" moves between the accounts of one user, and between master and sub-accounts.
_FLEX = frozenset(("transfer_own", "transfer_sub"))
_WORDS: t.Mapping[str, frozenset[str]] = {
    "General": frozenset(("read",)),
    "Spot": frozenset(("spot_trade",)),
    # Keys that are older than the split of this box.
    "Trade": frozenset(("spot_trade", "margin_trade")),
    "Margin": frozenset(("margin_trade", "borrow")),
    "Futures": frozenset(("futures_trade",)),
    "Unified": frozenset(("spot_trade", "margin_trade", "futures_trade")),
    "Earn": frozenset(("earn",)),
    "InnerTransfer": _FLEX,
    # Withdrawals by the API ask for no second factor.
    "Transfer": frozenset(("transfer_own", "withdraw")),
}
_SEES = (re.compile(r"clientIp is: ?([0-9A-Fa-f.:]+)"),)

REFUSALS: t.Mapping[str, Refused] = {
    "400006": Refused("ip_refused"),
    "400003": Refused("invalid_key"),
    "400005": Refused("bad_signature"),
    "400002": Refused("clock_skew"),
    "400004": Refused("bad_passphrase"),
    "400007": Refused("permission_denied"),
    "411100": Refused("ambiguous", "KuCoin has frozen this account. Ask its support why."),
    "429000": Refused("rate_limited"),
    "500000": Refused("unreachable"),
}


class Kucoin(Exchange):
    """KuCoin."""

    name = "kucoin"
    title = "KuCoin"
    sources = "its SDK's specification of 2025-11-04, its support pages, a client library's recordings"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the two hosts; there is no test site any more."""
        return {
            ("mainnet", "global"): Site("https://api.kucoin.com"),
            ("mainnet", "eu"): Site("https://api.kucoin.eu"),
        }

    def key_shape(self) -> KeyShape:
        """Return 24 hexadecimal digits and a UUID, as in the documents' samples."""
        return KeyShape(api_key=r"[0-9a-f]{24}", secret=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

    def passphrase_rule(self) -> PassphraseRule:
        """Return 7 to 32 characters without spaces."""
        return PassphraseRule(
            pattern=r"[!-~]{7,32}",
            described="7 to 32 characters, no spaces",
            source="KuCoin: add sub-account API",
            as_of="2025-11-04",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 20 entries; no readable source tells about networks or IPv6."""
        return AllowlistRule(
            grammar=AllowlistGrammar(max_entries=20),
            click_path=f"{_CLICKS} > IP restriction",
            source="KuCoin: add sub-account API",
            as_of="2025-11-04",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 30 days without use, for keys that trade."""
        return LifetimeRule(
            days=30,
            idle=True,
            described="A key that trades and has no IP restriction is deleted, or loses the right to trade, after 30"
            " days without use. A key with General alone does not end. Every signed call counts as use, also this"
            " collection's own.",
            source="KuCoin: support 360015102174",
            as_of="2026-11-22",
            applies_to_read_only=False,
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return 5 seconds both ways."""
        return ClockTolerance(ahead=5.0, behind=5.0)

    def cannot_tell(self) -> frozenset[str]:
        """Return what both forms of the answer lack; the end that a sub-account's key can have is not shown."""
        return frozenset(("expiry", "last_used_at", "owner_kind", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with those that share a box: margin with loans, both directions of transfers."""
        closed = set(words) | {"read"}
        if closed & {"margin_trade", "borrow"}:
            closed |= _WORDS["Margin"]
        if closed & {"transfer_own", "transfer_sub"}:
            closed |= _FLEX
        return frozenset(closed | (_FLEX if "withdraw" in closed else frozenset()))

    def withdraw_needs_master(self) -> bool:
        """Return true: a sub-account's key cannot have ``Transfer``."""
        return True

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v1/timestamp``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``data``, in milliseconds."""
        return clock(json_object(answer), "data", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's page in both forms, and the clock."""
        return frozenset(("GET", path) for path in (_CLASSIC, _UNIFIED, _TIME))

    def key_request(self, question: Question) -> Request:
        """Ask the classic ``/api/v1/user/api-key``, which has the allowlist."""
        return _signed(_CLASSIC, question=question)

    def interview(self, question: Question) -> Interview:
        """Ask the classic form, and the unified one where the refusal is none that KuCoin documents for a key.

        A documented refusal, and one of the network in front of KuCoin, would only be heard twice.
        """
        try:
            answer = yield self.key_request(question)
        except RefusedError as refusal:
            code = refusal.access.code or ""
            if refusal.access.status != "ambiguous" or code in REFUSALS or not code.isdigit():
                raise
            try:
                answer = yield _signed(_UNIFIED, question=question)
            except RefusedError:
                raise refusal from None
            return _read(answer, unified=True)
        return self.key(answer)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 200000 is acceptance."""
        data = json_object(answer)
        code = str(member(data, "code", str, int, host=answer.host))
        if code == "200000":
            return None
        message = optional(data, "msg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the classic form. Without ``ipWhitelist`` the key has no IP restriction."""
        return _read(answer, unified=False)


def _read(answer: Answer, *, unified: bool) -> ObservedKey:
    host = answer.host
    data = member(json_object(answer), "data", dict, host=host)
    raw = tuple(word for word in split_list(member(data, "permission", str, host=host)) if word)
    if not raw:
        raise AnswerError(f"{host} answered nothing for permission, which every key has")
    words: set[str] = set()
    for word in raw:
        words |= _WORDS.get(word) or {unknown(word)}
    if unified:
        allowlist = Allowlist("unknown")
    elif "ipWhitelist" not in data:
        allowlist = Allowlist("unrestricted")
    else:
        allowlist = comma_list(optional(data, "ipWhitelist", str, host=host))
    master = optional(data, "isMaster", bool, host=host)
    created = optional(data, "createdAt", int, host=host)
    return ObservedKey(
        masked_id="",
        account=Account(
            id=identifier(data, "uid", host=host), level=None if master is None else "main" if master else "sub"
        ),
        label=optional(data, "remark", str, host=host),
        permissions=tuple(sorted(words)),
        raw_permissions=raw,
        allowlist=allowlist,
        created_at=None if created is None else instant(created, name="createdAt", host=host),
        not_told=("allowlist",) if unified else (),
    )


def _signed(path: str, *, question: Question) -> Request:
    credential = question.credential
    timestamp = str(milliseconds(question.at))
    headers = {
        "KC-API-KEY": credential.api_key,
        "KC-API-SIGN": in_base64(hmac_sha256(secret=credential.secret, text=f"{timestamp}GET{path}")),
        "KC-API-TIMESTAMP": timestamp,
        "KC-API-PASSPHRASE": in_base64(hmac_sha256(secret=credential.secret, text=credential.passphrase or "")),
        "KC-API-KEY-VERSION": _KEY_VERSION,
    }
    return Request("GET", f"{question.site.base_url}{path}", headers=headers)
