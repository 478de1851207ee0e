# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules over a whole inventory: what one host alone cannot tell. Private to this collection.

Nobody may say that something is unused, or a key not shared, while one host that may use it was not seen.
"""

from __future__ import annotations

import typing as t

from .._allowlist._grammar import read_address
from .._errors import InputError
from .._facts import EgressFacts
from ._case import (
    ATTESTED,
    DAY,
    DECLARED,
    OBSERVED,
    SKIP,
    Case,
    HostCase,
    Rule,
    Verdict,
    failed,
    instant,
    is_retired,
    listed,
    passed,
    shown,
    unknown,
)
from ._finding import Remedy, Subject
from ._fleet import Fleet, identity_marks, place
from ._other_keys import lets_money_out, named

_LEARN = Remedy("Learn the facts of this host again, and judge then.")


def _fleet(case: Case | HostCase) -> Fleet:
    if case.fleet is None:
        raise TypeError("a rule over the fleet needs the fleet")
    return case.fleet


# --- rules about a key ---


def _key_not_observed(case: Case) -> Verdict:
    why = _fleet(case).why.get(place(case))
    return OBSERVED if why is None else unknown(why, remedy=_LEARN)


def _key_not_shared(case: Case) -> Verdict:
    fleet = _fleet(case)
    group = fleet.group(case)
    if group is None:
        return unknown("the key's id is not known, so nobody can say who else uses it", root=_root(case))
    allowed = set(case.declared.get("shared_with") or ())
    service = case.subject.service
    others = [
        other
        for other in group.cases
        if other is not case
        and other.key.host not in allowed
        and not (other.key.host == case.key.host and service is not None and other.subject.service == service)
        # A key in clear beside the same one placed is no other use of it; that it lies there is said by another rule.
        and not (other.key.host == case.key.host and (other.key.file or case.key.file))
    ]
    if others and group.sure:
        return failed(
            "observed",
            f"the same key is {listed(f'{other.key.name} on {other.key.host}' for other in others)}",
            remedy=Remedy(
                "Nothing at once: trading goes on.",
                "Make a key of its own for each host and service, or name the other hosts in shared_with.",
                "Do not delete the key while one of them uses it.",
                case.click_path,
            ),
        )
    if others:
        return unknown(f"it looks like {listed(f'{other.key.name} on {other.key.host}' for other in others)}")
    stranger = fleet.strangers(case)
    return OBSERVED if stranger is None else unknown(stranger, remedy=_LEARN)


def _allowlist_entry_unused(case: Case) -> Verdict:
    if case.listing is None:
        if case.list_state in ("hidden", "unrestricted"):
            return SKIP
        return case.no_answer("allowlist", "the exchange does not tell the IP restriction, and nobody vouches for it")
    fleet = _fleet(case)
    text = fleet.allowlist(case)
    idle = [each.entry for each in text.idle]
    if not idle:
        if any(entry.kind in ("masked", "malformed") for entry in case.listing.entries):
            return unknown("the list has entries of which nobody can say whom they let in")
        return passed(case.entries_basis)
    if not text.whole:
        return unknown(
            f"nobody seen in this run uses {listed(idle)}, but not all were seen: {listed(text.why_not_whole, most=3)}",
            remedy=Remedy("Keep the list as it is until every host was seen.", None, "Do not shorten the list."),
        )
    released = [entry for entry in idle if fleet.released(entry)]
    ours = [entry for entry in idle if fleet.whose(entry)]
    severity = "high" if released else "low" if len(ours) == len(idle) else None
    said = [f"no host uses {listed(idle)}"]
    said += [f"{shown(entry)} was {fleet.released(entry)}'s and may be anybody's by now" for entry in released[:2]]
    said += [f"{shown(entry)} is {fleet.whose(entry)}'s, which has another key" for entry in ours[:2]]
    return failed(
        case.entries_basis,
        "; ".join(said),
        severity=severity,
        remedy=Remedy(
            "Nothing at once: trading goes on.",
            f"Remove {listed(idle)} from the list, or say in allowlist_reasons what for and until when.",
            "Do not remove an entry while somebody may still need it: ask who listed it.",
            case.click_path,
        ),
    )


def _passphrase_not_reused(case: Case) -> Verdict:
    if case.exchange is not None and case.exchange.passphrase_rule() is None:
        return SKIP
    fleet = _fleet(case)
    mark = fleet.given.phrases.get(place(case))
    if mark is None:
        if case.key.passphrase is not None and not case.key.passphrase.given and case.exchange is None:
            return SKIP
        return unknown("the inventory does not hold the passphrase, so nobody can compare it")
    group = fleet.group(case)
    others = [
        other
        for other in fleet.phrases[mark]
        if other is not case and (group is None or fleet.group(other) is not group)
    ]
    if not others:
        return DECLARED
    return failed(
        "declared",
        f"the passphrase is also that of {listed(f'{other.key.name} on {other.key.host}' for other in others)}",
        remedy=Remedy(
            "Nothing at once: trading goes on.",
            "Create another key with a generated passphrase of its own: this one's cannot be changed.",
            "Do not delete the old key before the new one works.",
            case.click_path,
        ),
    )


def _key_owner_declared(case: Case) -> Verdict:
    fleet = _fleet(case)
    remedy = Remedy("Name a person in owner, say what the key is for in purpose, and when that was last looked at.")
    if place(case) not in fleet.given.declared:
        if case.key.file:
            remedy = remedy._replace(
                do_now="Bring it in with the playbook trading.hosts.adopt, and name an owner and a purpose.",
                then="Others may have read it there: adopt says by when another key must take its place.",
            )
        return failed("observed", "the inventory does not declare this key", remedy=remedy)
    lacking = [name for name in ("owner", "purpose", "reviewed_on") if not str(case.declared.get(name) or "").strip()]
    if lacking:
        return failed("declared", f"nobody declares {listed(lacking)}", remedy=remedy)
    reviewed = instant(case.declared["reviewed_on"])
    age = case.now - (reviewed or 0.0)
    if reviewed is None or age < -DAY:
        return failed("declared", f"the review of {shown(case.declared['reviewed_on'])} is yet to come", remedy=remedy)
    if age > (case.policy.review_days + 1) * DAY:
        return failed(
            "declared",
            f"{shown(case.declared['owner'])} last looked at it on {shown(case.declared['reviewed_on'])}",
            remedy=Remedy("Ask the owner whether the key is still needed as it is, then write the new day."),
        )
    return DECLARED


def _unknown_key_on_account(case: Case) -> Verdict:
    lists = None if case.exchange is None else case.exchange.lists_keys_of()
    if lists is None:
        return SKIP
    fleet, observed = _fleet(case), case.observed
    found = fleet.other_keys.told(case)
    if found is None:
        # Refused where it was asked for.
        asked = observed is not None and "other_keys" in observed.not_told
        if not (asked or case.policy.require_key_lists) or fleet.other_keys.told_by_another(case):
            return SKIP
        never = lists == "main" and case.declared.get("account_level") == "sub"
        never = never and case.basis_of("account_level") == "attested"
        why = ", which it does for main accounts alone" if never else "" if asked else ", and nobody asked for them"
        return case.root or unknown(
            f"{case.title} did not tell the account's other keys{why}",
            # No key is red for ever because of what its exchange cannot do.
            severity="low" if never else None,
            remedy=Remedy(
                "Look at the keys of this account on the exchange's page, and see that each one is yours.",
                "Let one key of the account that may read its keys tell them (tell_other_keys).",
                None,
                case.click_path,
            ),
        )
    if found.told_before:
        return SKIP
    if len(found.surely) > found.open:
        least = f"at least {len(found.surely) - found.open} of these keys" if found.open else "keys"
        return failed(
            "observed",
            f"the account has {least} that nobody declares: {listed(map(named, found.surely))}",
            severity="critical" if any(map(lets_money_out, found.surely)) else None,
            remedy=Remedy(
                "Ask all who may make keys there whose it is. Nobody's: delete it, change the account's password, and"
                " see that its second factor and its withdrawal addresses are yours.",
                "Declare a key of yours on the host that uses it, or name it in known_keys of the policy.",
                "Do not wait for answers where money can leave: a key can be made again.",
                case.click_path,
            ),
        )
    doubtful = (*found.surely, *found.perhaps)
    if doubtful:
        why = f"{found.open} declared keys have no known id" if found.surely else "too little of them is known"
        return unknown(f"these keys of the account may be declared or not: {listed(map(named, doubtful))}; {why}")
    return OBSERVED


def _root(case: Case) -> str | None:
    return None if _fleet(case).seen(case) else "key-not-observed"


# --- rules about a host ---

_Found = t.Iterator[tuple[Subject, Verdict]]


def _used_keys(case: HostCase) -> list[t.Any]:
    return [key for key in case.host.keys if not is_retired(key)]


def _egress_address_changed(case: HostCase) -> _Found:
    fleet = _fleet(case)
    if fleet.given.history is None or not _used_keys(case):
        return
    said, firsts, ways = [], 0, 0
    for _fact, before, new in fleet.moves(case.host):
        ways += 1
        firsts += before is None
        if new and before is not None:
            said.append(f"{listed(new)} instead of {listed(before.addresses)}, which worked on {before.at[:10]}")
    subject = Subject(shown(case.host.name))
    if said:
        yield (
            subject,
            failed(
                "observed",
                f"the host is seen from {'; '.join(said)}",
                remedy=Remedy(
                    "Ask the provider whether the new address is yours, before anybody lists it anywhere.",
                    "Then add it beside the old one (confirm: true gives the text), and judge again.",
                    "Do not list an address only because some service on the way names it.",
                ),
            ),
        )
    elif not ways or firsts:
        yield subject, unknown("no earlier report says from where this host's keys worked", severity="low")
    else:
        yield subject, OBSERVED


#: 100.64.0.0/10, addresses behind a provider's own NAT.
_CARRIER = (100 << 24 | 64 << 16) >> 22


def _behind_carrier(facts: t.Iterable[EgressFacts]) -> str | None:
    for fact in facts:
        rows = [row.address for row in fact.sources if row.source == "interface"]
        for address in (fact.path.source_address, *rows):
            try:
                version, value = read_address(address or "")
            except InputError:
                continue
            if version == 4 and value >> 22 == _CARRIER:
                return address
    return None


def _egress_address_shared(case: HostCase) -> _Found:
    fleet = _fleet(case)
    keys = _used_keys(case)
    if not keys:
        return
    subject = Subject(shown(case.host.name))
    own = Remedy(
        "Nothing at once: trading goes on.",
        "Give the host a public address of its own; an allowlist with a shared one lets its other users in.",
        "Do not list a shared address for a key that can do more than read.",
    )
    carrier = _behind_carrier(case.host.egress)
    if carrier is not None:
        yield subject, failed("observed", f"the host is behind its provider's NAT ({shown(carrier)})", remedy=own)
        return
    words = {str(key.declared["egress_address"]) for key in keys if key.declared.get("egress_address")}
    if "proxy" in words:
        said = "the host's address is that of a commercial proxy"
        yield subject, failed("declared", said, severity="high", remedy=own)
    elif "shared" in words:
        yield subject, failed("declared", "the host shares its address with strangers", remedy=own)
    elif not words:
        ask = Remedy("Ask the provider whether the address is this host's alone, and declare egress_address.")
        yield subject, unknown("nobody says whether the host's address is yours alone (egress_address)", remedy=ask)
    else:
        attested = any(_attested(fleet, key.declared) for key in keys)
        yield subject, ATTESTED if attested else DECLARED


def _attested(fleet: Fleet, declared: t.Mapping[str, t.Any]) -> bool:
    word = (declared.get("attested") or {}).get("egress_address") or {}
    day = instant(word.get("on"))
    if day is None or not str(word.get("by") or "").strip() or declared.get("egress_address") != "exclusive":
        return False
    return -DAY <= fleet.now - day <= (fleet.policy.attestation_days + 1) * DAY


def _host_cloned(case: HostCase) -> _Found:
    fleet = _fleet(case)
    if not _used_keys(case):
        return
    subject = Subject(shown(case.host.name))
    twin = fleet.twins.get(case.host.name)
    if twin is not None:
        yield (
            subject,
            failed(
                "observed",
                f"{shown(twin[0])} has the same {twin[1]}",
                remedy=Remedy(
                    "Find out which of the two is the copy, and rotate the keys of both: either opens the other's.",
                    "On the copy delete its credentials and systemd's host key first, then give it a new machine-id and"
                    " new SSH host keys.",
                    "Do not change the machine-id of a host that holds credentials: systemd deletes its host key then.",
                ),
            ),
        )
    elif next(identity_marks(case.host), None) is None:
        yield (
            subject,
            unknown("nobody learned what tells this host from a copy of it", severity="medium", remedy=_LEARN),
        )
    else:
        yield subject, OBSERVED


def _rule(id_: str, title: str, severity: str, least: str, function: t.Callable[..., t.Any], **more: t.Any) -> Rule:
    return Rule(id_, title, "fleet", severity, least, function, of_fleet=True, **more)


RULES = (
    _rule(
        "key-not-observed",
        "Every declared key was seen in this run",
        "high",
        "observed",
        _key_not_observed,
        of_retired=True,
    ),
    _rule("key-not-shared", "One key is used by one service of one host", "high", "observed", _key_not_shared),
    _rule(
        "allowlist-entry-unused",
        "Some host uses every entry, or a reason holds",
        "medium",
        "declared",
        _allowlist_entry_unused,
    ),
    _rule(
        "passphrase-not-reused", "No two keys have the same passphrase", "medium", "declared", _passphrase_not_reused
    ),
    _rule("key-owner-declared", "A person answers for the key", "medium", "declared", _key_owner_declared),
    _rule(
        "unknown-key-on-account",
        "Somebody declares every key of the account",
        "high",
        "observed",
        _unknown_key_on_account,
    ),
    _rule(
        "egress-address-changed",
        "The host's address is the one that worked before",
        "high",
        "observed",
        _egress_address_changed,
        scope="host",
    ),
    _rule(
        "egress-address-shared",
        "The host's address is the owner's alone",
        "medium",
        "attested",
        _egress_address_shared,
        scope="host",
    ),
    _rule(
        "host-cloned",
        "No two hosts are the same machine",
        "high",
        "observed",
        _host_cloned,
        scope="host",
        learned="credentials",
    ),
)
