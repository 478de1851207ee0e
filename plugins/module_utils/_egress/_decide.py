# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From answers to a decision: pure functions. Private to this collection.

One sample is one round in which every source was asked once. A sample is *agreed* when at least ``quorum`` network
owners say the same address, they are more than half of all owners that answered, and no other address has more than
one owner. An owner whose own sources contradict each other has no vote for any address and one against each.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .._allowlist._blocks import classify
from .._facts import (
    AGREED,
    DECLARED,
    DISPUTED,
    EXCHANGE_ACCEPTED,
    EXCHANGE_PRINTED,
    MAJORITY,
    NO_QUORUM,
    NO_ROUTE,
    EgressFacts,
    Path,
    SourceAnswer,
)
from ._sources import owner

#: Fewer network owners than this are never an agreement (``environment: custom`` aside).
QUORUM = 3

#: The row of the address that the host itself sends from.
INTERFACE = "interface"


@dataclasses.dataclass(frozen=True)
class Observation:
    """What an exchange showed of this path. ``basis`` is ``exchange_accepted`` or ``exchange_printed``."""

    address: str
    basis: str
    exchange: str


@dataclasses.dataclass(frozen=True)
class Sample:
    """The decision of one round. ``address`` only when agreed; ``dissent`` when any owner said anything else."""

    status: str
    address: str | None = None
    dissent: bool = False


def decide(answers: t.Iterable[SourceAnswer], *, quorum: int = QUORUM) -> Sample:
    """Decide one round."""
    said: dict[str, set[str]] = collections.defaultdict(set)
    for answer in answers:
        if answer.address is not None:
            said[owner(answer.network)].add(answer.address)
    if len(said) < quorum:
        return Sample(NO_QUORUM, dissent=len({a for given in said.values() for a in given}) > 1)
    votes = collections.Counter(next(iter(given)) for given in said.values() if len(given) == 1)
    #: For the *second* address a divided owner counts: it did say it.
    mentions = collections.Counter(a for given in said.values() for a in given)
    if votes:
        address, count = votes.most_common(1)[0]
        second = max((n for other, n in mentions.items() if other != address), default=0)
        if count >= quorum and count * 2 > len(said) and second <= 1:
            return Sample(AGREED, address=address, dissent=count < len(said))
    return Sample(DISPUTED, dissent=True)


def conclude(
    rounds: t.Sequence[t.Sequence[SourceAnswer]],
    *,
    host: str,
    family: str,
    path: Path,
    asked_at: str,
    quorum: int = QUORUM,
    local: str | None = None,
    observations: t.Sequence[Observation] = (),
    declared: t.Sequence[str] = (),
) -> EgressFacts:
    """Return the facts of one family from its rounds and from what exchanges showed, by the order of evidence.

    ``local`` is the address that the host sends from, ``None`` where it has no route for the family. It has no vote:
    behind a NAT it is another one. Where it is public it is told, as the source ``interface``, for whoever needs a
    second kind of evidence. ``observations`` and ``declared`` are of this family.
    """
    samples = [decide(answers, quorum=quorum) for answers in rounds]
    answered = [sample for sample in samples if sample.status != NO_QUORUM]
    addresses = _unique(sample.address for sample in samples if sample.address is not None)
    status = _overall(samples, rounds, leaves=local is not None)
    stable = _stable(samples, addresses)
    basis = MAJORITY
    if observations:
        status, addresses, stable, basis = _with_observations(observations, addresses, stable, rounds)
    elif declared and not addresses:
        # The weakest evidence: it names addresses for the text to paste and never makes an agreement.
        addresses, basis = _unique(declared), DECLARED
    return EgressFacts(
        host=host,
        family=family,
        path=path,
        status=status,
        asked_at=asked_at,
        addresses=addresses,
        stable=stable,
        samples_asked=len(rounds),
        samples_answered=len(answered),
        basis=basis,
        sources=_sources(rounds, observations, local=local),
    )


def _overall(samples: t.Sequence[Sample], rounds: t.Sequence[t.Sequence[SourceAnswer]], *, leaves: bool) -> str:
    statuses = {sample.status for sample in samples}
    if DISPUTED in statuses:
        return DISPUTED
    if AGREED in statuses:
        return AGREED
    nobody = not any(answer.address for answers in rounds for answer in answers)
    return NO_ROUTE if nobody and not leaves else NO_QUORUM


def _stable(samples: t.Sequence[Sample], addresses: t.Sequence[str]) -> bool | None:
    if len(addresses) > 1 or any(sample.dissent for sample in samples):
        return False
    if len(samples) > 1 and all(sample.status == AGREED for sample in samples):
        return True
    return None


def _with_observations(
    observations: t.Sequence[Observation],
    addresses: tuple[str, ...],
    stable: bool | None,
    rounds: t.Sequence[t.Sequence[SourceAnswer]],
) -> tuple[str, tuple[str, ...], bool | None, str]:
    """What an exchange showed outweighs a majority. What contradicts it makes the path disputed, and all are named."""
    basis = EXCHANGE_ACCEPTED if any(o.basis == EXCHANGE_ACCEPTED for o in observations) else EXCHANGE_PRINTED
    best = _unique(o.address for o in observations if o.basis == basis)
    everything = _unique([*best, *(o.address for o in observations), *addresses])
    if len(everything) > len(best):
        return DISPUTED, everything, False, basis
    echoed = {answer.address for answers in rounds for answer in answers if answer.address}
    if len(best) > 1 or echoed - set(best):
        stable = False
    return AGREED, best, stable, basis


def _sources(
    rounds: t.Sequence[t.Sequence[SourceAnswer]], observations: t.Sequence[Observation], *, local: str | None
) -> tuple[SourceAnswer, ...]:
    """Every different thing that each source said, exchanges first; equal answers of several samples are one row."""
    rows = [
        SourceAnswer(source=f"{o.exchange} ({o.basis})", network=o.exchange, address=o.address) for o in observations
    ]
    if local is not None and classify(local) is None:
        rows.append(SourceAnswer(source=INTERFACE, network="this host", address=local))
    flat = [answer for answers in rounds for answer in answers]
    order = {name: index for index, name in enumerate(_unique(answer.source for answer in flat))}
    rows.extend(sorted(flat, key=lambda answer: order[answer.source]))
    return tuple(dict.fromkeys(rows))


def _unique(texts: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
