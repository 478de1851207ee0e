# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OKX, V5. Its one word ``trade`` holds every product and transfers between own wallets; there is no finer split."""

from __future__ import annotations

import datetime
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar, split_list
from .._errors import AnswerError
from .._facts import Access, Account, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    comma_list,
    hmac_sha256,
    identifier,
    in_base64,
    member,
    optional,
    refused,
    together,
    unknown,
)
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Exchange,
    KeyShape,
    LifetimeRule,
    PassphraseRule,
    Question,
    RateLimit,
    Site,
)

_CLICKS = "OKX > account menu > API > the key > Edit"
_CONFIG = "/api/v5/account/config"
_TIME = "/api/v5/public/time"
_TRADE = frozenset(("spot_trade", "margin_trade", "futures_trade", "options_trade", "transfer_own"))
_WORDS: t.Mapping[str, frozenset[str]] = {
    "read_only": frozenset(("read",)),
    "trade": _TRADE,
    "withdraw": frozenset(("withdraw",)),
}
_SUB = re.compile(r"[1-9][0-9]?")
_SEES = (re.compile(r"Your IP (\S+) is not included"), re.compile(r"IP address \(([^)]+)\)"))

REFUSALS: t.Mapping[str, Refused] = {
    "50110": Refused("ip_refused"),
    "50121": Refused(
        "ip_refused",
        "OKX does not serve this address at all, for its region; the key's allowlist is not the cause. Use the OKX site"
        " of the account's region, or a host elsewhere.",
    ),
    "50111": Refused("invalid_key"),
    "50119": Refused(
        "invalid_key",
        "Check the region first: OKX gives the same answer for a key that does not exist and for a key of another"
        " regional site (global, us, eea). If the region is right, the key was deleted or has expired.",
    ),
    "50101": Refused("wrong_environment"),
    "50113": Refused("bad_signature"),
    "50102": Refused("clock_skew"),
    "50112": Refused("clock_skew"),
    "50105": Refused("bad_passphrase"),
    "50104": Refused("bad_passphrase"),
    "50120": Refused("permission_denied"),
    "50100": Refused("ambiguous", "OKX has frozen API access of this account. Ask its support why."),
    "50011": Refused("rate_limited"),
    "50061": Refused("rate_limited"),
    "50001": Refused("unreachable"),
    "50004": Refused("unreachable"),
    "50013": Refused("unreachable"),
    "50026": Refused("unreachable"),
}


class Okx(Exchange):
    """OKX."""

    name = "okx"
    title = "OKX"
    sources = "its V5 documents as of 2026-07-06"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return one host per region; demo keys use the same host with a header."""
        hosts = {"global": "https://www.okx.com", "us": "https://us.okx.com", "eea": "https://eea.okx.com"}
        return {
            (environment, region): Site(url) for environment in ("mainnet", "demo") for region, url in hosts.items()
        }

    def region_codes(self) -> frozenset[str]:
        """Return that of an address from which nothing is served."""
        return frozenset(("50121",))

    def key_shape(self) -> KeyShape:
        """Return a UUID and 32 upper hexadecimal digits."""
        return KeyShape(api_key=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", secret=r"[0-9A-F]{32}")

    def passphrase_rule(self) -> PassphraseRule:
        """Return 8 to 32 characters of four kinds."""
        return PassphraseRule(
            pattern=r"(?=.*[0-9])(?=.*[A-Z])(?=.*[a-z])(?=.*[^0-9A-Za-z]).{8,32}",
            described="8 to 32 characters with at least one digit, one upper and one lower case letter, and one other"
            " character (keys of 2019 may have 6 to 32 letters and digits)",
            source="OKX V5: create an API key for a sub-account",
            as_of="2025-11-30",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 20 entries, IPv4 and IPv6, single addresses and networks."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True, max_entries=20),
            click_path=f"{_CLICKS} > IP address",
            source="OKX V5: overview",
            as_of="2026-07-06",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 14 days without use, for keys that trade or withdraw."""
        return LifetimeRule(
            days=14,
            idle=True,
            described="A key that trades or withdraws and has no IP restriction ends after 14 days without a signed"
            " call. Every signed call counts as use, this collection's own too. Demo keys do not end.",
            source="OKX V5: overview",
            as_of="2026-07-06",
            applies_to_read_only=False,
            spared=("demo",),
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return 30 seconds both ways."""
        return ClockTolerance(ahead=30.0, behind=30.0)

    def rate_limit(self) -> RateLimit:
        """Return five questions in two seconds."""
        return RateLimit(
            requests=5,
            seconds=2.0,
            described="5 calls in 2 seconds for each account.",
            source="OKX V5: Get account configuration",
            as_of="2025-11-30",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what ``account/config`` lacks."""
        return frozenset(("created_at", "expiry", "last_used_at", "owner_kind", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return all that ``trade`` holds as soon as one of it is declared."""
        return together(words, _TRADE)

    def withdraw_needs_master(self) -> bool:
        """Return true: a sub-account's key is refused the permission (59504)."""
        return True

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v5/public/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``data[0].ts``, in milliseconds."""
        row = _only_row(answer)
        return clock(row, "ts", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the account's configuration and the clock."""
        return frozenset((("GET", _CONFIG), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/api/v5/account/config``."""
        utc = question.at.astimezone(datetime.timezone.utc)
        timestamp = utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
        headers = {
            "OK-ACCESS-KEY": question.credential.api_key,
            "OK-ACCESS-SIGN": in_base64(
                hmac_sha256(secret=question.credential.secret, text=f"{timestamp}GET{_CONFIG}")
            ),
            "OK-ACCESS-TIMESTAMP": timestamp,
            "OK-ACCESS-PASSPHRASE": question.credential.passphrase or "",
        }
        if question.environment == "demo":
            headers["x-simulated-trading"] = "1"
        return Request("GET", f"{question.site.base_url}{_CONFIG}", headers=headers)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 0 is acceptance."""
        data = json_object(answer)
        code = str(member(data, "code", str, int, host=answer.host))
        if code == "0":
            return None
        message = optional(data, "msg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the only row of ``data``. ``type`` 0 is a main account; older answers show it by ``mainUid``."""
        host = answer.host
        row = _only_row(answer)
        raw = tuple(word for word in split_list(member(row, "perm", str, host=host)) if word)
        if not raw:
            raise AnswerError(f"{host} answered nothing for perm, which every key has")
        words: set[str] = set()
        for word in raw:
            words |= _WORDS.get(word) or {unknown(word)}
        own = identifier(row, "uid", host=host)
        main = identifier(row, "mainUid", host=host)
        kind = optional(row, "type", str, int, host=host)
        level: str | None = None
        if kind not in (None, ""):
            # 0, or one of several kinds of sub-account. Anything else must not pass for a key that cannot withdraw.
            level = "main" if str(kind) == "0" else "sub" if _SUB.fullmatch(str(kind)) else None
        elif own is not None and main is not None:
            level = "main" if own == main else "sub"
        return ObservedKey(
            masked_id="",
            account=Account(id=own, parent_id=main if main != own else None, level=level),
            label=optional(row, "label", str, host=host),
            permissions=tuple(sorted(words)),
            raw_permissions=raw,
            allowlist=comma_list(optional(row, "ip", str, host=host)),
        )


def _only_row(answer: Answer) -> dict[str, t.Any]:
    rows = member(json_object(answer), "data", list, host=answer.host)
    if len(rows) != 1 or not isinstance(rows[0], dict):
        raise AnswerError(f"{answer.host} answered {len(rows)} rows in data where one object was expected")
    return t.cast("dict[str, t.Any]", rows[0])
