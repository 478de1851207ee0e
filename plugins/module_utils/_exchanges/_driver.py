# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts one key's question to its exchange. Private to this collection.

Nothing but an exchange's listed reads is ever asked. After a refusal nothing more is asked, unless it leaves the key
open and the exchange knows another way to ask. Nothing foreign leaves here that has not gone through ``_redact``.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
from urllib.parse import urlsplit

from .._clock import from_http_date
from .._errors import AnswerError, HttpError, TradingHostsError
from .._facts import ACCEPTED, TELLABLE, Access, Account, ObservedKey
from .._message import Answer, Http, Request
from .._redact import MAX_LENGTH, mask_id, message, one_line
from ._contract import Exchange, Question, RefusedError

#: What to do next, by class of refusal, where the exchange's code says nothing better.
NEXT_STEPS: t.Mapping[str, str] = {
    "ip_refused": "Add the address that the exchange sees this host from to the key's allowlist, or ask from a host"
    " that is on it.",
    "invalid_key": "Compare the key with your record and with the exchange's page. If it is gone there, create another"
    " key, place it, and remove this one.",
    "expired": "Renew the key on the exchange, or create another one and place it.",
    "bad_signature": "The secret does not belong to this key: copy it again. If the exchange showed it only once and"
    " it is lost, create another key.",
    "clock_skew": "Set this host's clock by NTP (chrony), then ask again.",
    "bad_passphrase": "Compare field and quoting first. A forgotten passphrase can be neither shown nor reset: create"
    " another key, place it, then delete this one.",
    "permission_denied": "Tick the permission that the exchange names (reading, at least) on the key's page.",
    "wrong_environment": "Write the environment and region that the key was made in.",
    "rate_limited": "Ask nothing more from this address for 30 minutes, or as long as the exchange says.",
    "unreachable": "Nothing is known of the key. See that this host reaches the exchange over HTTPS, then ask again.",
    "ambiguous": "Nothing is proved of the key. Look at its page on the exchange before you change anything.",
}
_UNREACHABLE: t.Mapping[str, str] = {
    "dns": "See that this host resolves names, and that ip_family has an address there; then ask again.",
    "tls": "See that this host's clock and its package ca-certificates are right, and that nothing opens TLS on the"
    " way.",
    "proxy": "See that the proxy runs, takes the credentials, and may reach the exchange.",
    "too_large": "Somebody else than the exchange answers: see who is on the way.",
}
#: Refusals after which an exchange may ask in another way: they say nothing against the key.
_LEAVES_OPEN = frozenset(("permission_denied", "ambiguous"))
#: Of permissions or addresses that one key may have.
_MOST_WORDS = 10_000
_MENDED_BY_CLICKS = frozenset(("ip_refused", "expired", "permission_denied"))


def ask(
    *,
    exchange: Exchange,
    question: Question,
    http: Http,
    now: t.Callable[[], datetime.datetime],
) -> tuple[Access, ObservedKey | None]:
    """Put the question and return what the exchange said, without any secret; the key only where it was accepted.

    Never raises for what an exchange or the network does: that is the answer.
    """
    access, observed = _interview(exchange=exchange, question=question, http=http)
    if access.status == "clock_skew":
        access = _with_offset(access, exchange=exchange, question=question, http=http, now=now)
    secrets = question.credential.secrets()
    return (
        _clean_access(access, exchange=exchange, secrets=secrets),
        None if observed is None else _clean_key(observed, exchange=exchange, question=question),
    )


def _interview(*, exchange: Exchange, question: Question, http: Http) -> tuple[Access, ObservedKey | None]:
    """Put the exchange's requests one after the other, to the end or to the first refusal that leaves nothing open."""
    interview = exchange.interview(question)
    try:
        request = next(interview)
        while True:
            outcome = _put(request, exchange=exchange, http=http)
            if isinstance(outcome, Answer):
                request = interview.send(outcome)
                continue
            if wants_silence(outcome):
                # Also where the key was accepted before: whoever asks on from this address is banned.
                return outcome, None
            request = interview.throw(RefusedError(outcome))
            if outcome.status not in _LEAVES_OPEN:
                return outcome, None
    except StopIteration as told:
        return _told(told.value, exchange=exchange)
    except RefusedError as refused:
        return refused.access, None
    except AnswerError as error:
        return Access("unreachable", message=str(error)), None
    finally:
        interview.close()


def wants_silence(access: Access) -> bool:
    """Return whether the exchange, or the network in front of it, wants no more questions from this address for now."""
    return access.status == "rate_limited" or (access.status, access.code) == ("ambiguous", "HTTP 403")


def _told(observed: ObservedKey, *, exchange: Exchange) -> tuple[Access, ObservedKey | None]:
    """Accept what was told, but for lists that no key has: to clean them would take longer than anybody waits."""
    for what, count in (("permissions", len(observed.raw_permissions)), ("addresses", len(observed.allowlist.entries))):
        if count > _MOST_WORDS:
            return Access("unreachable", message=f"{exchange.title} answered {count} {what}, which no key has"), None
    return Access(ACCEPTED), observed


def _put(request: Request, *, exchange: Exchange, http: Http) -> Answer | Access:
    """Put one request and return its accepted answer, or why there is none."""
    try:
        answer = send_read(request, exchange=exchange, http=http)
        return read_refusal(exchange=exchange, answer=answer) or answer
    except HttpError as error:
        return Access("unreachable", message=str(error), next_step=_UNREACHABLE.get(error.kind))
    except AnswerError as error:
        return Access("unreachable", message=str(error))


def send_read(request: Request, *, exchange: Exchange, http: Http) -> Answer:
    """Send one of the exchange's listed reads; anything else never leaves."""
    path = urlsplit(request.url).path
    if (request.method, path) not in exchange.reads():
        raise TradingHostsError(f"{exchange.title}: {request.method} {path} is no listed read; please report this.")
    return http.send(request)


def read_refusal(*, exchange: Exchange, answer: Answer) -> Access | None:
    """Return why the exchange refused, or ``None``: the HTTP status first, where it says enough by itself.

    Raises ``AnswerError`` where the answer is neither.
    """
    status = answer.status
    code = f"HTTP {status}"
    if 300 <= status < 400:
        return Access(
            "unreachable", code=code, message=f"{answer.host} redirects elsewhere; the other place was not asked"
        )
    said = _in_own_words(exchange=exchange, answer=answer)
    if status in (418, 429):
        limited = said or Access("rate_limited", code=code, message="too many calls from this address")
        return dataclasses.replace(limited, status="rate_limited", next_step=None, retry_after=_retry_after(answer))
    if status >= 500 and not (status == 500 and said is not None and exchange.refuses_by_500()):
        failed = said or Access("unreachable", code=code, message=f"{answer.host} answered {code}")
        return dataclasses.replace(failed, status="unreachable", next_step=None, retry_after=_retry_after(answer))
    if status == 403 and said is None:
        return Access(
            "ambiguous",
            code=code,
            message=f"{answer.host} answered {code}, not in the exchange's own form",
            next_step=f"{exchange.title}, or the network in front of it, refuses this address altogether: for its"
            " region or after too many calls. Ask nothing from here for 30 minutes.",
        )
    access = exchange.refusal(answer)
    if access is None and status != 200:
        raise AnswerError(f"{answer.host} answered {code} with an acceptance, which do not go together")
    return access


def _in_own_words(*, exchange: Exchange, answer: Answer) -> Access | None:
    if answer.status < 400:
        return None
    try:
        return exchange.refusal(answer)
    except AnswerError:
        return None


def _retry_after(answer: Answer) -> int | None:
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    at, sent = from_http_date(text), from_http_date(answer.headers.get("date", ""))
    return None if at is None or sent is None else max(0, int((at - sent).total_seconds()))


def _with_offset(
    access: Access, *, exchange: Exchange, question: Question, http: Http, now: t.Callable[[], datetime.datetime]
) -> Access:
    """Say how far this host's clock is off, by one unsigned question.

    Where it is not off, or the exchange's code has another cause and nobody measured, the refusal is no ``clock_skew``:
    that keeps a service down, and a number that another program has passed (nonce) or a slow network must not.
    """
    otherwise = access if access.next_step is None else dataclasses.replace(access, status="ambiguous")
    try:
        answer = send_read(exchange.time_request(site=question.site), exchange=exchange, http=http)
        here = now()
        there = exchange.server_time(answer)
    except (HttpError, AnswerError):
        return otherwise
    seconds = (here - there).total_seconds()
    tolerance = exchange.clock_tolerance()
    if access.next_step is not None and -tolerance.behind <= seconds <= tolerance.ahead:
        return otherwise
    # Two seconds are what a clock of whole seconds and the way to it can make of nothing.
    if -min(2.0, tolerance.behind / 2) <= seconds <= min(2.0, tolerance.ahead / 2):
        said = f"This host's clock agrees with {exchange.title}'s now, so the question was under way too long."
        return dataclasses.replace(access, status="unreachable", next_step=f"{said} Ask again.")
    side = "ahead of" if seconds > 0 else "behind"
    shown = f"{abs(seconds):.1f} s" if abs(seconds) < 100 else f"{abs(seconds):.0f} s"
    return dataclasses.replace(
        access, next_step=f"This host's clock is {shown} {side} {exchange.title}'s. {NEXT_STEPS['clock_skew']}"
    )


def _clean_access(access: Access, *, exchange: Exchange, secrets: t.Sequence[str]) -> Access:
    step = access.next_step or NEXT_STEPS.get(access.status)
    if step and access.status in _MENDED_BY_CLICKS:
        step = f"{step} ({exchange.click_path()})"
    return dataclasses.replace(
        access,
        code=None if access.code is None else one_line(access.code, secrets=secrets, limit=40),
        message=None if access.message is None else message(access.message, secrets=secrets),
        next_step=step,
    )


def _clean_key(observed: ObservedKey, *, exchange: Exchange, question: Question) -> ObservedKey:
    secrets = question.credential.secrets()

    def line(text: str | None, *, limit: int = MAX_LENGTH) -> str | None:
        return None if text is None else one_line(text, secrets=secrets, limit=limit)

    account = observed.account
    not_told = exchange.cannot_tell().union(observed.not_told)
    if observed.permissions is None and observed.allowlist.state == "unknown":
        # The key was accepted, and nothing was told; but for the account, which some tell before.
        not_told = TELLABLE.difference(() if account.id is None else ("account",))
    others = observed.other_keys
    if others is None and question.tell_other_keys:
        not_told = not_told.union(("other_keys",))

    def lines(words: tuple[str, ...], *, limit: int = MAX_LENGTH) -> tuple[str, ...]:
        return tuple(one_line(word, secrets=secrets, limit=limit) for word in words)

    return dataclasses.replace(
        observed,
        masked_id=mask_id(question.credential.api_key),
        account=Account(line(account.id, limit=64), line(account.parent_id, limit=64), account.level),
        label=line(observed.label),
        permissions=None if observed.permissions is None else lines(observed.permissions),
        raw_permissions=lines(observed.raw_permissions, limit=120),
        allowlist=dataclasses.replace(
            observed.allowlist, entries=tuple(_entry(text, secrets=secrets) for text in observed.allowlist.entries)
        ),
        not_told=tuple(sorted(not_told)),
        other_keys=others
        and tuple(
            dataclasses.replace(key, masked_id=lines((key.masked_id,))[0], permissions=lines(key.permissions))
            for key in others
        ),
    )


_ADDRESS = re.compile(r"[0-9A-Fa-f.:/]{1,80}")


def _entry(text: str, *, secrets: t.Sequence[str]) -> str:
    """Return an allowlist entry as it was told, where that is safe to show.

    What is not plain printable text is spelled out: an invisible character must not vanish and leave a good address.
    """
    if _ADDRESS.fullmatch(text):
        return text
    spelled = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode("ascii") for c in text[:MAX_LENGTH])
    shown = one_line(spelled, secrets=secrets)
    # White space makes it no address: where the door took only that away, it stays.
    return spelled if shown == " ".join(spelled.split()) else shown
