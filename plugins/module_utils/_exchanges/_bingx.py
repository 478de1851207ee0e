# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BingX. A key tells about itself on two pages: numbers and addresses on one, boxes and its age on the other.

Neither page is wrapped in ``code`` and ``msg`` as every other answer of BingX is; its refusals are.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Allowlist, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, clock, hmac_sha256, instant, member, optional, refused, strings, together, unknown
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    RefusedError,
    Site,
)

_CLICKS = "BingX > account menu > API management > the key > Edit"
_RECV_WINDOW = "5000"
_PERMISSIONS = "/openApi/v1/account/apiPermissions"
_RESTRICTIONS = "/openApi/v1/account/apiRestrictions"
_BALANCE = "/openApi/swap/v2/user/balance"
_TIME = "/openApi/swap/v2/server/time"

_SPOT_AND_MARGIN = frozenset(("spot_trade", "margin_trade"))
#: The numbers of one page and the boxes of the other.
_WORDS: t.Mapping[str, frozenset[str]] = {
    "1": _SPOT_AND_MARGIN,
    "2": frozenset(("read",)),
    "3": frozenset(("futures_trade",)),
    "4": frozenset(("transfer_own",)),
    "5": frozenset(("withdraw",)),
    "7": frozenset(("transfer_sub",)),
    "enableReading": frozenset(("read",)),
    "enableSpotAndMarginTrading": _SPOT_AND_MARGIN,
    "enableFutures": frozenset(("futures_trade",)),
    "permitsUniversalTransfer": frozenset(("transfer_own",)),
}
_BOX = re.compile(r"enable|permit|can")
_SEES = (re.compile(r"request IP is (\S+)"),)

REFUSALS: t.Mapping[str, Refused] = {
    "100419": Refused("ip_refused"),
    "100413": Refused("invalid_key"),
    "100001": Refused("bad_signature"),
    "100412": Refused("bad_signature"),
    "100421": Refused("clock_skew"),
    "100004": Refused("permission_denied"),
    "100410": Refused("rate_limited"),
    "100414": Refused("ambiguous", "BingX's risk control stopped this account. Ask its support why."),
    "100500": Refused("unreachable"),
    "100503": Refused("unreachable"),
}


class Bingx(Exchange):
    """BingX."""

    name = "bingx"
    title = "BingX"
    sources = "the source of its document pages as of 2025-10-29, and its API page of 2026-11-22"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the live host and the demo one, where no source shows the key's pages: a balance is read there."""
        return {
            ("mainnet", "global"): Site("https://open-api.bingx.com"),
            ("demo", "global"): Site("https://open-api-vst.bingx.com", introspects=False),
        }

    def key_shape(self) -> KeyShape:
        """Return nothing: the samples have 83 and 86 letters and digits, and no source says that all have."""
        return KeyShape()

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 20 entries; no readable source tells about networks or IPv6."""
        return AllowlistRule(
            grammar=AllowlistGrammar(max_entries=20),
            click_path=f"{_CLICKS} > Link trusted IP addresses",
            source="BingX: its API page",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 14 days without use, for keys that can do more than read."""
        return LifetimeRule(
            days=14,
            idle=True,
            described="A key that trades or transfers and has no IP restriction is deleted after 14 days without use."
            " Keys that only read, and keys with addresses, do not end.",
            source="BingX: its API page",
            as_of="2026-11-22",
            applies_to_read_only=False,
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the window that we send, behind; how far ahead is not documented, so this is our caution."""
        return ClockTolerance(ahead=1.0, behind=5.0)

    def rate_limit(self) -> RateLimit:
        """Return ten questions in a second."""
        return RateLimit(
            requests=10,
            seconds=1.0,
            described="5 calls in a second for each of the two.",
            source="BingX: API key permissions",
            as_of="2025-10-29",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what both pages lack."""
        return frozenset(("account", "expiry", "last_used_at", "owner_kind", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with spot and margin together, which share a box, and reading."""
        return together(words, _SPOT_AND_MARGIN)

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/openApi/swap/v2/server/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``data.serverTime``, in milliseconds."""
        data = member(json_object(answer), "data", dict, host=answer.host)
        return clock(data, "serverTime", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's two pages, the balance of the demo site, and the clock."""
        return frozenset(("GET", path) for path in (_PERMISSIONS, _RESTRICTIONS, _BALANCE, _TIME))

    def key_request(self, question: Question) -> Request:
        """Ask ``/openApi/v1/account/apiPermissions``, or for the balance where a site is not known to have it."""
        return _signed(_PERMISSIONS if question.site.introspects else _BALANCE, question=question)

    def interview(self, question: Question) -> Interview:
        """Ask for permissions and addresses, then for the boxes and the age.

        What either page shows, the key can do. Where the second one is refused, the first one stands alone.
        """
        answer = yield self.key_request(question)
        observed = self.key(answer)
        if not question.site.introspects:
            return observed
        try:
            answer = yield _signed(_RESTRICTIONS, question=question)
        except RefusedError:
            return observed
        return _with_boxes(observed, answer)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 0 is acceptance, and the key's own pages have none."""
        data = json_object(answer)
        if "code" not in data:
            return None
        code = str(member(data, "code", int, str, host=answer.host))
        if code == "0":
            return None
        message = optional(data, "msg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the first page. A wrapped answer (the demo site's balance) tells only that the key is accepted."""
        host = answer.host
        data = json_object(answer)
        if "code" in data and "permissions" not in data:
            return ObservedKey(masked_id="")
        raw = []
        words: set[str] = set()
        for number in member(data, "permissions", list, host=host):
            if not isinstance(number, int) or isinstance(number, bool):
                raise AnswerError(f"{host} answered something else than numbers in permissions")
            raw.append(str(number))
            words |= _WORDS.get(str(number)) or {unknown(str(number))}
        entries = strings(data, "ipAddresses", host=host)
        return ObservedKey(
            masked_id="",
            label=optional(data, "note", str, host=host),
            permissions=tuple(sorted(words)),
            raw_permissions=tuple(raw),
            allowlist=Allowlist("entries", tuple(entries)) if any(entries) else Allowlist("unrestricted"),
        )


def _with_boxes(observed: ObservedKey, answer: Answer) -> ObservedKey:
    host = answer.host
    data = json_object(answer)
    restricted = member(data, "ipRestrict", bool, host=host)
    words = set(observed.permissions or ())
    raw = list(observed.raw_permissions)
    for box, ticked in data.items():
        if _BOX.match(box):
            member(data, box, bool, host=host)
            raw.append(f"{box}:{str(ticked).lower()}")
            if ticked:
                words |= _WORDS.get(box) or {unknown(box)}
    allowlist = observed.allowlist
    if restricted and allowlist.state == "unrestricted":
        allowlist = Allowlist("hidden")
    elif not restricted and allowlist.state == "entries":
        # Two pages that contradict each other prove nothing.
        allowlist = Allowlist("unknown")
    created = optional(data, "createTime", int, host=host)
    return dataclasses.replace(
        observed,
        permissions=tuple(sorted(words)),
        raw_permissions=tuple(raw),
        allowlist=allowlist,
        created_at=None if created is None else instant(created, name="createTime", host=host),
    )


def _signed(path: str, *, question: Question) -> Request:
    credential = question.credential
    query = f"recvWindow={_RECV_WINDOW}&timestamp={milliseconds(question.at)}"
    signature = hmac_sha256(secret=credential.secret, text=query).hex()
    return Request(
        "GET",
        f"{question.site.base_url}{path}?{query}&signature={signature}",
        headers={"X-BX-APIKEY": credential.api_key},
    )
