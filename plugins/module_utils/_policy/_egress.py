# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which address belongs on an allowlist, and when the text to paste may be printed. Private to this collection.

A wrong address there opens the key to a stranger. So text to paste needs two kinds of evidence that agree, or the
person's confirmation; with less, the remedy says what is still needed.
"""

from __future__ import annotations

import typing as t

from .._allowlist._blocks import classify
from .._allowlist._cover import covers
from .._allowlist._grammar import Entry
from .._allowlist._lint import paste_text
from .._errors import InputError
from .._facts import ACCEPTED
from ._case import Case, Host, Way, listed, shown
from ._finding import Remedy

#: Kinds of evidence, as people read them.
KINDS = {
    "accepted": "the exchange accepted a call from it",
    "printed": "the exchange printed it",
    "majority": "most IP sources saw it",
    "interface": "an interface of the host has it",
    "declared": "the inventory declares it",
}
_KIND_OF_BASIS = {"exchange_accepted": "accepted", "exchange_printed": "printed", "majority": "majority"}
_NEVER = "Do not lift the IP restriction, and do not list an address that you cannot explain."
#: The first mend of the IPv6 trap.
IPV4_ONLY = "Make the service use IPv4 only (ip_family: ipv4), and declare that: egress_paths with family ipv4."
#: Hosts that are named in one line.
_MOST = 6
_FIXED = "a fixed IPv6 source address (one /128), with privacy extensions off"
_NEVER_V6 = "Do not list an IPv6 network unless a named person attests that it is yours alone (owned_prefixes)."


def seen_from(case: Case) -> tuple[str, ...]:
    """Return the addresses that the key's calls come from, the exchange's own word first."""
    found: dict[str, None] = {}
    printed = case.key.access.seen_address
    if printed and case.trusted:
        found[printed] = None
    for way in case.ways:
        for fact in way.facts:
            if fact.status == "agreed":
                found.update(dict.fromkeys(fact.addresses))
    return tuple(found)


def kinds(host: Host, address: str, *, ours: t.Collection[str] = ()) -> tuple[str, ...]:
    """Return which kinds of evidence say that this host is seen from ``address``; ``ours`` are declared addresses."""
    known = host.kinds.get(address)
    if known is None:
        known = host.kinds[address] = frozenset(_observed_kinds(host, address))
    return tuple(kind for kind in KINDS if kind in known or (kind == "declared" and address in ours))


def _observed_kinds(host: Host, address: str) -> set[str]:
    found: set[str] = set()
    for fact in host.egress:
        if address in fact.addresses:
            found.update(_kinds_of_fact(fact.status, fact.basis))
        if fact.path.source_address == address:
            found.add("interface")
        if any(row.source == "interface" and row.address == address for row in fact.sources):
            found.add("interface")
    for key in host.keys:
        if not key.official and key.environment != "custom":
            continue
        if key.access.seen_address == address:
            found.add("printed")
        if key.access.status == ACCEPTED and _only_entry(
            key.observed.allowlist.entries if key.observed else (), address
        ):
            found.add("accepted")
    return found


def _kinds_of_fact(status: str, basis: str) -> tuple[str, ...]:
    kind = _KIND_OF_BASIS.get(basis, "declared")
    return (kind,) if status == "agreed" or kind == "declared" else ()


def _only_entry(entries: tuple[str, ...], address: str) -> bool:
    """Tell whether an accepted call proves ``address``: only where the list lets nothing else in."""
    return len(entries) == 1 and entries[0] == address


def is_public(address: str) -> bool:
    """Tell whether the text is exactly one globally routable address."""
    try:
        return classify(address) is None
    except InputError:
        return False


def address_remedy(case: Case, missing: t.Sequence[str] | None = None) -> tuple[Remedy, str | None]:
    """Return what to do about addresses that the key's allowlist lacks, and the text to paste if it is safe to give.

    ``missing`` are the addresses to add; ``None`` means all that this key's calls come from and the list lacks.
    """
    access = case.key.access
    if case.status == "ip_refused" and case.exchange is not None and access.code in case.exchange.region_codes():
        step = shown(access.next_step, limit=200) or f"{case.title} does not serve this host's region."
        return Remedy("Manage open positions in the exchange's own app.", step), None
    addresses = _missing(case) if missing is None else missing
    if trapped(case, addresses):
        return _trap_remedy(case, addresses)
    return _listing_remedy(case, [a for a in addresses if not (":" in a and case.grammar.ipv6 is False)])


def _missing(case: Case) -> list[str]:
    """Return the addresses that the key's calls come from and the list lacks, as far as is known."""
    printed = case.key.access.seen_address
    if case.status == "ip_refused" and printed and case.trusted and ":" in printed:
        return [printed]  # the exchange says which one it refused: the others may be fine
    return [a for a in seen_from(case) if not _listed(case, a)]


def _listed(case: Case, address: str) -> bool | None:
    """Tell whether the list holds ``address`` by more than letting everybody in."""
    if case.list_state != "unrestricted" or case.listing is None:
        return covered(case, address)
    return _covers([entry for entry in case.listing.entries if entry.kind != "everything"], address)


def addable(case: Case) -> tuple[list[str], list[str]]:
    """Return the addresses to add to the key's allowlist: those on two kinds of evidence, and those on less."""
    if not case.trusted or (case.listing is None and case.accepted and case.list_state != "unrestricted"):
        return [], []
    lacking = [a for a in _missing(case) if is_public(a)]
    if case.accepted and case.list_state != "unrestricted":
        lacking = [a for a in lacking if covered(case, a) is not None]
    if case.list_state != "unrestricted" and any(_has_ipv4(way) for way in case.ways):
        lacking = [a for a in lacking if ":" not in a]  # the IPv6 trap has other mends
    lacking = [a for a in lacking if not (":" in a and case.grammar.ipv6 is False)]
    return [a for a in lacking if _agreed(case, a)], [a for a in lacking if not _agreed(case, a)]


def _agreed(case: Case, address: str) -> bool:
    """Tell whether two kinds of evidence, or a person, say that the host is seen from ``address``."""
    return case.confirmed or len(kinds(case.host, address, ours=case.ours)) >= 2


def trapped(case: Case, missing: t.Sequence[str]) -> bool:
    """Tell whether all that the list lacks is a second way, over IPv6, to an exchange that can be reached so."""
    reached = "ipv6" in (case.key.exchange_families or ())
    return reached and case.list_state != "unrestricted" and bool(missing) and all(":" in a for a in missing)


def _trap_remedy(case: Case, missing: t.Sequence[str]) -> tuple[Remedy, str | None]:
    """Return the mends of the IPv6 trap in their order: IPv4 only, one fixed address, never somebody else's network."""
    if any(_has_ipv4(way) for way in case.ways):
        then = f"Or give it {_FIXED}, and list that." if case.grammar.ipv6 is not False else None
        return Remedy(IPV4_ONLY, then, _NEVER_V6, None), None
    if case.grammar.ipv6 is False:
        return Remedy("Give the host a way out over IPv4: the allowlist takes no IPv6 address.", None, _NEVER), None
    remedy, paste = _listing_remedy(case, missing)
    return remedy._replace(then=f"{remedy.then or ''} Use {_FIXED}.".strip(), never=_NEVER_V6), paste


def _has_ipv4(way: Way) -> bool:
    lost = any(fact.family == "ipv4" and fact.status == "no_route" for fact in way.facts)
    return "ipv4" in way.families and not lost


def _listing_remedy(case: Case, addresses: t.Sequence[str]) -> tuple[Remedy, str | None]:
    wanted = [a for a in addresses if is_public(a)]
    agreed = [a for a in wanted if _agreed(case, a)]
    where = case.exchange.allowlist_rule().click_path if case.exchange is not None else None
    if not addresses and case.listing is not None and seen_from(case):
        return Remedy("The host's own address is listed already.", None, _NEVER, where), None
    if not wanted:
        remedy = Remedy(
            "Learn the host's public address first; then the text to paste can be given.", None, _NEVER, where
        )
        return remedy, None
    if len(agreed) < len(wanted):
        doubt = next(a for a in wanted if a not in agreed)
        have = kinds(case.host, doubt, ours=case.ours)
        because = f"so far {' and '.join(KINDS[kind] for kind in have)}" if have else "nothing vouches for it"
        remedy = Remedy(
            f"Confirm that {shown(doubt)} is this host's own address: {because}.",
            "Your provider's page shows the same: list it. One more kind of evidence (the exchange's word, the host's"
            " interface, a declaration) or confirm: true gives the text to paste.",
            _NEVER,
            where,
        )
        return remedy, None
    line = _paste(case, agreed)
    others = _other_users(case)
    if case.list_state == "unrestricted" and others:
        # Who is let in today because everybody is must be on the list that ends that.
        return Remedy(
            f"Restrict the key to {listed(agreed)} and to the addresses of {others}, all in one step.",
            "Learn the key again.",
            f"Do not list this host alone: the others would be cut off. {_NEVER}",
            where,
        ), None
    if case.list_state == "unrestricted":
        what = f"Restrict the key to {listed(agreed)}."
        return Remedy(what, "Learn the key again.", _NEVER, where), line
    if line is None:
        return Remedy(
            f"Add {listed(agreed)} by hand, keeping what is listed.", "Learn the key again.", _NEVER, where
        ), None
    return Remedy(
        f"Add {listed(agreed)} to the key's allowlist, keep the rest.", "Learn the key again.", _NEVER, where
    ), line


def _other_users(case: Case) -> str:
    """Return in one line the other hosts that use the key, or may have to, as far as is known."""
    users = case.fleet.users(case) if case.fleet is not None else ()
    declared = [*(case.declared.get("shared_with") or ()), *(case.declared.get("standby_hosts") or ())]
    names = [name for name in dict.fromkeys((*map(str, declared), *users[:_MOST])) if name != case.key.host]
    more = f" and {len(users) - _MOST} more" if len(users) > _MOST else ""
    return listed(names, most=_MOST) + more


def _paste(case: Case, add: t.Sequence[str]) -> str | None:
    """Return the whole new list where today's is known, else what to add; ``None`` if no safe one can be written."""
    if case.stale is not None or (case.fleet is not None and not case.fleet.seen(case)):
        return None  # what was listed since then would be lost
    keep = case.listing.entries if case.listing is not None and case.list_state != "hidden" else ()
    return paste_text(keep=keep, add=list(add), remove_later=(), grammar=case.grammar).line or None


def covered(case: Case, address: str) -> bool | None:
    """Tell whether the key's list lets ``address`` in; ``None`` where that is not known."""
    if case.listing is None:
        return None
    if any(entry.text == address and entry.kind == "address" and entry.accepted for entry in case.listing.entries):
        return True  # the usual case, without building the union of all entries
    return _covers(case.listing.entries, address)


def _covers(entries: t.Iterable[Entry], address: str) -> bool | None:
    try:
        return covers(entries, address)
    except InputError:
        return None
