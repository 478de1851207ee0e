# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy: the numbers and words that rules compare with, strictly read, with every loosening named.

The defaults here are the shipped policy. Private to this collection.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import typing as t

from .._declared import check_day
from .._errors import InputError
from .._facts import PERMISSION_WORDS
from ._finding import RANK, SEVERITIES

#: Rules that neither a waiver nor a severity can soften: who may write the inventory could switch the policy off.
UNWAIVABLE = frozenset(("withdrawal-forbidden", "host-key-bound", "observed-at-official-host", "policy-loosened"))

_MONEY_OUT = ("spend", "transfer_out")
_MANAGEMENT = ("manage_keys", "transfer_sub")
_THEFT = ("unsaid", "in_scope", "out_of_scope")
_KEY_TYPES = ("any", "host", "tpm2", "host+tpm2", "age")


@dataclasses.dataclass(frozen=True)
class Policy:
    """What a key is held against. Days are whole days, ``max_fact_age`` is in seconds.

    ``severities`` replaces the severity of a rule, ``forbidden_words`` are permissions no key may have (``withdraw``
    always is), ``accepted_inseparable`` lists, per exchange, permissions beyond the declared ones that the owner
    accepted because the exchange cannot grant less. ``enforce_from`` names days (``YYYY-MM-DD``) before which a rule's
    findings are reported and stop nothing: an upgrade that brings a rule must not stop a fleet overnight.
    ``require_key_lists`` wants to know all keys of an account wherever its exchange lists them; ``known_keys`` are, per
    exchange, masked ids of keys that are known and that no host declares.
    """

    severities: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    forbidden_words: tuple[str, ...] = _MONEY_OUT + _MANAGEMENT
    accepted_inseparable: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    expiry_days_medium: int = 30
    expiry_days_high: int = 14
    expiry_days_critical: int = 3
    key_age_days: int = 180
    attestation_days: int = 180
    review_days: int = 90
    waiver_days: int = 90
    waiver_days_critical: int = 30
    max_fact_age: int = 3600
    credential_key_type: str = "any"
    theft_of_disk: str = "unsaid"
    enforce_from: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    require_key_lists: bool = False
    known_keys: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @property
    def money_out(self) -> frozenset[str]:
        """The forbidden words by which money leaves without a withdrawal."""
        return frozenset(w for w in self.forbidden_words if w not in _MANAGEMENT)

    @property
    def management(self) -> frozenset[str]:
        """The forbidden words by which a key manages keys or sub-accounts."""
        return frozenset(w for w in self.forbidden_words if w in _MANAGEMENT)

    def digest(self, *, defaults: t.Mapping[str, str]) -> str:
        """Return the SHA-256 of the effective policy; ``defaults`` holds every rule's shipped severity."""
        effective = {**_plain(self), "severities": {**defaults, **self.severities}}
        canonical = json.dumps(effective, sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()

    def loosened(self, *, defaults: t.Mapping[str, str]) -> tuple[str, ...]:
        """Return one sentence for each way in which this policy is milder than the shipped one."""
        shipped = Policy()
        said = [
            f"{rule} is {given} instead of {defaults[rule]}"
            for rule, given in sorted(self.severities.items())
            if RANK[given] < RANK[defaults[rule]]
        ]
        for name in _MORE_IS_STRICTER + _LESS_IS_STRICTER:
            ours, theirs = getattr(self, name), getattr(shipped, name)
            if (ours < theirs) if name in _MORE_IS_STRICTER else (ours > theirs):
                said.append(f"{name} is {ours} instead of {theirs}")
        dropped = [word for word in shipped.forbidden_words if word not in self.forbidden_words]
        if dropped:
            said.append(f"forbidden_words lacks {', '.join(dropped)}")
        said += [
            f"accepted_inseparable lets {exchange} keys have {', '.join(words)}"
            for exchange, words in sorted(self.accepted_inseparable.items())
            if words
        ]
        said += [
            f"known_keys lets {exchange} accounts have the keys {', '.join(ids)}"
            for exchange, ids in sorted(self.known_keys.items())
            if ids
        ]
        said += [f"{rule} is enforced only from {day}" for rule, day in sorted(self.enforce_from.items())]
        if self.theft_of_disk == "out_of_scope":
            said.append("theft_of_disk is out_of_scope")
        return tuple(said)


def _plain(policy: Policy) -> dict[str, t.Any]:
    return {field.name: getattr(policy, field.name) for field in dataclasses.fields(policy)}


#: A warning that comes earlier is stricter; an age, an attestation or a waiver that lasts longer is milder.
_MORE_IS_STRICTER = ("expiry_days_medium", "expiry_days_high", "expiry_days_critical")
_LESS_IS_STRICTER = (
    "key_age_days",
    "attestation_days",
    "review_days",
    "waiver_days",
    "waiver_days_critical",
    "max_fact_age",
)


def read_policy(given: t.Mapping[str, t.Any] | None, *, rules: t.Collection[str], where: str = "policy") -> Policy:
    """Read what a person wrote; ``rules`` are the known rule ids. Raises ``InputError`` in one sentence."""
    values: dict[str, t.Any] = {}
    known = [field.name for field in dataclasses.fields(Policy)]
    for name, value in (given or {}).items():
        if name not in known:
            raise InputError(
                field=where, value=str(name), problem="is not a setting", mend=f"use one of {', '.join(sorted(known))}"
            )
        reader: _Reader = _READERS.get(name, _whole_number)
        values[name] = reader(value, f"{where}.{name}", rules)
    policy = Policy(**values)
    _check_steps(policy, where=where)
    return policy


def _check_steps(policy: Policy, *, where: str) -> None:
    if not policy.expiry_days_critical <= policy.expiry_days_high <= policy.expiry_days_medium:
        raise InputError(
            field=f"{where}.expiry_days_medium",
            value=str(policy.expiry_days_medium),
            problem="the days of expiry must not grow with the severity",
            mend="keep expiry_days_critical <= expiry_days_high <= expiry_days_medium",
        )


def _whole_number(value: t.Any, where: str, _rules: t.Collection[str]) -> int:
    try:
        if isinstance(value, (bool, float)):
            raise TypeError
        number = int(value)
    except (TypeError, ValueError):
        raise InputError(field=where, value=str(value), problem="is not a whole number", mend="give one") from None
    if not 0 <= number <= 10**9:
        raise InputError(field=where, value=str(value), problem="is out of range", mend="give 0 or more")
    return number


def _severities(value: t.Any, where: str, rules: t.Collection[str]) -> dict[str, str]:
    if not isinstance(value, t.Mapping):
        raise InputError(field=where, problem="is not a mapping", mend="write rule: severity")
    for rule, severity in value.items():
        if rule not in rules:
            raise InputError(
                field=where, value=str(rule), problem="is not a rule", mend="see docs/policy.md for their names"
            )
        if severity not in SEVERITIES:
            mend = f"use one of {', '.join(SEVERITIES)}"
            raise InputError(field=f"{where}.{rule}", value=str(severity), problem="is not a severity", mend=mend)
        if rule in UNWAIVABLE:
            raise InputError(field=where, value=str(rule), problem="has a fixed severity", mend="leave it out")
    return {str(rule): str(severity) for rule, severity in value.items()}


def _enforce_from(value: t.Any, where: str, rules: t.Collection[str]) -> dict[str, str]:
    if not isinstance(value, t.Mapping):
        raise InputError(field=where, problem="is not a mapping", mend="write rule: day")
    for rule, day in value.items():
        if rule not in rules:
            mend = "see docs/policy.md for their names"
            raise InputError(field=where, value=str(rule), problem="is not a rule", mend=mend)
        if rule in UNWAIVABLE:
            raise InputError(field=where, value=str(rule), problem="is always enforced", mend="leave it out")
        check_day(str(day), where=f"{where}.{rule}")
    return {str(rule): str(day) for rule, day in value.items()}


def _words(value: t.Any, where: str, _rules: t.Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise InputError(field=where, problem="is not a list", mend="list permission words")
    for word in value:
        if word not in PERMISSION_WORDS:
            mend = f"use some of {', '.join(sorted(PERMISSION_WORDS))}"
            raise InputError(field=where, value=str(word), problem="is not a permission word", mend=mend)
    # Withdrawal has a rule of its own that nothing switches off.
    return tuple(sorted({str(word) for word in value} - {"withdraw"}))


def _words_by_exchange(value: t.Any, where: str, rules: t.Collection[str]) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, t.Mapping):
        raise InputError(field=where, problem="is not a mapping", mend="write exchange: [permission words]")
    return {str(exchange): _words(words, f"{where}.{exchange}", rules) for exchange, words in value.items()}


def _truth(value: t.Any, where: str, _rules: t.Collection[str]) -> bool:
    if not isinstance(value, bool):
        raise InputError(field=where, value=str(value), problem="is not true or false", mend="write one of them")
    return value


#: As reports show the id of a key: its ends, and dots between them.
_MASKED_ID = re.compile(r"[!-~]{1,4}…[!-~]{0,4}")


def _known_keys(value: t.Any, where: str, _rules: t.Collection[str]) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, t.Mapping):
        raise InputError(field=where, problem="is not a mapping", mend="write exchange: [masked ids]")
    known = {}
    for exchange, ids in value.items():
        field = f"{where}.{exchange}"
        if not isinstance(ids, (list, tuple)):
            raise InputError(field=field, problem="is not a list", mend="list masked ids")
        shown = [str(each).replace("...", "…") for each in ids]
        if not all(map(_MASKED_ID.fullmatch, shown)):
            # A whole id is nothing that belongs into a message.
            mend = "write it as the report shows it, such as 0e15…77ac"
            raise InputError(field=field, problem="holds what is no masked id", mend=mend)
        known[str(exchange)] = tuple(shown)
    return known


def _key_type(value: t.Any, where: str, _rules: t.Collection[str]) -> str:
    if value not in _KEY_TYPES:
        mend = f"use one of {', '.join(_KEY_TYPES)}"
        raise InputError(field=where, value=str(value), problem="is not a key type", mend=mend)
    return str(value)


def _theft(value: t.Any, where: str, _rules: t.Collection[str]) -> str:
    if value not in _THEFT:
        mend = f"use one of {', '.join(_THEFT)}"
        raise InputError(field=where, value=str(value), problem="is not known", mend=mend)
    return str(value)


_Reader = t.Callable[[t.Any, str, t.Collection[str]], t.Any]
_READERS: t.Mapping[str, _Reader] = {
    "severities": _severities,
    "forbidden_words": _words,
    "accepted_inseparable": _words_by_exchange,
    "credential_key_type": _key_type,
    "theft_of_disk": _theft,
    "enforce_from": _enforce_from,
    "require_key_lists": _truth,
    "known_keys": _known_keys,
}
