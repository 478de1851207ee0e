# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole way from the options of ``public_ip_info`` to facts. Private to this collection.

Nothing here knows Ansible: an agent on the host can run the same code.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._clock import to_text, utc_now
from .._errors import AnswerError, InputError
from .._facts import AGREED, DISPUTED, FAMILIES, NO_QUORUM, NO_ROUTE, EgressFacts, SourceAnswer
from .._here import here
from .._http import RequestsHttp, proxy_kind
from . import _path
from ._answer import family_of, family_title, global_address
from ._decide import QUORUM, Observation
from ._learn import Plan, learn
from ._sources import DEFAULT_SOURCES, read_sources


@dataclasses.dataclass(frozen=True)
class Result:
    """``facts``: one entry for each family that was asked. ``problem``: what is wrong, for a person, or ``None``."""

    facts: tuple[EgressFacts, ...]
    problem: str | None


def run(options: t.Mapping[str, t.Any], *, host: str) -> Result:
    """Learn the addresses that this host is seen from.

    ``options`` are those of ``_options.ARGUMENT_SPEC``, complete. Raises ``InputError`` for a value that cannot be
    used and ``MissingLibraryError``; that nobody agrees is a result, not an error.
    """
    plan = read_plan(options)
    bound = _path.bound_addresses(
        families=options["families"] or _families_worth_asking(plan),
        source_address=options["source_address"],
        interface=options["interface"],
    )
    closed = _path.closed(bound)
    proxy = options["proxy"] or None

    def client(family: str) -> RequestsHttp:
        return RequestsHttp(
            timeout=plan.timeout,
            proxy=proxy,
            source_address=bound[family],
            # Behind a proxy it is the proxy that chooses; an answer of the other family is then no answer.
            ip_family="any" if proxy else family,
            ca_path=options["ca_path"],
            allow_plain_loopback=options["environment"] == "custom",
        )

    facts = learn(
        plan,
        host=host,
        paths={
            family: here(family=family, proxy=proxy_kind(proxy), source_address=address)
            for family, address in bound.items()
        },
        client=client,
        # What a proxy can reach is not in this host's routing table: a family that gets no answer has no way there.
        local=lambda family: None if proxy else _path.local_address(family, source_address=bound[family]),
        closed=closed,
        asked_at=to_text(utc_now()),
    )
    return Result(facts, problem_of(facts, quorum=plan.quorum))


def read_plan(options: t.Mapping[str, t.Any]) -> Plan:
    """Return what to ask; raises ``InputError``."""
    environment = options["environment"]
    given = options["sources"]
    plan = Plan(
        sources=DEFAULT_SOURCES if given is None else read_sources(given, environment=environment),
        samples=_bounded(options, "samples", low=1, high=20),
        sample_interval=_bounded(options, "sample_interval", low=0, high=600),
        timeout=_bounded(options, "timeout", low=0.1, high=60),
        quorum=_bounded(options, "quorum", low=1 if environment == "custom" else QUORUM, high=10),
        observations=tuple(_observation(o, where=f"observations[{i}]") for i, o in enumerate(options["observations"])),
        declared=tuple(
            _address(text, field=f"declared_addresses[{i}]") for i, text in enumerate(options["declared_addresses"])
        ),
    )
    if not (plan.sources or plan.observations or plan.declared):
        raise InputError(
            field="sources",
            problem="is empty, and neither observations nor declared_addresses says anything",
            mend="leave sources out to ask the default ones",
        )
    return plan


def _bounded(options: t.Mapping[str, t.Any], name: str, *, low: float, high: float) -> t.Any:
    value = options[name]
    if low <= value <= high:
        return value
    mend = f"give a number from {low} to {high}"
    if name == "quorum" and value < low:
        mend = f"give at least {QUORUM} (fewer only with environment: custom)"
    raise InputError(field=name, value=str(value), problem="is out of bounds", mend=mend)


def _observation(given: t.Mapping[str, t.Any], *, where: str) -> Observation:
    exchange = str(given["exchange"]).strip()
    if not exchange:
        raise InputError(
            field=f"{where}.exchange", problem="is empty", mend="name the exchange that showed the address"
        )
    return Observation(_address(given["address"], field=f"{where}.address"), basis=given["basis"], exchange=exchange)


def _address(text: str, *, field: str) -> str:
    try:
        return global_address(text)
    except AnswerError as error:
        problem = str(error).partition(", which ")[2] or "cannot be used"
        raise InputError(
            field=field, value=text, problem=problem, mend="give one public IPv4 or IPv6 address"
        ) from None


def _families_worth_asking(plan: Plan) -> list[str]:
    known = {family for source in plan.sources for family in source.families}
    known |= {family_of(o.address) for o in plan.observations} | {family_of(a) for a in plan.declared}
    return [family for family in FAMILIES if family in known]


def only_address(facts: t.Iterable[EgressFacts], *, family: str) -> str | None:
    """Return the one agreed address of a family, or ``None`` where there is none or there are several."""
    for fact in facts:
        if fact.family == family and fact.status == AGREED and len(fact.addresses) == 1:
            return fact.addresses[0]
    return None


def problem_of(facts: t.Sequence[EgressFacts], *, quorum: int) -> str | None:
    """Return what keeps the addresses from being known, with who said what; ``None`` if nothing does."""
    bad = [fact for fact in facts if fact.status in (DISPUTED, NO_QUORUM) and not _only_declared(fact)]
    if not bad and facts and all(fact.status == NO_ROUTE for fact in facts):
        bad = list(facts)
    if not bad:
        return None
    return " ".join(_sentence(fact, quorum=quorum) for fact in bad)


def _only_declared(fact: EgressFacts) -> bool:
    """Whether nobody was asked, on purpose (``sources: []``), and a declaration is all there is."""
    return fact.samples_asked == 0 and fact.basis == "declared"


_MENDS = {
    DISPUTED: (
        "put none of these addresses on an allowlist; ask again, and if it stays so, look for a proxy, a VPN, a NAT "
        "with several addresses, or a source that lies"
    ),
    NO_QUORUM: (
        "let this host reach more of the sources over HTTPS, list reachable ones of at least {quorum} network owners "
        "under sources, or leave this family out of families"
    ),
    NO_ROUTE: "give the host a route (or the right proxy, interface or source_address), then ask again",
}
_CLAIMS = {
    DISPUTED: "the sources contradict each other",
    NO_QUORUM: "no {quorum} network owners gave an answer that can be used",
    NO_ROUTE: "nothing answered, and the host has no way out for this family",
}


def _sentence(fact: EgressFacts, *, quorum: int) -> str:
    claim, mend = (text[fact.status].format(quorum=quorum) for text in (_CLAIMS, _MENDS))
    return f"No majority for {family_title(fact.family)}: {claim} ({_who_said_what(fact.sources)}); {mend}."


def _who_said_what(sources: t.Sequence[SourceAnswer]) -> str:
    groups: dict[tuple[bool, str], list[str]] = {}
    for row in sources:
        key = (row.address is None, row.address or row.problem or "")
        groups.setdefault(key, []).append(f"{row.source} [{row.network}]")
    # Addresses first, then what kept the others from having a say.
    return (
        "; ".join(f"{what}: {', '.join(names)}" for (_silent, what), names in sorted(groups.items()))
        or "nobody was asked"
    )
