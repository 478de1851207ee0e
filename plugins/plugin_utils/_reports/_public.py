# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report that may be shown to strangers: nothing in it can name an address, a label or an account.

Private to this collection. It keeps what is known to be harmless, and leaves out the rest: every sentence can quote
what an exchange or a host said. Hosts and keys are numbered in the order of the report.
"""

from __future__ import annotations

import typing as t

from ...module_utils._exchanges._registry import OTHER, find
from ...module_utils._policy._finding import FAIL, UNKNOWN
from ...module_utils._policy._rules import RULES
from ._schema import Document
from ._words import title

LEFT_OUT = "left out"
#: What this release writes as ``code``: a report from elsewhere may hold anything there.
_REFUSALS = "ip_refused invalid_key expired bad_signature clock_skew bad_passphrase permission_denied wrong_environment"
_CODES = frozenset([*_REFUSALS.split(), "rate_limited", "unreachable", "settling", "ambiguous", "accepted", "withdraw"])
_SAID: t.Mapping[str, str] = {FAIL: "this does not hold", UNKNOWN: "nobody can say whether this holds"}


def public(document: Document) -> dict[str, t.Any]:
    """Return the report (from :func:`_schema.read`) without addresses, labels, account ids and names."""
    names = _Names()
    lines = [
        {
            "key": names.key(line["host"], line["key"]),
            "host": names.host(line["host"]),
            "exchange": _exchange(line["exchange"]),
            "service": None,
            "seen_from": [],
            "verdict": line["verdict"],
        }
        for line in document["lines"]
    ]
    kept = {
        name: document[name]
        for name in ("schema", "judged_at", "gate", "fail_on", "fail_on_unknown", "policy_digest", "hosts", "counts")
    }
    result = {
        **kept,
        "collection_version": _version(document["collection_version"]),
        "loosened": [LEFT_OUT for _each in document["loosened"]],
        "lines": lines,
        "findings": [_finding(each, names) for each in document["findings"]],
        "blocking": [_finding(each, names) for each in document["blocking"]],
    }
    if "fleet" in document:
        result["fleet"] = _fleet(document["fleet"], names)
    return result


class _Names:
    """Numbers in place of names, the same for the same name in one report."""

    def __init__(self) -> None:
        self._hosts: dict[str, str] = {}
        self._keys: dict[tuple[str | None, str], str] = {}

    def host(self, name: str) -> str:
        return self._hosts.setdefault(name, f"host-{len(self._hosts) + 1}")

    def key(self, host: str | None, name: str) -> str:
        return self._keys.setdefault((host, name), f"key-{len(self._keys) + 1}")


def _finding(finding: Document, names: _Names) -> dict[str, t.Any]:
    host, key = finding["subject"]["host"], finding["subject"]["key"]
    spared = finding["spared"]
    return {
        "rule": _rule(finding["rule"]),
        **{name: finding[name] for name in ("status", "severity", "basis")},
        "subject": {
            "host": None if host is None else names.host(host),
            "key": None if key is None else names.key(host, key),
            "service": None,
        },
        "evidence": f"{_SAID.get(finding['status'], finding['status'])}: {title(_rule(finding['rule']))}",
        "remedy": None,
        "paste": None,
        "root": None if finding["root"] is None else _rule(finding["root"]),
        "waiver": None if finding["waiver"] is None else "waived",
        "code": finding["code"] if finding["code"] in _CODES else None,
        "spared": None if spared is None else "spared",
    }


def _fleet(fleet: Document, names: _Names) -> dict[str, t.Any]:
    coverage = fleet["coverage"]
    not_seen = [
        {"host": names.host(each["host"]), "key": names.key(each["host"], each["key"]), "why": LEFT_OUT}
        for each in coverage["not_seen"]
    ]
    return {
        "partial": fleet["partial"],
        "coverage": {**coverage, "not_seen": not_seen},
        "problems": [LEFT_OUT for _each in fleet["problems"]],
        "allowlists": [],
        "addresses": [],
        "baseline": fleet["baseline"],
        "previous": fleet["previous"],
    }


def _rule(name: str) -> str:
    return name if name in RULES else "unknown-rule"


def _exchange(name: str) -> str:
    return name if find(name) is not None else OTHER


def _version(text: str) -> str:
    return text if text.replace(".", "").isdigit() else LEFT_OUT
