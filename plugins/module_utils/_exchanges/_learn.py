# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of ``api_key_info`` to facts. Nothing here knows Ansible. Private to this collection."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import time
import typing as t

from .._clock import to_text, utc_now
from .._errors import UNFORESEEN, InputError, TradingHostsError, without_text
from .._facts import NOT_ASKED, Access, KeyFacts, ObservedKey, Path
from .._here import here
from .._http import RequestsHttp, proxy_kind, resolved_families
from .._message import TIMEOUT
from .._redact import one_line
from .._together import gather
from ._contract import Credential, Exchange, Question
from ._driver import ask
from ._options import DEADLINE, InClear, Placed, Plan, check_credential, key_type, read_keys
from ._pace import PacedHttp, Refusals
from ._passphrase import check_passphrase

_MISTAKE = (
    "This is a mistake of this collection: please report the message. Nothing is proved of the key, which was not asked"
    " again."
)
#: Gives the credential that lies on the host; ``field`` names the option in its errors.
OpenPlaced = t.Callable[[Placed, str], Credential]
OpenInClear = t.Callable[[InClear, str], Credential]


def no_file_is_read(_wanted: InClear, field: str) -> Credential:
    """Refuse a key in a file, where only credentials are read."""
    raise InputError(field=field, problem="is not read here", mend="place the key with the module credential")


@dataclasses.dataclass(frozen=True)
class _Asked:
    """What became of the key of one plan. ``families`` are those in which its exchange's name resolves."""

    plan: Plan
    at: datetime.datetime
    access: Access
    observed: ObservedKey | None = None
    families: tuple[str, ...] | None = None


def learn(
    options: t.Mapping[str, t.Any],
    *,
    host: str,
    open_placed: OpenPlaced,
    open_in_clear: OpenInClear = no_file_is_read,
    now: t.Callable[[], datetime.datetime] = utc_now,
    elapsed: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
    make_http: t.Callable[..., t.Any] = RequestsHttp,
    families_of: t.Callable[[str], tuple[str, ...] | None] = resolved_families,
) -> tuple[KeyFacts, ...]:
    """Ask each exchange about each key and return the facts, in the order of ``api_keys``.

    Exchanges are asked side by side, the keys of one exchange one after the other, with one client. ``options`` are
    those of ``ARGUMENT_SPEC``, complete. All of them are checked, and all placed credentials opened, before anything is
    sent. Raises ``InputError``, ``StoreError`` and ``MissingLibraryError``; what an exchange or the network does is a
    fact, not an error. So is what nobody foresaw (``ambiguous``): the facts of the other keys are not lost for it.
    """
    timeout = _seconds(options, "timeout", default=TIMEOUT, most=600)
    deadline = _seconds(options, "deadline", default=DEADLINE, most=3600)
    proxy = options.get("proxy") or None
    read = read_keys(options["api_keys"])
    hold_back = _hold_back(options.get("hold_back") or (), plans=read)
    plans = tuple(_opened(plan, open_placed=open_placed, open_in_clear=open_in_clear) for plan in read)
    trusted = options.get("ca_path") is None and bool(options.get("validate_certs", True))
    family = options.get("ip_family") or "any"
    source_address = options.get("source_address") or None
    path = here(family=family, proxy=proxy_kind(proxy), source_address=source_address)
    reached = functools.lru_cache(maxsize=None)(families_of)
    # An exchange's regions and environments share its limits, as far as anybody outside knows.
    groups: dict[Exchange, list[Plan]] = {}
    for plan in plans:
        if plan.exchange is not None:
            groups.setdefault(plan.exchange, []).append(plan)
    clients = {
        exchange: make_http(
            timeout=timeout,
            proxy=proxy,
            source_address=source_address,
            ip_family=family,
            ca_path=options.get("ca_path"),
            validate_certs=bool(options.get("validate_certs", True)),
            # Only a URL that passed the check of the environment "custom" can be plain.
            allow_plain_loopback=any(plan.overridden for plan in group),
        )
        for exchange, group in groups.items()
    }
    begun: dict[str, datetime.datetime] = {}
    ends = elapsed() + deadline

    def ask_group(exchange: Exchange) -> t.Iterator[_Asked]:
        """Ask about the keys of one exchange, one after the other, until the deadline."""
        refusals = Refusals(hold_back=hold_back)
        http = PacedHttp(clients[exchange], limit=exchange.rate_limit(), ends=ends, elapsed=elapsed, sleep=sleep)
        try:
            for plan in groups[exchange]:
                if plan.held is not None:
                    message, step = plan.held
                    yield _Asked(plan, now(), Access("held_back", message=message, next_step=step))
                    continue
                access, observed = refusals.held_back(plan), None
                if access is None and not http.wait():
                    continue
                begun[plan.name] = at = now()
                if access is None:
                    access, observed = _ask_one(plan, at=at, http=http, now=now)
                    refusals.note(plan, access)
                families = None if proxy or plan.asked_host is None else reached(plan.asked_host)
                yield _Asked(plan, at, access, observed, families)
        finally:
            clients[exchange].close()

    answered = {asked.plan.name: asked for asked in gather(map(ask_group, groups), seconds=deadline)}
    return tuple(
        _facts(
            answered.get(plan.name) or _unanswered(plan, at=begun.get(plan.name), now=now, deadline=deadline),
            host=host,
            path=path,
            official=trusted and not plan.overridden,
        )
        for plan in plans
    )


def _seconds(options: t.Mapping[str, t.Any], name: str, *, default: float, most: int) -> float:
    given = options.get(name)
    seconds = default if given is None else float(given)
    if not 0 < seconds <= most:
        raise InputError(
            field=name,
            value=str(given),
            problem="is not a useful time",
            mend=f"give seconds, more than 0 and at most {most}",
        )
    return seconds


def _hold_back(names: t.Iterable[str], *, plans: t.Iterable[Plan]) -> frozenset[str]:
    known = frozenset(plan.name for plan in plans)
    for name in names:
        if name not in known:
            raise InputError(
                field="hold_back", value=name, problem="is the name of no key here", mend="write names of api_keys"
            )
    return frozenset(names)


def _opened(plan: Plan, *, open_placed: OpenPlaced, open_in_clear: OpenInClear) -> Plan:
    if plan.in_clear is not None and plan.held is None:
        field = f"{plan.field}.file"
        try:
            credential = dataclasses.replace(open_in_clear(plan.in_clear, field), key_password=plan.key_password)
            check_credential(credential, exchange=plan.exchange, field=field)
        except InputError as error:
            # What lies on the host is found there: it must not cost the other keys their answers.
            step = "Mend the file or place the key with the module credential, then ask again."
            return dataclasses.replace(plan, held=(one_line(str(error), limit=300), step))
        return dataclasses.replace(plan, credential=credential)
    if plan.placed is None:
        return plan
    field = f"{plan.field}.credential"
    credential = dataclasses.replace(open_placed(plan.placed, field), key_password=plan.key_password)
    check_credential(credential, exchange=plan.exchange, field=field)
    return dataclasses.replace(plan, credential=credential)


def _ask_one(
    plan: Plan, *, at: datetime.datetime, http: PacedHttp, now: t.Callable[[], datetime.datetime]
) -> tuple[Access, ObservedKey | None]:
    """Put one key's question. A mistake in this collection is said of this key, and costs no other one its facts."""
    exchange, site, credential = plan.exchange, plan.site, plan.credential
    if exchange is None or site is None or credential is None:
        return Access(NOT_ASKED), None
    question = Question(
        credential,
        at,
        site,
        plan.environment,
        ask_futures_host=plan.ask_futures_host,
        ask_key_list=plan.ask_key_list,
        tell_other_keys=plan.tell_other_keys,
        nonce=plan.nonce,
    )
    try:
        return ask(exchange=exchange, question=question, http=http, now=now)
    except TradingHostsError as error:
        message = str(error)
    except UNFORESEEN as error:
        message = without_text(error, ended="the question")
    return Access("ambiguous", message=message, next_step=_MISTAKE), None


def _unanswered(
    plan: Plan, *, at: datetime.datetime | None, now: t.Callable[[], datetime.datetime], deadline: float
) -> _Asked:
    """Return what is to be said of a key that has no answer: there was nothing to ask, or the deadline was over."""
    if plan.exchange is None:
        return _Asked(plan, now(), Access(NOT_ASKED))
    over = f"the deadline of {deadline:g} s for all keys was over"
    if at is None:
        step = f"Not asked, because {over} first. Give a longer deadline, or ask fewer keys in one task."
        return _Asked(plan, now(), Access("held_back", next_step=step))
    step = "See that this host reaches the exchange, give a longer deadline, then ask again."
    return _Asked(plan, at, Access("unreachable", message=f"no whole answer came before {over}", next_step=step))


def _facts(asked: _Asked, *, host: str, path: Path, official: bool) -> KeyFacts:
    plan = asked.plan
    passphrase = None
    if plan.credential is not None:
        passphrase = check_passphrase(
            passphrase=plan.credential.passphrase,
            rule=plan.exchange.passphrase_rule() if plan.exchange else None,
            credential=plan.credential,
            names=(plan.name, plan.exchange_name, plan.declared.get("label")),
        )
    return KeyFacts(
        name=plan.name,
        exchange=plan.exchange_name,
        environment=plan.environment,
        region=plan.region,
        host=host,
        access=asked.access,
        asked_at=to_text(asked.at),
        path=path,
        official=official,
        asked_host=plan.asked_host,
        exchange_families=asked.families,
        observed=asked.observed,
        passphrase=passphrase,
        key_type=None if plan.credential is None else key_type(plan.credential, exchange=plan.exchange),
        credential=None if plan.placed is None else plan.placed.name,
        file=None if plan.in_clear is None else plan.in_clear.path,
        declared=plan.declared,
    )
