# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory and the last facts tell of keys that may have to be deleted. Private to this collection.

In an emergency a mistake on one host must not keep anybody from the keys of the others: it is said, and the rest
counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import typing as t

from ansible.errors import AnsibleError

from ..module_utils._errors import InputError
from ..module_utils._facts import ACCEPTED, KeyFacts, key_facts
from ..module_utils._policy._fleet import GivenId
from ._facts_files import FactsFile, plain, read_usable
from ._inventory_keys import DeclaredKey, Marks, keys_of_host, open_rows, raw_getter
from ._registry_rules import API_KEYS, DOCUMENTS
from ._revocation import Candidate

_BOTS = "trading_host_services"
_SERVICES = "exchange_credentials_revoke_services"
_Place = tuple[str, str]


def candidates_of(hostvars: t.Any, *, facts: str) -> tuple[list[Candidate], list[str]]:
    """Return all keys of all hosts, and sentences about what could not be used.

    ``facts`` is a directory of facts; where it is not there, nothing was seen. No secret is read.
    """
    seen, in_clear, loaded, problems = _seen(facts)
    raw_of, loader = raw_getter(hostvars), getattr(hostvars, "_loader", None)
    found: dict[_Place, Candidate] = {}
    for host in hostvars:
        raw = raw_of(host)
        try:
            keys = keys_of_host(host=host, raw=raw, variables=[API_KEYS], loader=loader, marks=None)
        except InputError as error:
            problems.append(str(error))
            continue
        try:
            documents = _documents(host, raw, loader=loader)
        except InputError as error:
            problems.append(str(error))
            documents = {}
        bots = _bots(host, raw, loader=loader) if keys else {}
        for key in keys:
            holds = [name for name, names in documents.items() if key.name in names]
            holds += [key.credential] if key.credential else []
            users = [str(key.declared["service"])] if key.declared.get("service") else []
            users += [name for name, credentials in bots.items() if set(credentials) & set(holds)]
            users += [unit for name in holds for unit in loaded.get((host, name), ())]
            found[key.host, key.name] = _declared(key, documents=holds, services=users)
    for place, fact in seen.items():
        one = found.get(place)
        if one is None and place[0] in hostvars:
            found[place] = _with_fact(_undeclared(fact), fact, file=in_clear.get(place))
        # Facts of another site are about another key of that name.
        elif one is not None and _is_site_of(one, fact):
            found[place] = _with_fact(one, fact, file=in_clear.get(place))
    return list(found.values()), problems


def with_ids(candidates: t.Sequence[Candidate], hostvars: t.Any, *, hosts: t.Collection[str]) -> list[Candidate]:
    """Return the same, with what the inventory holds of the ids of these hosts' keys, as far as it can be read here.

    Of an id only its ends and a mark are kept.
    """
    raw_of, loader, marks = raw_getter(hostvars), getattr(hostvars, "_loader", None), Marks()
    ids: dict[_Place, GivenId] = {}
    for host in hosts:
        with contextlib.suppress(InputError):
            keys = keys_of_host(host=host, raw=raw_of(host), variables=[API_KEYS], loader=loader, marks=marks)
            ids.update({(key.host, key.name): key.id for key in keys if key.id is not None})
    return [
        dataclasses.replace(each, id=ids[each.place].masked, mark=ids[each.place].mark) if each.place in ids else each
        for each in candidates
    ]


def services_declared(hostvars: t.Any, *, hosts: t.Collection[str]) -> tuple[dict[str, dict[str, t.Any]], list[str]]:
    """Return what the services of these hosts declare to do, and a sentence for each host of which nobody can tell.

    A host that declares nothing is left out.
    """
    found, mistakes = {}, []
    for host in hosts:
        if raw_getter(hostvars)(host).get(_SERVICES) is None:
            continue
        try:
            found[host] = plain(hostvars[host][_SERVICES])
        except AnsibleError:
            problem, mend = "cannot be resolved", "mend the variable"
            mistakes.append(str(InputError(field=f"{_SERVICES} of {host}", problem=problem, mend=mend)))
    return found, sorted(mistakes)


def _declared(key: DeclaredKey, *, documents: t.Iterable[str], services: t.Iterable[str]) -> Candidate:
    label, account = key.declared.get("label"), key.declared.get("account")
    return Candidate(
        host=key.host,
        name=key.name,
        exchange=key.declared["exchange"],
        environment=key.declared["environment"],
        region=key.region,
        declared=key.declared,
        where=key.where,
        account=str(account) if account else None,
        label=str(label) if label else None,
        documents=tuple(dict.fromkeys(documents)),
        services=tuple(dict.fromkeys(name.removesuffix(".service") for name in services)),
    )


def _undeclared(fact: KeyFacts) -> Candidate:
    return Candidate(
        host=fact.host, name=fact.name, exchange=fact.exchange, environment=fact.environment, region=fact.region
    )


def _is_site_of(one: Candidate, fact: KeyFacts) -> bool:
    """Return whether the facts are of the site that the key is declared for."""
    same = (one.exchange, one.environment) == (fact.exchange, fact.environment)
    return same and (one.region or "global") == (fact.region or "global")


def _with_fact(one: Candidate, fact: KeyFacts, *, file: t.Mapping[str, t.Any] | None) -> Candidate:
    told: dict[str, t.Any] = {
        "region": one.region or fact.region,
        "file": file,
        "known": fact.access.status in (ACCEPTED, "permission_denied"),
    }
    if fact.observed is not None:
        seen = fact.observed
        told.update(
            id=one.id or seen.masked_id,
            account=seen.account.id or one.account,
            parent_account=seen.account.parent_id,
            label=seen.label or one.label,
            permissions=None if seen.permissions is None else frozenset(seen.permissions),
            seen_on=fact.asked_at[:10],
        )
    return dataclasses.replace(one, **told)


def _documents(host: str, raw: t.Mapping[str, t.Any], *, loader: t.Any) -> dict[str, list[str]]:
    rows = open_rows(host=host, raw=raw, variable=DOCUMENTS, fields=("name", "api_keys"), loader=loader)
    return {
        str(row["name"]): [str(name) for name in row["api_keys"]]
        for row in rows
        if row.get("name") and isinstance(row.get("api_keys"), list)
    }


def _bots(host: str, raw: t.Mapping[str, t.Any], *, loader: t.Any) -> dict[str, list[str]]:
    """Return the credentials of each service, as far as the inventory tells: the host itself tells the rest."""
    try:
        fields = ("name", "credentials", "settings")
        rows = open_rows(host=host, raw=raw, variable=_BOTS, fields=fields, loader=loader)
    except InputError:
        return {}
    found = {}
    for row in rows:
        settings = row.get("settings")
        given = row.get("credentials") or (settings.get("credentials") if isinstance(settings, dict) else None)
        found[str(row.get("name"))] = [str(name) for name in given] if isinstance(given, list) else []
    return found


def _seen(
    directory: str,
) -> tuple[dict[_Place, KeyFacts], dict[_Place, dict[str, t.Any]], dict[_Place, list[str]], list[str]]:
    """Return what an earlier run learned.

    These are the facts of keys, where those in clear lie, which units load which credential, and sentences about files
    that cannot be used.
    """
    facts: dict[_Place, KeyFacts] = {}
    in_clear: dict[_Place, dict[str, t.Any]] = {}
    loaded: dict[_Place, list[str]] = {}
    if not directory or not os.path.isdir(os.path.expanduser(directory)):
        return facts, in_clear, loaded, []

    def add(file: FactsFile) -> None:
        if file.kind == "api_keys":
            for index, each in enumerate(file.facts):
                fact = key_facts(each, where=f"{file.path} facts[{index}]")
                facts[file.host, fact.name] = dataclasses.replace(fact, host=file.host)
        elif file.kind == "credentials":
            for each in file.facts:
                units = each.get("loaded_by")
                loaded[file.host, str(each.get("name"))] = [str(u) for u in units] if isinstance(units, list) else []
        elif file.kind == "exposed":
            found = file.rest.get("found_keys")
            for each in found if isinstance(found, list) else []:
                in_clear[file.host, str(each.get("name"))] = {"path": each.get("path"), "entry": each.get("entry")}

    problems = [each.why for each in read_usable(sources=[directory], add=add)]
    return facts, in_clear, loaded, problems
