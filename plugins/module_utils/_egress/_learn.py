# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask every source over one path, several times, within a bounded time. Private to this collection.

The network is injected (``http``), so this runs the same in a module, in an agent and in a test.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

from .._errors import AnswerError, HttpError
from .._facts import EgressFacts, Path, SourceAnswer
from .._message import Http, Request
from .._together import gather
from ._answer import family_of, read_answer
from ._decide import QUORUM, Observation, conclude
from ._sources import Source

#: Seconds that a round may take beyond its longest request, for threads to start and to report.
_GRACE = 2.0
#: Some sources answer HTML to what looks like a browser. No header says anything about the caller.
_HEADERS = {"Accept": "text/plain, application/json;q=0.9"}


class Client(Http, t.Protocol):
    """An :class:`Http` that can drop its connections and be used again."""

    def close(self) -> None: ...


_Job = tuple[str, Source]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to ask. ``timeout`` is what one request may take, in seconds, and bounds each round."""

    sources: tuple[Source, ...]
    samples: int = 3
    sample_interval: float = 2.0
    timeout: float = 10.0
    quorum: int = QUORUM
    observations: tuple[Observation, ...] = ()
    declared: tuple[str, ...] = ()

    def longest(self) -> float:
        """Return the seconds after which :func:`learn` has returned, whatever the sources do."""
        return self.samples * (self.timeout + _GRACE) + (self.samples - 1) * self.sample_interval


def learn(
    plan: Plan,
    *,
    host: str,
    paths: t.Mapping[str, Path],
    client: t.Callable[[str], Client],
    local: t.Callable[[str], str | None],
    asked_at: str,
    closed: t.Collection[str] = (),
    sleep: t.Callable[[float], None] = time.sleep,
) -> tuple[EgressFacts, ...]:
    """Return the facts of every family in ``paths``.

    ``client(family)`` makes a client; its errors are local mistakes and are raised. ``local(family)`` is the address
    that the host sends from, or ``None`` where it has no route. Nobody is asked over a family in ``closed``. Nothing
    that a source does raises.
    """
    asked = [family for family in paths if family not in closed]
    jobs = [(family, source) for family in asked for source in plan.sources if family in source.families]
    clients: dict[_Job, Client] = {}
    rounds: list[dict[_Job, SourceAnswer]] = []
    for number in range(plan.samples if jobs else 0):
        if number:
            sleep(plan.sample_interval)
        for job in jobs:
            if job not in clients:
                clients[job] = client(job[0])
        rounds.append(_ask_all(clients, seconds=plan.timeout + _GRACE))
    return tuple(
        conclude(
            [[answer for (over, _source), answer in answers.items() if over == family] for answers in rounds],
            host=host,
            family=family,
            path=path,
            asked_at=asked_at,
            quorum=plan.quorum,
            local=None if family in closed else local(family),
            observations=[o for o in plan.observations if family_of(o.address) == family],
            declared=[address for address in plan.declared if family_of(address) == family],
        )
        for family, path in paths.items()
    )


def _ask_all(clients: dict[_Job, Client], *, seconds: float) -> dict[_Job, SourceAnswer]:
    """Ask each source once, all at the same time; who has not answered after ``seconds`` was too slow.

    Its client is left behind with it.
    """

    def ask(job: _Job, client: Client) -> t.Iterator[tuple[_Job, SourceAnswer]]:
        yield job, ask_one(job[1], family=job[0], client=client)

    given = dict(gather([ask(job, client) for job, client in clients.items()], seconds=seconds))
    answers = {}
    for job in tuple(clients):
        answers[job] = given.get(job) or SourceAnswer(job[1].name, job[1].network, problem="did not answer in time")
        if job not in given:
            del clients[job]
    return answers


def ask_one(source: Source, *, family: str, client: Client) -> SourceAnswer:
    """Ask one source once. Whatever goes wrong becomes the ``problem`` of that source."""
    try:
        answer = client.send(Request("GET", source.url, headers=_HEADERS))
        return SourceAnswer(source.name, source.network, address=read_answer(answer, source=source, family=family))
    except (HttpError, AnswerError) as error:
        return SourceAnswer(source.name, source.network, problem=_without_host(error))
    finally:
        # A kept connection would hide that the next question leaves from another address.
        client.close()


def _without_host(error: HttpError | AnswerError) -> str:
    text = str(error)
    return text[len(error.host) + 2 :] if isinstance(error, HttpError) and text.startswith(f"{error.host}: ") else text
