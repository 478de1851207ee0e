# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the host: its key, its credentials, its identity. Private to this collection."""

from __future__ import annotations

import typing as t

from ._case import OBSERVED, SKIP, HostCase, Machine, Rule, Verdict, failed, shown, unknown
from ._finding import Remedy, Subject

#: What a rule about a host answers: one verdict for each subject.
HostVerdicts = t.Iterable[tuple[Subject, Verdict]]

_GUARD = Remedy(
    "Put the old /etc/machine-id back: the credentials then decrypt again.",
    "If it is lost, place the secrets anew with on_undecryptable: replace.",
    "Do not run systemd-creds or restart the services: systemd deletes the host key when the machine-id differs.",
)


def _host_key_bound(case: HostCase) -> HostVerdicts:
    return [(Subject(shown(case.host.name)), _host_key(case))]


def _host_key(case: HostCase) -> Verdict:
    machine = case.host.machine
    holds = [key for key in case.host.keys if key.credential is not None]
    if machine is None or machine.host_key is None:
        # A host without credentials has nothing to lose; before placing, the state must be known.
        return unknown("nobody looked at the host key") if holds or case.placing else SKIP
    if machine.host_key == "bound":
        return OBSERVED
    if machine.host_key in ("differs", "empty-machine-id"):
        what = "belongs to another machine-id" if machine.host_key == "differs" else "has no machine-id to belong to"
        return failed("observed", f"the host key {what}", remedy=_GUARD)
    if machine.host_key == "absent":
        bound = [c for c in machine.credentials if str(c.get("key_type")).startswith("host")]
        if not bound:
            return SKIP
        return failed(
            "observed",
            f"the host key is gone, and {len(bound)} credentials need it",
            remedy=Remedy(
                "Restore /var/lib/systemd/credential.secret from a backup of this very host.",
                "If there is none, place the secrets anew with on_undecryptable: replace.",
                "Do not delete the credentials before the secrets are at hand.",
            ),
        )
    return unknown("the host key could not be read", remedy=Remedy("Look at the host with become: true."))


def _credential_key_type(case: HostCase) -> HostVerdicts:
    machine = case.host.machine
    if machine is None:
        return []
    wanted: dict[t.Any, t.Any] = {
        key.credential: key.declared.get("key_type") for key in case.host.keys if key.credential is not None
    }
    verdicts = []
    for credential in machine.credentials:
        name = credential.get("name")
        loaded_by = credential.get("loaded_by")
        service = loaded_by if isinstance(loaded_by, str) else ", ".join(str(s) for s in loaded_by or ())
        subject = Subject(shown(case.host.name), shown(name), shown(service) or None)
        want = wanted.get(name) or wanted.get(credential.get("path")) or case.policy.credential_key_type
        verdicts.append((subject, _key_type(credential.get("key_type"), str(want))))
    return verdicts


def _key_type(found: t.Any, want: str) -> Verdict:
    if found is None or found == "unknown":
        return unknown("nobody could tell what the credential is encrypted with")
    if found == "null":
        return failed(
            "observed",
            "the credential is encrypted with the null key, which everybody has",
            severity="critical",
            remedy=Remedy("Treat the secret as exposed: create another key.", "Place it with a real key.", None),
        )
    # "+pk" seals to a public key's policy and "-scoped" to one user: both are the same key, held more narrowly.
    if want in ("any", str(found).replace("-scoped", "").replace("+pk", "")):
        return OBSERVED
    return failed(
        "observed",
        f"the credential is encrypted with {shown(found)}, the policy wants {shown(want)}",
        remedy=Remedy("Place the credential again; the service keeps running."),
    )


def _credential_in_environment(case: HostCase) -> HostVerdicts:
    machine = case.host.machine
    if machine is None:
        return []
    return [
        (Subject(shown(case.host.name), shown(credential.get("name")), shown(service)), verdict)
        for credential in machine.credentials
        for service, verdict in _in_environment(credential)
    ]


def _in_environment(credential: t.Mapping[str, t.Any]) -> t.Iterator[tuple[t.Any, Verdict]]:
    loaded_by, told = credential.get("loaded_by"), credential.get("environment_of")
    for service in loaded_by if isinstance(loaded_by, (list, tuple)) else []:
        if not isinstance(told, (list, tuple)):
            yield service, unknown("nobody looked how the program gets its credential")
        elif service in told:
            yield service, _IN_ENVIRONMENT
        else:
            yield service, OBSERVED


_IN_ENVIRONMENT = failed(
    "observed",
    "the program has the credential in its environment, which every program that it starts inherits and crash reports "
    "hold",
    remedy=Remedy(
        "Nothing at once: no other user can read it.",
        "If the program can read its key from a file, give it the file: a path with %d, or trading_service_links.",
        "Do not write the secret into Environment= or a file of variables: every local user can read a unit.",
    ),
)


def _ssh_host_verified(case: HostCase) -> HostVerdicts:
    return [(Subject(shown(case.host.name)), _verified(case))]


def _verified(case: HostCase) -> Verdict:
    machine = case.host.machine
    severity = "critical" if case.placing else None
    if machine is None or machine.verified_host is None:
        if machine is None and not case.placing:
            return SKIP
        later = Remedy("Nothing at once: no secret was sent. Who places a key here is made to check it first.")
        said = "nobody knows whether the host's SSH key was checked"
        return unknown(said, severity=severity, remedy=None if case.placing else later)
    if machine.verified_host:
        return OBSERVED
    why = f": {shown(machine.transport_problem, limit=160)}" if machine.transport_problem else ""
    return failed(
        "observed",
        f"the host's SSH key is not checked{why}",
        severity=severity,
        remedy=Remedy(
            "Turn host key checking on and put the host's key into known_hosts, from its console or your SSH CA.",
            "Run again.",
            "Do not accept a changed key because the address is the same.",
        ),
    )


def _override_active(case: HostCase) -> HostVerdicts:
    name = shown(case.host.name)
    machine = case.host.machine
    if machine is None or machine.overrides is None:
        return [(Subject(name), _no_override_told(machine))]
    by_service: dict[t.Any, list[t.Mapping[str, t.Any]]] = {}
    for each in machine.overrides:
        by_service.setdefault(each.get("service"), []).append(each)
    if not by_service:
        return [(Subject(name), OBSERVED)]
    return [(Subject(name, None, shown(service) or None), _overridden(told)) for service, told in by_service.items()]


def _no_override_told(machine: Machine | None) -> Verdict:
    if machine is None or machine.overrides_problem is None:
        return SKIP
    return unknown(
        f"nobody can tell what was overridden: {shown(machine.overrides_problem, limit=160)}",
        remedy=Remedy("Look at the file that it names, and ask who had root on the host, before you remove it."),
    )


def _overridden(told: t.Sequence[t.Mapping[str, t.Any]]) -> Verdict:
    """Judge one service's overrides: one that holds, else the last that did."""
    last = next((each for each in reversed(told) if each.get("in_force") is True), told[-1])
    holds = last.get("in_force") is True
    words = "the check before a start is overridden" if holds else "the check before a start was overridden"
    more = f" (one of {len(told)} overrides in 90 days)" if len(told) > 1 else ""
    return failed(
        "observed",
        f"{words} from {shown(last.get('at'))} until {shown(last.get('until'))} by {shown(last.get('by'))}: "
        f"{shown(last.get('reason'), limit=160)}{more}",
        severity=None if holds else "info",
        remedy=_HOLDS if holds else _ENDED,
    )


_HOLDS = Remedy(
    "Know what runs: trading-hosts-agent check --service NAME says what the check finds.",
    "Mend that. The override ends by itself.",
    "Do not set the next one in place of the mend.",
)
_ENDED = Remedy("Make sure that what was overridden has been mended. It is told of for 90 days.")

RULES = (
    Rule(
        "host-key-bound",
        "The host key belongs to this machine",
        "host",
        "critical",
        "observed",
        _host_key_bound,
        waivable=False,
        scope="host",
        learned="credentials",
    ),
    Rule(
        "credential-key-type",
        "Credentials rest under the key that the policy wants",
        "host",
        "medium",
        "observed",
        _credential_key_type,
        scope="host",
        learned="credentials",
    ),
    Rule(
        "credential-in-environment",
        "Programs read credentials from files, not from their environment",
        "host",
        "low",
        "observed",
        _credential_in_environment,
        scope="host",
        learned="credentials",
    ),
    Rule(
        "ssh-host-verified",
        "The host is who it says it is",
        "host",
        "high",
        "observed",
        _ssh_host_verified,
        scope="host",
        learned="transport",
    ),
    Rule(
        "override-active",
        "Services start by their check, which nobody has overridden",
        "host",
        "medium",
        "observed",
        _override_active,
        scope="host",
        learned="credentials",
    ),
)
