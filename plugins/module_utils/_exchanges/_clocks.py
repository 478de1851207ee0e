# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far this host's clock is off each exchange's, by unsigned questions. Private to this collection.

The exchange read its clock at some moment between question and answer, so the offset is known up to half the round
trip. The sample with the shortest one counts: the first also holds the opening of the connection.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import time
import typing as t
from urllib.parse import urlsplit

from .._clock import to_text, utc_now
from .._errors import AnswerError, HttpError, InputError
from .._facts import ClockFacts, Path
from .._here import here
from .._http import RequestsHttp, proxy_kind
from .._message import TIMEOUT, Http
from .._together import gather
from ._contract import Exchange, Site
from ._driver import send_read
from ._options import read_site
from ._registry import get

_MOST_SAMPLES = 20
_SPARE_SECONDS = 2.0
_LATE = "no whole answer came in time"


@dataclasses.dataclass(frozen=True)
class _Plan:
    exchange: Exchange
    environment: str
    region: str
    site: Site
    overridden: bool

    @property
    def asked_host(self) -> str:
        return urlsplit(self.site.base_url).netloc


class Sample(t.NamedTuple):
    """One question: seconds that this host's clock is ahead, how far that may be wrong, and the round trip."""

    offset: float
    uncertainty: float
    round_trip: float


class _Asked(t.NamedTuple):
    """When an exchange was asked, what it answered, and why there is no more of that."""

    at: str
    found: t.Sequence[Sample]
    problem: str | None


def sample_of(*, sent: datetime.datetime, round_trip: float, told: datetime.datetime) -> Sample:
    """Return what one answer says: ``sent`` by this host's clock, ``round_trip`` in seconds, ``told`` by the exchange.

    A time without a fraction may be a whole second that had begun up to a second before.
    """
    resolution = 1.0 if told.microsecond == 0 else 0.001
    middle = (sent - told).total_seconds() + round_trip / 2
    return Sample(middle - resolution / 2, (round_trip + resolution) / 2, round_trip)


def measure(
    options: t.Mapping[str, t.Any],
    *,
    host: str,
    now: t.Callable[[], datetime.datetime] = utc_now,
    elapsed: t.Callable[[], float] = time.monotonic,
    make_http: t.Callable[..., t.Any] = RequestsHttp,
) -> tuple[ClockFacts, ...]:
    """Ask the exchanges for their clocks, all at once, and return the facts, in the order of ``exchanges``.

    ``options`` are those of ``_clock_options.ARGUMENT_SPEC``, complete. Raises ``InputError`` and
    ``MissingLibraryError``; an exchange that does not answer is a fact, not an error.
    """
    plans = _read(options["exchanges"])
    samples = int(options.get("samples") or 0)
    if not 1 <= samples <= _MOST_SAMPLES:
        raise InputError(
            field="samples",
            value=str(options.get("samples")),
            problem="is out of bounds",
            mend=f"give a number from 1 to {_MOST_SAMPLES}",
        )
    proxy = options.get("proxy") or None
    source_address = options.get("source_address") or None
    timeout = TIMEOUT if options.get("timeout") is None else float(options["timeout"])
    # What an exchange's regions share inside is not known outside, so they are asked one after the other.
    groups: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        groups.setdefault(plan.exchange.name, []).append(number)
    clients = {
        name: make_http(
            timeout=timeout,
            proxy=proxy,
            source_address=source_address,
            # The agent's: a service that is kept off a family cannot ask over it either.
            ip_family=options.get("ip_family") or "any",
            ca_path=options.get("ca_path"),
            # Only a URL that passed the check of the environment "custom" can be plain.
            allow_plain_loopback=any(plans[number].overridden for number in group),
        )
        for name, group in groups.items()
    }
    path = here(family="any", proxy=proxy_kind(proxy), source_address=source_address)

    def ask(name: str) -> t.Iterator[tuple[int, _Asked]]:
        """Tell of each place after each sample: what has come by the end counts."""
        try:
            for number in groups[name]:
                at = to_text(now())
                found: list[Sample] = []
                told = _samples(plans[number], http=clients[name], now=now, elapsed=elapsed)
                for one in itertools.islice(told, samples):
                    if isinstance(one, str):
                        yield number, _Asked(at, found, one)
                    else:
                        found = [*found, one]
                        yield number, _Asked(at, found, None if len(found) == samples else _LATE)
        finally:
            clients[name].close()

    # A name server that never answers is all that takes longer.
    seconds = samples * timeout * max(map(len, groups.values()), default=0) + _SPARE_SECONDS
    answered = dict(gather(map(ask, groups), seconds=seconds))
    late = _Asked(to_text(now()), [], _LATE)
    return tuple(
        _facts(
            plan,
            answered.get(number, late),
            host=host,
            path=path,
            official=options.get("ca_path") is None and not plan.overridden,
            samples=samples,
        )
        for number, plan in enumerate(plans)
    )


def _facts(plan: _Plan, asked: _Asked, *, host: str, path: Path, official: bool, samples: int) -> ClockFacts:
    best = min(asked.found, key=lambda sample: sample.uncertainty) if asked.found else None
    return ClockFacts(
        host=host,
        exchange=plan.exchange.name,
        environment=plan.environment,
        region=plan.region,
        asked_host=plan.asked_host,
        asked_at=asked.at,
        path=path,
        official=official,
        offset=None if best is None else round(best.offset, 4),
        uncertainty=None if best is None else round(best.uncertainty, 4),
        round_trip=None if best is None else round(best.round_trip, 4),
        samples_asked=samples,
        samples_answered=len(asked.found),
        problem=asked.problem,
    )


def _read(given: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[_Plan, ...]:
    plans: dict[tuple[str, str, str, str], _Plan] = {}
    for index, one in enumerate(given):
        field = f"exchanges[{index}]"
        exchange = get(str(one["exchange"]), field=f"{field}.exchange")
        environment = str(one.get("environment") or "mainnet")
        region = str(one.get("region") or "global")
        site = read_site(one, exchange=exchange, environment=environment, region=region, field=field)
        plan = _Plan(exchange, environment, region, site, one.get("base_url") is not None)
        place = (exchange.name, environment, region, plan.asked_host)
        if place in plans:
            raise InputError(field=field, value=exchange.name, problem="is there twice", mend="leave one of them out")
        plans[place] = plan
    return tuple(plans.values())


def _samples(
    plan: _Plan,
    *,
    http: Http,
    now: t.Callable[[], datetime.datetime],
    elapsed: t.Callable[[], float],
) -> t.Iterator[Sample | str]:
    """Yield one sample after the other, and at the end why there is no more: after a failure nothing more is asked."""
    request = plan.exchange.time_request(site=plan.site)
    while True:
        sent, started = now(), elapsed()
        try:
            answer = send_read(request, exchange=plan.exchange, http=http)
            round_trip = elapsed() - started
            if answer.status != 200:
                yield f"{answer.host} answered HTTP {answer.status}"
                return
            if answer.headers.get("age", "0").strip() != "0":
                # The clock of a stored answer is that of the moment when it was stored.
                yield f"{answer.host} answered from a store, not from its clock"
                return
            told = plan.exchange.server_time(answer)
        except (HttpError, AnswerError) as error:
            yield str(error)
            return
        yield sample_of(sent=sent, round_trip=round_trip, told=told)
