# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares an allowlist with addresses, on the controller: the ``allowlist-*`` rules of the policy on plain lists."""

from __future__ import annotations

import typing as t

from ..module_utils._allowlist._cover import missing, undecided, unused
from ..module_utils._allowlist._grammar import parse_entry, read_address
from ..module_utils._allowlist._lint import lint, paste_text
from ..module_utils._allowlist._rule import AllowlistGrammar
from ..module_utils._errors import InputError
from ..module_utils._exchanges._registry import find, names
from ..module_utils._facts import Access, Allowlist, EgressFacts, KeyFacts, ObservedKey, Path
from ..module_utils._policy._case import shown
from ..module_utils._policy._engine import Report, judge
from ..module_utils._policy._finding import SEVERITIES
from ..module_utils._policy._gates import NEVER
from ..module_utils._policy._rules import RULES
from ..module_utils._policy._settings import Policy
from ..module_utils._version import VERSION
from ..plugin_utils import _report
from ..plugin_utils._facts_files import plain
from ..plugin_utils._judge_action import JudgeAction, instant_text, list_of, now_of

_THRESHOLDS = [*SEVERITIES, NEVER]
_RULES = frozenset(rule for rule in RULES if rule.startswith("allowlist-")) | {"ip-restriction-required"}
_COVERS = "allowlist-covers-host"


class ActionModule(JudgeAction):
    argument_spec: t.ClassVar[dict[str, t.Any]] = {
        "exchange": {"type": "str", "choices": list(names()), "default": "other"},
        "name": {"type": "str", "default": "allowlist"},
        "entries": {"type": "raw", "required": True},
        "addresses": {"type": "raw"},
        "addresses_complete": {"type": "bool", "default": False},
        "owned_prefixes": {"type": "list", "elements": "str", "default": []},
        "paste_confirmed": {"type": "bool", "default": False},
        "fail_on": {"type": "str", "choices": _THRESHOLDS, "default": "high"},
        "fail_on_unknown": {"type": "str", "choices": _THRESHOLDS, "default": NEVER},
    }

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Compare, judge, and write the text to paste if a person vouches for the addresses."""
        now = now_of(None)
        entries = _texts(options["entries"], "entries")
        addresses = _texts(options.get("addresses"), "addresses")
        if options.get("addresses") is not None and not addresses:
            mend = "learn the host's addresses first; leave the option out to look at the entries alone"
            raise InputError(field="addresses", problem="is empty, so nothing could be found missing", mend=mend)
        families = _families(addresses)
        owned = [str(plain(prefix)) for prefix in options["owned_prefixes"]]
        exchange = find(options["exchange"])
        grammar = exchange.allowlist_rule().grammar if exchange is not None else AllowlistGrammar()
        report = judge(
            keys=[
                _key(options, host=self.host, entries=entries, owned=owned, families=families, today=instant_text(now))
            ],
            egress=[_egress(self.host, family, found, instant_text(now)) for family, found in families.items()],
            policy=Policy(),
            now=now,
            exchange_of=find,
            fail_on=options["fail_on"],
            fail_on_unknown=options["fail_on_unknown"],
            confirmed=options["paste_confirmed"],
            rules=_RULES if addresses else _RULES - {_COVERS},
        )
        result = _compared(entries, addresses, owned=owned, grammar=grammar)
        result["paste"] = None
        if options["paste_confirmed"]:
            gone = set(result["unused"]) if options["addresses_complete"] else set()
            paste = paste_text(
                keep=[entry for entry in entries if entry not in gone],
                add=result["missing"],
                remove_later=[entry for entry in entries if entry in gone],
                grammar=grammar,
                owned_prefixes=owned,
            )
            result["paste"] = {"line": paste.line, "text": paste.text.splitlines()}
        return {**result, **_judged(report, fails=options["fail_on"] != NEVER, now=now)}


def _texts(value: t.Any, name: str) -> list[str]:
    given = list_of(value, name)
    for index, each in enumerate(given):
        if not isinstance(each, str):
            raise InputError(field=f"{name}[{index}]", value=str(each), problem="is not text", mend="put it in quotes")
    return given


def _families(addresses: t.Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for index, address in enumerate(addresses):
        try:
            version, _value = read_address(address)
        except InputError:
            mend = "write one such as 8.8.8.8 or 2606:4700::1111"
            raise InputError(
                field=f"addresses[{index}]", value=shown(address), problem="is not one IP address", mend=mend
            ) from None
        found.setdefault(f"ipv{version}", []).append(address)
    return found


def _key(
    options: t.Mapping[str, t.Any],
    *,
    host: str,
    entries: t.Sequence[str],
    owned: t.Sequence[str],
    families: t.Mapping[str, t.Sequence[str]],
    today: str,
) -> KeyFacts:
    """Return the facts of a key that nobody asked for: its allowlist is what the caller gave."""
    allowlist = Allowlist("entries", tuple(entries)) if entries else Allowlist("unrestricted")
    # Who runs the task vouches for the prefixes that it names.
    word = {"by": "the caller", "on": today[:10]}
    return KeyFacts(
        name=str(options["name"]),
        exchange=str(options["exchange"]),
        environment="",
        region="",
        host=host,
        access=Access("not_asked"),
        asked_at=today,
        path=_path(next(iter(families)) if len(families) == 1 else "any"),
        observed=ObservedKey(masked_id="", allowlist=allowlist),
        declared={"owned_prefixes": list(owned), "attested": {"owned_prefixes": word}} if owned else {},
    )


def _path(family: str) -> Path:
    return Path(user="", family=family)


def _egress(host: str, family: str, addresses: t.Sequence[str], today: str) -> EgressFacts:
    return EgressFacts(
        host=host,
        family=family,
        path=_path(family),
        status="agreed",
        asked_at=today,
        addresses=tuple(addresses),
        basis="given",
    )


def _compared(
    entries: t.Sequence[str], addresses: t.Sequence[str], *, owned: t.Sequence[str], grammar: AllowlistGrammar
) -> dict[str, t.Any]:
    parsed = [parse_entry(entry, rule=grammar) for entry in entries]
    lacking = list(missing(parsed, addresses))
    doubtful = list(undecided(parsed, addresses))
    reports = lint(parsed, grammar=grammar, owned_prefixes=owned)
    return {
        "covered": [address for address in addresses if address not in lacking and address not in doubtful],
        "missing": lacking,
        "undecided": doubtful,
        "unsuitable": [
            {"entry": shown(report.entry.text), "why": [shown(message, limit=200) for message in report.messages]}
            for report in reports
            if report.not_public is not None or report.malformed
        ],
        "too_wide": [
            {"entry": shown(report.entry.text), "severity": report.too_wide} for report in reports if report.too_wide
        ],
        "unused": [shown(entry.text) for entry in unused(parsed, addresses)] if addresses else [],
    }


def _judged(report: Report, *, fails: bool, now: float) -> dict[str, t.Any]:
    document = _report.document(report, gate="audit", judged_at=instant_text(now), version=VERSION)
    blocked = bool(report.blocking)
    result = {
        "findings": document["findings"],
        "counts": document["counts"],
        "blocked": blocked,
        "failed": blocked and fails,
    }
    if blocked:
        result["msg"] = _report.sentence(document)
    return result
