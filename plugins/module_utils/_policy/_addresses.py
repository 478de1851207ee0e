# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about addresses: the key's allowlist against where its host is seen from. Private to this collection."""

from __future__ import annotations

import typing as t

from ._case import (
    NOT_OFFICIAL,
    OBSERVED,
    PROVED,
    SKIP,
    Case,
    Rule,
    Verdict,
    Way,
    failed,
    listed,
    passed,
    shown,
    unknown,
)
from ._egress import address_remedy, covered, seen_from, trapped
from ._finding import STRENGTH, Remedy, worse

_KEEP = "Do not delete the key: its secret is not shown again."


def _not_told(case: Case) -> Verdict:
    return case.no_answer("allowlist", "the exchange does not tell the IP restriction, and nobody vouches for it")


def _ip_restriction_required(case: Case) -> Verdict:
    if not case.restrictable:
        return SKIP
    severity = "medium" if case.read_only else None
    if case.list_state in ("entries", "hidden"):
        return passed(case.list_basis)
    if case.list_state == "unknown":
        verdict = _not_told(case)
        return verdict if severity is None else verdict._replace(severity=severity)
    remedy, paste = address_remedy(case)
    everything = case.listing is not None and case.listing.everything
    return failed(
        case.list_basis,
        "the allowlist lets every address in" if everything else "the key works from any address",
        severity=severity,
        remedy=remedy,
        paste=paste,
    )


# --- does the list cover the host? ---


def _allowlist_covers_host(case: Case) -> Verdict:
    severity = "critical" if case.placing else None
    verdict = _covers(case)
    return verdict if severity is None else verdict._replace(severity=severity)


def _covers(case: Case) -> Verdict:
    if case.list_state == "unrestricted":
        return SKIP
    if not case.trusted:
        return NOT_OFFICIAL
    if case.status == "ip_refused":
        remedy, paste = address_remedy(case)
        seen = seen_from(case)
        said = f"the exchange refused this host's address{', seen from ' + listed(seen) if seen else ''}"
        return failed("proved", said, remedy=remedy, paste=paste, root="key-accepted", code="ip_refused")
    if case.list_state == "unknown":
        return _not_told(case)
    if case.root is not None and case.listing is None:
        return case.root
    verdicts = [_covers_way(case, way) for way in case.ways]
    for status in ("fail", "unknown"):
        bad = [verdict for verdict in verdicts if verdict.status == status]
        if bad:
            return bad[0]
    return min(verdicts, key=lambda verdict: STRENGTH[verdict.basis])


def _covers_way(case: Case, way: Way) -> Verdict:
    accepted = case.accepted and way.own
    agreed = [fact for fact in way.facts if fact.status == "agreed" and fact.addresses]
    answers = {a: covered(case, a) for fact in agreed for a in fact.addresses}
    outside = [address for address, answer in answers.items() if answer is False]
    if accepted:
        if not outside:
            return PROVED
        if not any(answers.values()) and None not in answers.values():
            return unknown(
                f"the exchange accepted the call, but the list lacks {listed(outside)}", root="egress-view-conflict"
            )
    if outside:
        trap = trapped(case, outside)
        if not trap and "ipv6" in (case.key.exchange_families or ()):
            outside = [address for address in outside if ":" not in address]  # ipv6-trap tells the others
        remedy, paste = address_remedy(case, outside)
        said = f"the list lacks {listed(outside)}"
        return failed(case.entries_basis, said, remedy=remedy, paste=paste, root="ipv6-trap" if trap else None)
    return _covers_unasked(case, way, answers)


def _covers_unasked(case: Case, way: Way, answers: t.Mapping[str, bool | None]) -> Verdict:
    """Judge a way that the exchange was not asked over, by the addresses alone."""
    learn = Remedy("Learn the host's public addresses over every way that the key uses.")
    families = {fact.family for fact in way.facts if fact.status in ("agreed", "no_route")}
    doubtful = [fact for fact in way.facts if fact.status in ("disputed", "no_quorum")]
    if doubtful:
        return unknown(f"the sources do not agree on the host's {doubtful[0].family} address", remedy=learn)
    lacking = way.families - families
    if lacking:
        return unknown(f"the host's address is not known for {' and '.join(sorted(lacking))}", remedy=learn)
    if not answers:
        return unknown("the host reaches nothing over this way", remedy=learn)
    if case.listing is None:
        return unknown("the exchange does not show the list, and the key was not used over this way", remedy=learn)
    if None in answers.values():
        hidden = [address for address, answer in answers.items() if answer is None]
        return unknown(f"nobody can say whether the list holds {listed(hidden)}", remedy=learn)
    weakest = "declared" if any(fact.basis == "declared" for fact in way.facts) else "observed"
    # Who names the ways names what is not looked at, too.
    ways = case.basis_of("egress_paths") if case.declared.get("egress_paths") else "observed"
    return passed(min(weakest, ways, case.entries_basis, key=lambda basis: STRENGTH[basis]))


def _egress_view_conflict(case: Case) -> Verdict:
    if case.list_state == "unrestricted":
        return SKIP
    if not case.trusted:
        return NOT_OFFICIAL
    own = [way for way in case.ways if way.own]
    agreed = [fact for way in own for fact in way.facts if fact.status == "agreed" and fact.addresses]
    if not agreed:
        return unknown("the host's address is not known", remedy=Remedy("Learn the host's public addresses."))
    addresses = [address for fact in agreed for address in fact.addresses]
    printed = case.key.access.seen_address
    if printed:
        family = "ipv6" if ":" in printed else "ipv4"
        others = [a for fact in agreed if fact.family == family for a in fact.addresses]
        if others and printed not in others:
            return _conflict(f"the exchange sees {shown(printed)}, the sources see {listed(others)}")
    answers = [covered(case, address) for address in addresses]
    if case.accepted and case.listing is not None and all(answer is False for answer in answers):
        return _conflict(f"the exchange accepted the call although the list lacks {listed(addresses)}")
    if case.status == "ip_refused":
        if answers and all(answers):
            return _conflict(f"the exchange refused the call although {listed(addresses)} is said to be listed")
        return OBSERVED
    if not case.accepted:
        return case.root or SKIP
    return OBSERVED if any(answers) else SKIP


def _conflict(evidence: str) -> Verdict:
    return unknown(
        evidence,
        remedy=Remedy(
            "Find the second way out: a proxy, policy routing, a VPN, IPv6 beside IPv4, a NAT for this exchange only.",
            "Learn addresses and key again over the way that the service uses.",
            "Do not add the new address before you know whose it is.",
        ),
    )


def _egress_rotating(case: Case) -> Verdict:
    if case.list_state == "unrestricted":
        return SKIP
    facts = [fact for way in case.ways for fact in way.facts if fact.status != "no_route"]
    if not facts:
        return unknown("the host's address is not known", remedy=Remedy("Learn the host's public addresses."))
    several = [fact for fact in facts if fact.stable is False]
    if several:
        addresses = sorted({address for fact in several for address in fact.addresses})
        answers = [covered(case, address) for address in addresses]
        if answers and all(answers):
            return OBSERVED
        said = f"the host is seen from changing addresses: {listed(addresses)}"
        remedy = Remedy(
            "Give the host one fixed address: a NAT gateway, a reserved address or a fixed source address.",
            "Learn the addresses again with several samples.",
            "Do not widen the allowlist to the provider's network.",
        )
        if case.listing is None or (None in answers and False not in answers):
            return unknown(said, remedy=remedy)
        return failed("observed", said, remedy=remedy)
    if any(fact.stable is None for fact in facts):
        return unknown(
            "too few samples answered to tell whether the address changes",
            remedy=Remedy("Learn the addresses again with samples: 3."),
        )
    return passed("declared" if all(fact.basis == "declared" for fact in facts) else "observed")


# --- what the entries look like ---


def _entries(case: Case) -> Verdict | None:
    """Return why there are no entries to look at, or ``None`` when there are some."""
    if case.listing is not None:
        return None
    return SKIP if case.list_state in ("hidden", "unrestricted") else _not_told(case)


_REPLACE = "Replace it by the external address that the exchange sees."


def _allowlist_entry_not_public(case: Case) -> Verdict:
    if case.listing is None:
        return _entries(case) or SKIP
    bad = [report for report in case.listing.reports if report.not_public is not None]
    if bad:
        block = bad[0].not_public
        remedy, paste = address_remedy(case)
        return failed(
            case.entries_basis,
            f"{listed(report.entry.text for report in bad)}: {block.why if block else ''}",
            severity=None if len(bad) == len(case.listing.entries) else "medium",
            remedy=remedy._replace(do_now=f"{_REPLACE} {remedy.do_now}"),
            paste=paste,
        )
    if case.listing.masked:
        return unknown("the exchange shows entries only in part")
    return passed(case.entries_basis)


def _allowlist_entry_malformed(case: Case) -> Verdict:
    if case.listing is None:
        return _entries(case) or SKIP
    bad = [report for report in case.listing.reports if report.malformed and report.entry.accepted is not None]
    bad = [report for report in bad if not (report.malformed == "mapped" and report.not_public)]
    if bad:
        said = " ".join(shown(bad[0].messages[0] if bad[0].messages else bad[0].malformed, limit=160).split())
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        return failed(
            case.entries_basis,
            f"{said}{more}",
            remedy=Remedy("Write the entry exactly as the exchange takes it.", None, _KEEP, case.click_path),
        )
    open_ = [report for report in case.listing.reports if report.entry.accepted is None]
    if open_:
        return unknown(f"it is not known whether {case.title} takes {listed(r.entry.text for r in open_)}")
    return passed(case.entries_basis)


def _allowlist_entry_too_wide(case: Case) -> Verdict:
    if case.listing is None:
        return _entries(case) or SKIP
    wide = [report for report in case.listing.reports if report.too_wide]
    if wide:
        severity = wide[0].too_wide
        for report in wide[1:]:
            severity = worse(severity, report.too_wide)
        return failed(
            case.entries_basis,
            f"{listed(report.entry.text for report in wide)} lets strangers in",
            severity=severity,
            remedy=Remedy(
                "List the single addresses of your hosts instead.",
                "If the IPv6 network is yours alone, declare it in owned_prefixes with a name and a date.",
                "Do not remove the network before the single addresses are listed.",
                case.click_path,
            ),
            root="ip-restriction-required" if case.listing.everything else None,
        )
    if case.listing.masked:
        return unknown("the exchange shows entries only in part")
    return passed(case.entries_basis)


def _allowlist_slots_left(case: Case) -> Verdict:
    if case.list_state == "unrestricted":
        return SKIP
    if case.listing is None:
        return _entries(case) or SKIP
    most = case.grammar.max_entries
    if most is None:
        return unknown(f"it is not known how many entries {case.title} takes")
    count = len(case.listing.entries)
    if count < most:
        return passed(case.entries_basis)
    return failed(
        case.entries_basis,
        f"{count} of {most} entries are taken: no host can be added or moved",
        remedy=Remedy("Merge entries or give some hosts a key of their own.", None, _KEEP, case.click_path),
    )


def _rule(id_: str, title: str, severity: str, least: str, function: t.Callable[[Case], Verdict]) -> Rule:
    return Rule(id_, title, "addresses", severity, least, function)


RULES = (
    _rule(
        "ip-restriction-required",
        "The key works from listed addresses only",
        "critical",
        "attested",
        _ip_restriction_required,
    ),
    _rule(
        "allowlist-covers-host", "The allowlist holds the host's addresses", "high", "attested", _allowlist_covers_host
    ),
    _rule(
        "egress-view-conflict", "Exchange and sources see the same address", "high", "observed", _egress_view_conflict
    ),
    _rule("egress-rotating", "The host keeps its address", "high", "observed", _egress_rotating),
    _rule(
        "allowlist-entry-not-public", "Every entry is a public address", "high", "attested", _allowlist_entry_not_public
    ),
    _rule("allowlist-entry-malformed", "Every entry is well written", "medium", "declared", _allowlist_entry_malformed),
    _rule("allowlist-entry-too-wide", "No entry lets strangers in", "high", "attested", _allowlist_entry_too_wide),
    _rule("allowlist-slots-left", "The allowlist has room for one more", "low", "declared", _allowlist_slots_left),
)
