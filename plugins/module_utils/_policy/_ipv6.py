# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IPv6 trap: host and exchange meet over IPv6, and the allowlist was written for IPv4. Private to this collection.

Which of the two families a program takes is up to its resolver and can change with every call, so an accepted call
proves nothing about the other family.
"""

from __future__ import annotations

from ._case import NOT_OFFICIAL, PROVED, SKIP, Case, Rule, Verdict, Way, failed, listed, passed, shown, unknown
from ._egress import IPV4_ONLY, address_remedy, covered
from ._finding import STRENGTH, Remedy

_LEARN = Remedy("Learn the host's public addresses, for IPv6 too.", f"Or: {IPV4_ONLY}")


def _ipv6_trap(case: Case) -> Verdict:
    if case.list_state == "unrestricted":
        return SKIP
    if not case.trusted:
        return NOT_OFFICIAL
    printed = case.key.access.seen_address
    if case.status == "ip_refused" and printed and ":" in printed:
        remedy, paste = address_remedy(case)
        said = f"the exchange refused this host at its IPv6 address {shown(printed)}"
        return failed("proved", said, remedy=remedy, paste=paste, root="key-accepted", code="ip_refused")
    ways = [way for way in case.ways if "ipv6" in way.families]
    if not ways:
        # Either the exchange has no such address, or somebody says that the key never leaves this way.
        there = case.key.exchange_families is None or "ipv6" in case.key.exchange_families
        return passed(case.basis_of("egress_paths") if there and case.declared.get("egress_paths") else "observed")
    verdicts = [_trap_of(case, way) for way in ways]
    for status in ("fail", "unknown"):
        bad = [verdict for verdict in verdicts if verdict.status == status]
        if bad:
            return bad[0]
    return min(verdicts, key=lambda verdict: STRENGTH[verdict.basis])


def _trap_of(case: Case, way: Way) -> Verdict:
    fact = next((fact for fact in way.facts if fact.family == "ipv6"), None)
    if fact is not None and fact.status == "no_route":
        return passed("observed")
    if case.list_state == "unknown":
        return case.no_answer("allowlist", "the exchange does not tell the allowlist, and nobody vouches for it")
    known = fact is not None and fact.status == "agreed" and bool(fact.addresses)
    addresses = fact.addresses if fact is not None and known else ()
    answers = {address: covered(case, address) for address in addresses}
    outside = [address for address, answer in answers.items() if answer is False]
    if case.accepted and way.own:
        if not outside and case.key.path.family == "ipv6":
            return PROVED
        everything = [covered(case, a) for f in way.facts if f.status == "agreed" for a in f.addresses]
        if outside and not any(everything) and None not in everything:
            return unknown(
                f"the exchange accepted the call, but the list lacks {listed(outside)}", root="egress-view-conflict"
            )
    if not known:
        return unknown("it is not known whether the host leaves over IPv6, and from which address", remedy=_LEARN)
    if answers and all(answers.values()):
        weakest = "declared" if fact is not None and fact.basis == "declared" else "observed"
        return passed(min(weakest, case.entries_basis, key=lambda basis: STRENGTH[basis]))
    if case.key.exchange_families is None:
        return unknown(
            "the host leaves over IPv6, and it is not known whether the exchange's name has IPv6 addresses",
            remedy=_LEARN,
            root="allowlist-covers-host",
        )
    remedy, paste = address_remedy(case, outside or list(addresses))
    if case.grammar.ipv6 is False:
        said = f"the host leaves from {listed(addresses)} too, and {case.title}'s allowlist takes no IPv6 address"
        return failed("observed", said, remedy=remedy)
    if outside:
        said = f"{case.title} is reached over IPv6 too, and the list lacks {listed(outside)}"
        return failed(case.entries_basis, said, remedy=remedy, paste=paste)
    said = f"{case.title} is reached over IPv6 too, and nobody can say whether the list holds {listed(addresses)}"
    return unknown(said, remedy=remedy)


RULES = (Rule("ipv6-trap", "IPv6 is no second way past the allowlist", "addresses", "high", "attested", _ipv6_trap),)
