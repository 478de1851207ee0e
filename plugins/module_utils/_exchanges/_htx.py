# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTX (Huobi). Its one word ``trade`` holds every product and transfers; the host is part of the signature.

The key's page wants the user's id, so that is asked for first. A sub-user's key is not known to see its own page.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
from urllib.parse import quote, urlsplit

from .._allowlist._rule import AllowlistGrammar
from .._clock import to_text
from .._errors import AnswerError
from .._facts import Access, Account, Expiry, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    comma_list,
    in_base64,
    instant,
    member,
    only_own,
    optional,
    other_keys,
    refused,
    together,
    unknown,
    with_json,
)
from ._contract import (
    PUBLIC_PEM,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    RefusedError,
    Registration,
    Site,
)
from ._signing import ED25519, HMAC, digest, is_pem

_CLICKS = "HTX > account menu > API management > the key > Edit"
_KEY = "/v2/user/api-key"
_UID = "/v2/user/uid"
_TIME = "/v1/common/timestamp"
_TRADE = frozenset(("spot_trade", "margin_trade", "futures_trade", "transfer_own"))
_WORDS: t.Mapping[str, frozenset[str]] = {
    "readOnly": frozenset(("read",)),
    "trade": _TRADE,
    "withdraw": frozenset(("withdraw",)),
}
_SEES = (re.compile(r"IP address[^:]*: ?([0-9A-Fa-f.:]+)"),)

#: Far more than HTX ever gives; beyond it no calendar reaches.
_MOST_DAYS = 36_500

_MANY_CAUSES = "api-signature-not-valid"
#: HTX has that one code for most causes: the words that follow tell which. They stand here in its place.
REFUSALS: t.Mapping[str, Refused] = {
    "Incorrect IP address": Refused("ip_refused"),
    "Incorrect Access key": Refused("invalid_key"),
    "API key has no permission": Refused("permission_denied"),
    "Invalid submission time": Refused("clock_skew"),
    "Verification failure": Refused(
        "bad_signature",
        "The secret does not belong to this key, or something on the way changed the host name, which HTX signs too."
        " Copy the secret again; if it is lost, create another key.",
    ),
    _MANY_CAUSES: Refused(
        "ambiguous",
        "HTX has this one code for a wrong key, secret, clock and address, and did not say here which it was. Compare"
        " key and secret first, then this host's clock and its public address.",
    ),
    "api-signature-check-failed": Refused("bad_signature"),
    "12005": Refused("ip_refused"),
    "1003": Refused("bad_signature"),
    "rate-too-many-requests": Refused("rate_limited"),
    "base-request-exceed-frequency-limit": Refused("rate_limited"),
    "timeout": Refused("unreachable"),
    "gateway-internal-error": Refused("unreachable"),
    "system-maintenance": Refused("unreachable"),
}
_FRAGMENTS = tuple(code for code in REFUSALS if " " in code)


class Htx(Exchange):
    """HTX."""

    name = "htx"
    title = "HTX"
    sources = "its documents as copied on 2025-11-30; the words of refusals from users' logs of 2021 and 2025"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the host of the documents. Its test site is probably gone, so it is left out."""
        return {
            ("mainnet", "global"): Site("https://api.huobi.pro"),
            ("mainnet", "aws"): Site("https://api-aws.huobi.pro"),
        }

    def key_shape(self) -> KeyShape:
        """Return four groups of letters and digits for both, so that a swap cannot be told."""
        return KeyShape(api_key=r"[0-9a-z]+(-[0-9a-z]+){3}", secret=r"[0-9a-z]+(-[0-9a-z]+){3}")

    def key_types(self) -> tuple[str, ...]:
        """Return what its signature page names."""
        return (ED25519, HMAC)

    def registration(self) -> Registration:
        """Return where a public half is pasted."""
        return Registration(
            click_path="HTX > account menu > API management > Create, with Ed25519",
            described=PUBLIC_PEM,
            unverified="Both the way on the page and the form of the public half; HTX tells only how such a key signs.",
            source="HTX: signature authentication",
            as_of="2026-11-22",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 20 entries: addresses of both families, networks of IPv4 only."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=True, networks_v6=False, ipv6=True, max_entries=20),
            click_path=f"{_CLICKS} > Bind IP address",
            source="HTX: create a sub-user's API key",
            as_of="2025-11-30",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 90 days without use, for keys that trade or withdraw."""
        return LifetimeRule(
            days=90,
            idle=True,
            described="A key that trades or withdraws and has no IP restriction ends after 90 days without use. Every"
            " use starts them anew, this collection's own too. The answer shows how many days are left.",
            source="HTX: create a sub-user's API key, and its API page",
            as_of="2025-11-30",
            applies_to_read_only=False,
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return five minutes both ways."""
        return ClockTolerance(ahead=300.0, behind=300.0)

    def rate_limit(self) -> RateLimit:
        """Return ten questions in a second."""
        return RateLimit(
            requests=10,
            seconds=1.0,
            described="10 calls in a second.",
            source="ccxt 4.5.90",
            as_of="2026-11-22",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what the key's page lacks."""
        return frozenset(("last_used_at", "owner_kind"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return dict.fromkeys(("permissions", "allowlist", "created_at", "expiry", "label"), "to main accounts")

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return all that ``trade`` holds as soon as one of it is declared."""
        return together(words, _TRADE)

    def lists_keys_of(self) -> str:
        """Return main: it lists the keys of main accounts alone."""
        return "main"

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/v1/common/timestamp``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``data``, in milliseconds."""
        return clock(json_object(answer), "data", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the user's id, the key's page and the clock."""
        return frozenset((("GET", _UID), ("GET", _KEY), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/v2/user/uid``: the key's page wants the id."""
        return _signed(_UID, {}, question=question)

    def interview(self, question: Question) -> Interview:
        """Ask for the user's id, then for this key's page only: for the list of all keys where the owner asked for it.

        HTX accepted the key with the first answer. Where the page is then refused to it, as to a sub-user's key, the
        key is a good one of which nothing is told.
        """
        answer = yield self.key_request(question)
        uid = str(member(json_object(answer), "data", int, host=answer.host))
        own = question.credential.api_key
        only = {} if question.tell_other_keys else {"accessKey": own}
        try:
            answer = yield _signed(_KEY, {"uid": uid, **only}, question=question)
        except RefusedError:
            return ObservedKey(masked_id="", account=Account(id=uid))

        def read(row: dict[str, t.Any]) -> ObservedKey:
            return self.key(with_json(answer, {"code": 200, "data": [row]}))

        rows = json_object(answer).get("data")
        row = only_own(rows, name="accessKey", own=own, host=answer.host)
        others = other_keys(rows, name="accessKey", own=own, read=read) if question.tell_other_keys else None
        observed = dataclasses.replace(read(row), other_keys=others)
        days = _days_left(row, host=answer.host)
        if days is not None:
            observed = dataclasses.replace(
                observed, expiry=Expiry("at", at=to_text(question.at + datetime.timedelta(days=days)))
            )
        return dataclasses.replace(observed, account=Account(id=uid))

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``status`` and ``err-code`` of the older form, ``code`` of the newer one: 200 is acceptance."""
        host = answer.host
        data = json_object(answer)
        if "code" in data:
            code = str(member(data, "code", int, str, host=host))
            if code == "200":
                return None
            message = optional(data, "message", str, host=host) or ""
        else:
            if member(data, "status", str, host=host) == "ok":
                return None
            name = "err-code" if "err-code" in data else "err_code"
            code = str(member(data, name, str, int, host=host))
            message = optional(data, name.replace("code", "msg"), str, host=host) or ""
        if code not in REFUSALS or code == _MANY_CAUSES:
            code = next((words for words in _FRAGMENTS if words.lower() in message.lower()), code)
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the only row of ``data``. How many days are left becomes an instant only where the day is known."""
        host = answer.host
        rows = member(json_object(answer), "data", list, host=host)
        if len(rows) != 1 or not isinstance(rows[0], dict):
            raise AnswerError(f"{host} answered {len(rows)} rows in data where one object was expected")
        row = rows[0]
        raw = tuple(word.strip() for word in member(row, "permission", str, host=host).split(","))
        if not any(raw):
            raise AnswerError(f"{host} answered nothing for permission, which every key has")
        words: set[str] = set()
        for word in filter(None, raw):
            words |= _WORDS.get(word) or {unknown(word)}
        created = optional(row, "createTime", int, host=host)
        return ObservedKey(
            masked_id="",
            label=optional(row, "note", str, host=host),
            permissions=tuple(sorted(words)),
            raw_permissions=raw,
            allowlist=comma_list(optional(row, "ipAddresses", str, host=host)),
            created_at=None if created is None else instant(created, name="createTime", host=host),
            expiry=Expiry("never" if _days_left(row, host=host) is None else "unknown"),
            state={"normal": "normal"}.get(optional(row, "status", str, host=host) or ""),
        )


def _days_left(row: t.Mapping[str, t.Any], *, host: str) -> int | None:
    """Return the days that are left of the key's life, ``None`` for one that does not end; none for one that did."""
    days: int = member(row, "validDays", int, host=host)
    if row.get("status") == "expired":
        return 0
    if days == -1:
        return None
    if not 0 <= days <= _MOST_DAYS:
        raise AnswerError(f"{host} answered {days} for validDays, which is no number of days")
    return days


def _signed(path: str, more: t.Mapping[str, str], *, question: Question) -> Request:
    """Return a signed read. The key's id is part of the query: HTX takes it nowhere else."""
    credential = question.credential
    fields = {
        "AccessKeyId": credential.api_key,
        "SignatureMethod": "Ed25519" if is_pem(credential.secret) else "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": question.at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
        **more,
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(fields.items()))
    host = urlsplit(question.site.base_url).hostname
    signature = in_base64(digest(credential=credential, text=f"GET\n{host}\n{path}\n{query}"))
    return Request("GET", f"{question.site.base_url}{path}?{query}&Signature={quote(signature, safe='')}")
