# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about secrets in clear, and about what lets one reach a disk. Private to this collection.

They judge what ``exposed_credential_info`` told. Of a host that nobody scanned they say nothing.
"""

from __future__ import annotations

import typing as t

from ._case import OBSERVED, SKIP, HostCase, Rule, Verdict, failed, listed, mark, shown, unknown
from ._finding import MOST_PLACE, Remedy, Subject

HostVerdicts = t.Iterable[tuple[Subject, Verdict]]
Scan = t.Mapping[str, t.Any]

#: More places than these are one finding together.
_MOST_PLACES = 50
_MOST_REASONS = 10
#: Kinds of places that others read, or that were copied before anybody looked.
_SPREAD = frozenset(("command_line", "git_config", "git_history", "history", "unit"))

_REVOKE = Remedy(
    "Take it for known to others: create another key, place it with the module credential, restart the service.",
    "Delete the old key on the exchange, then remove the text and its copies.",
    "Do not only delete the text: who has read it keeps the key.",
)
_PLACE = Remedy(
    "Place it with the module credential and let the service load it from there, then remove the text.",
    "Create another key where you cannot tell who has read this one: backups hold the file.",
    "Do not remove the text before the service runs without it.",
)


def _credential_exposed(case: HostCase) -> HostVerdicts:
    machine = case.host.machine
    return _places(case, machine.exposed if machine is not None else None, inventory=False)


def _inventory_secret(case: HostCase) -> HostVerdicts:
    machine = case.host.machine
    return _places(case, machine.inventory if machine is not None else None, inventory=True)


def _places(case: HostCase, told: Scan | None, *, inventory: bool) -> HostVerdicts:
    host = shown(case.host.name)
    if told is None:
        return [(Subject(host), SKIP)]
    places = [place for place in told.get("exposed") or () if isinstance(place, dict)]
    worst_first = sorted(places, key=lambda place: _severity(place, inventory=inventory) != "critical")
    verdicts = [(Subject(host, _where(place)), _exposed(place, inventory=inventory)) for place in worst_first]
    if len(verdicts) > _MOST_PLACES:
        rest = [subject.key for subject, _verdict in verdicts[_MOST_PLACES:]]
        said = f"secrets lie in clear in {len(rest)} more places ({mark(rest)})"
        more = failed("observed", said, remedy=_REVOKE)
        verdicts = [*verdicts[:_MOST_PLACES], (Subject(host, "more places"), more)]
    cut = _cut_short(told)
    if cut is not None:
        # Severe enough to be seen; not so severe that a long log file would keep keys from being placed.
        verdicts.append((Subject(host), unknown(f"the scan did not see everything: {cut}", severity="high")))
    return verdicts or [(Subject(host), OBSERVED)]


def _where(place: t.Mapping[str, t.Any]) -> str:
    return shown(_whole_where(place), limit=MOST_PLACE)


def _whole_where(place: t.Mapping[str, t.Any]) -> str:
    if place.get("path") is None:
        return f"{shown(place.get('kind'))} of process {shown(place.get('pid'))} ({shown(place.get('program'))})"
    commit = f" in commit {shown(place['commit'])}" if place.get("commit") else ""
    return f"{shown(place['path'], limit=4096)}{commit}"


def _severity(place: t.Mapping[str, t.Any], *, inventory: bool) -> str:
    if inventory or place.get("readable_by") == "others" or place.get("kind") in _SPREAD:
        return "critical"
    if place.get("git") not in (None, "untracked"):
        return "critical"
    return "low" if place.get("from_credential") else "high"


def _exposed(place: t.Mapping[str, t.Any], *, inventory: bool) -> Verdict:
    whose = listed(place.get("exchanges") or ())
    what = "a private key" if place.get("field") == "private_key" else "a secret"
    facts = [f"{what} of {whose} in clear" if whose else f"{what} in clear"]
    if place.get("line") is not None:
        facts.append(f"line {shown(place['line'])}")
    if place.get("mode") is not None:
        facts.append(f"mode {shown(place['mode'])}, owner {shown(place.get('owner'))}")
    if place.get("git") in ("tracked", "history"):
        facts.append("git keeps it")
    if place.get("readable_by") == "others":
        facts.append("every local user can read it")
    if place.get("from_credential"):
        facts.append("its service got it from a credential")
    severity = _severity(place, inventory=inventory)
    remedy = _REVOKE if severity == "critical" else _PLACE
    return failed("observed", ", ".join(facts), severity=severity, remedy=remedy)


def _cut_short(told: Scan) -> str | None:
    scan = told.get("scan")
    if not isinstance(scan, dict):
        return "it does not say how far it went"
    if scan.get("complete") is True:
        return None
    whys = scan.get("partial_because") or ("it does not say why",)
    rest = f"; and {len(whys) - _MOST_REASONS} more" if len(whys) > _MOST_REASONS else ""
    return "; ".join(shown(why, limit=120) for why in whys[:_MOST_REASONS]) + rest


def _swap_unencrypted(case: HostCase) -> HostVerdicts:
    return [(Subject(shown(case.host.name)), _swap(case))]


def _swap(case: HostCase) -> Verdict:
    machine = case.host.machine
    if machine is None or machine.exposed is None:
        return SKIP
    swap = machine.exposed.get("swap")
    state = swap.get("state") if isinstance(swap, dict) else None
    if state in ("off", "encrypted"):
        return OBSERVED
    # What the age store has unsealed lies in memory that can be swapped out.
    severity = "high" if any(each.get("store") == "age" for each in machine.credentials) else None
    if state != "unencrypted":
        return unknown("nobody could tell whether swap is encrypted", severity=severity)
    where = listed((swap or {}).get("in_clear") or ())
    return failed(
        "observed",
        f"memory is swapped to a disk in clear: {where}",
        severity=severity,
        remedy=Remedy(
            "Turn swap off where there is memory enough: swapoff, and take it out of /etc/fstab.",
            "Or use zram, or a swap on dm-crypt with a key that is new at each boot.",
            "Do not turn swap off on a host that needs it while a service has positions open.",
        ),
    )


def _core_dumps_enabled(case: HostCase) -> HostVerdicts:
    return [(Subject(shown(case.host.name)), _core_dumps(case))]


def _core_dumps(case: HostCase) -> Verdict:
    machine = case.host.machine
    if machine is None or machine.exposed is None:
        return SKIP
    told = machine.exposed.get("core_dumps")
    told = told if isinstance(told, dict) else {}
    if told.get("state") == "stored":
        return failed(
            "observed",
            f"a program that crashes leaves its memory on the disk: {shown(told.get('why'), limit=120)}",
            remedy=Remedy(
                "Set Storage=none in /etc/systemd/coredump.conf, or the sysctl kernel.core_pattern=|/bin/false.",
                "Remove the dumps that are there.",
                None,
            ),
        )
    if told.get("found"):
        return failed(
            "observed",
            f"core dumps lie on the host: {listed(told['found'])}",
            remedy=Remedy("Remove them, if none is needed any more.", "A key that a dump can hold is replaced.", None),
        )
    if told.get("state") == "off":
        return OBSERVED
    return unknown(f"nobody could tell whether core dumps are stored: {shown(told.get('why'), limit=120)}")


def _credential_key_on_disk(case: HostCase) -> HostVerdicts:
    return [(Subject(shown(case.host.name)), _key_on_disk(case))]


def _key_on_disk(case: HostCase) -> Verdict:
    machine, scope = case.host.machine, case.policy.theft_of_disk
    if machine is None or not machine.credentials or scope == "out_of_scope":
        return SKIP
    told = machine.exposed
    if told is None and scope != "in_scope":
        return SKIP
    kinds = [str(each.get("key_type")) for each in machine.credentials]
    here = [kind for kind in kinds if kind.startswith(("host", "age")) and "tpm2" not in kind]
    if not here:
        return unknown("nobody could tell what the credentials rest under") if "None" in kinds else OBSERVED
    many = f"{len(here)} credentials rest" if len(here) > 1 else "1 credential rests"
    backups = [each for each in (told or {}).get("backups") or () if isinstance(each, dict)]
    if backups:
        which = listed(f"{each.get('program')} takes {each.get('takes')} ({each.get('path')})" for each in backups)
        return failed(
            "observed",
            f"{many} under a key of this disk, and a backup takes that key: {which}",
            severity="high",
            remedy=Remedy(
                "Exclude /var/lib/systemd/credential.secret from the backup.",
                "Remove it from the copies that there are, or create other keys.",
                "Do not exclude it without another way back: see escrow in docs/credentials.md.",
            ),
        )
    host_key = (told or {}).get("host_key")
    if isinstance(host_key, dict) and host_key.get("disk_encrypted") is True:
        return OBSERVED
    return failed(
        "observed",
        f"{many} under a key that lies on the same disk: a copy of the disk opens them",
        severity="high" if scope == "in_scope" else None,
        remedy=Remedy(
            "Nothing at once: this protects against other users and single files, not against a copied disk.",
            "Use with_key: host+tpm2 where there is a TPM, or encrypt the disk.",
            None,
        ),
    )


RULES = (
    Rule(
        "credential-exposed",
        "No secret lies in clear on the host",
        "exposed",
        "critical",
        "observed",
        _credential_exposed,
        scope="host",
        learned="exposed",
    ),
    Rule(
        "inventory-secret-in-clear",
        "No secret lies in clear in the inventory, its history or a command line",
        "exposed",
        "critical",
        "observed",
        _inventory_secret,
        scope="host",
        learned="inventory",
    ),
    Rule(
        "swap-unencrypted",
        "Memory is not swapped to a disk in clear",
        "exposed",
        "medium",
        "observed",
        _swap_unencrypted,
        scope="host",
        learned="exposed",
    ),
    Rule(
        "core-dumps-enabled",
        "A program that crashes leaves no memory on the disk",
        "exposed",
        "medium",
        "observed",
        _core_dumps_enabled,
        scope="host",
        learned="exposed",
    ),
    Rule(
        "credential-key-on-disk",
        "A copy of the disk does not open the credentials",
        "exposed",
        "low",
        "observed",
        _credential_key_on_disk,
        scope="host",
        learned="credentials",
    ),
)
