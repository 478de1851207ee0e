# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.adoption`` does."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._credential import _formats, _programs
from ...module_utils._credential._texts import is_variable
from ...module_utils._exchanges._registry import OTHER
from .._enrollment import EnrollmentError, question, refuse_strange

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPTIONS = ("path", "name", "service", "entries", "api_key")
#: What a person does about a secret in clear that no program's form holds.
_BY_HAND = {
    "unit": "place the value with trading.hosts.credential, let the unit load it, and take it out of the unit",
    "history": "remove the line, and take the key for known",
    "environment": "stop what starts it so, place the key, and let the service load the credential",
    "command_line": "stop what starts it so, place the key, and let the service load the credential",
    "git_config": "remove it, and take it for known",
}
_OTHER_FILE = (
    "it is in no form that can be read here (YAML, a template, encrypted, a script, or it does not say its exchange): "
    "place the key with trading.hosts.enroll or trading.hosts.credential, change the program over, and remove it"
)


@dataclasses.dataclass(frozen=True)
class _Wanted:
    path: str
    name: str
    service: str | None
    entries: t.Sequence[str] | None
    api_key: str | None


class _CannotError(Exception):
    """Why the keys of a file cannot be adopted."""


def adoption(
    scanned: t.Any, credentials: t.Any, files: t.Any = (), api_keys: t.Any = (), documents: t.Any = ()
) -> dict[str, list[t.Any]]:
    """Return the plans; raises ``AnsibleFilterError`` for a mistake in ``files``."""
    found: list[dict[str, t.Any]] = list(scanned.get("found_keys") or ())
    placed = {held["name"]: held for held in credentials if not held["superseded"]}
    known = {key["name"]: key for key in api_keys}
    homes = [(name, document["name"]) for document in documents for name in document["api_keys"]]
    wanted = _wanted(files) if files else _all(found)
    plans: list[dict[str, t.Any]] = []
    refused: list[str] = []
    for each in wanted:
        keys = [key for key in found if each.path in (key["path"], *key["also_in"])]
        if each.entries is not None:
            keys = [key for key in keys if key["entry"] in each.entries]
        if not keys and each.name in placed:
            continue  # done before
        try:
            planned = _plan(each, keys, placed=placed, known=known)
            _refuse_taken(planned, homes=homes)
            plans.append(planned)
        except _CannotError as error:
            refused.append(f"{each.path} is not adopted: {error}.")
    _check_names(plans)
    covered = {path for plan in plans for path in plan["files"]}
    left = [path for key in found for path in (key["path"], *key["also_in"]) if path not in covered]
    told = (
        [f"{path}: it holds a key that was not named; adopt it too." for path in dict.fromkeys(left)] if files else []
    )
    covered |= set(left)
    return {
        "plans": plans,
        "refused": refused if files else [],
        "by_hand": [*(told if files else refused), *_by_hand(scanned.get("exposed") or (), covered=covered)],
    }


def _wanted(files: t.Any) -> list[_Wanted]:
    wanted = []
    for index, each in enumerate(files):
        if not isinstance(each, dict) or not str(each.get("path") or "").startswith("/") or set(each) - set(_OPTIONS):
            raise AnsibleFilterError(
                f"files[{index}] is no mapping with an absolute path; give {', '.join(_OPTIONS)}, nothing else."
            )
        path = str(each["path"])
        wanted.append(
            _Wanted(
                path=path,
                name=str(each.get("name") or _name(path)),
                service=each.get("service") or None,
                entries=each.get("entries") or None,
                api_key=each.get("api_key") or None,
            )
        )
    return wanted


def _all(found: t.Sequence[t.Mapping[str, t.Any]]) -> list[_Wanted]:
    """Return each file once, and of passivbot's each account: a bot needs one, and gets no more."""
    wanted: dict[tuple[str, str | None], _Wanted] = {}
    for key in found:
        name, entry = _name(key["path"]), key["entry"] if key["program"] == _formats.PASSIVBOT else None
        if entry is not None:
            name = _name(f"{key['path']}-{entry}")
        each = _Wanted(key["path"], name, None, None if entry is None else [entry], None)
        wanted.setdefault((key["path"], entry), each)
    return list(wanted.values())


def _name(path: str) -> str:
    """Return a name for the credential of a file, the same in every run."""
    return re.sub(r"[^A-Za-z0-9_@+.-]+", "-", path.strip("/"))[-100:].lstrip(".@+-") or "adopted"


def _plan(
    wanted: _Wanted,
    keys: t.Sequence[t.Mapping[str, t.Any]],
    *,
    placed: t.Mapping[str, t.Mapping[str, t.Any]],
    known: t.Mapping[str, t.Mapping[str, t.Any]],
) -> dict[str, t.Any]:
    if not keys:
        raise _CannotError(
            "the scan found no key in a form that is known here, in this file or of these entries; see docs/adopt.md"
        )
    sources = {key["path"] for key in keys}
    if len(sources) > 1:
        raise _CannotError(f"its keys are newer in {', '.join(sorted(sources))}; name those files")
    (path,) = sources
    form = _form(keys)
    several = len(keys) > 1 or form in _formats.NAMED
    names = [_key_name(key, wanted=wanted, several=several) for key in keys]
    template = _template(keys, names if several else None) if form == _formats.TEMPLATE else None
    shape = {"name": wanted.name, "format": form, **({"template": template} if template else {})}
    entries = [
        {"path": path, "entry": key["entry"], **({"account": name} if several else {})}
        for key, name in zip(keys, names, strict=True)
    ]
    held = placed.get(wanted.name)
    return {
        "name": wanted.name,
        "path": wanted.path,
        # The one that is read goes last, so that the copies are found with it until then.
        "files": [*sorted({other for key in keys for other in key["also_in"]}), path],
        "service": wanted.service,
        "is_placed": held is not None and held["decryptable"] == "yes" and _holds(held, keys),
        "questions": [_question(key, name, known=known) for key, name in zip(keys, names, strict=True)],
        "request": {**shape, "read_from": entries},
        "document": {**shape, "api_keys": names},
        "api_keys": [_registered(key, name, wanted=wanted) for key, name in zip(keys, names, strict=True)],
        "how": _how(_read_as(form, keys[0]["program"]), name=wanted.name, path=wanted.path, account=names[0]),
    }


def _holds(held: t.Mapping[str, t.Any], keys: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    """Tell whether the credential has all of these keys; one that does not tell its keys is taken to have them."""
    there = {key["masked_id"] for key in held.get("api_keys") or ()}
    return not there - {None} or {key["masked_id"] for key in keys} <= there


def _refuse_taken(plan: t.Mapping[str, t.Any], *, homes: t.Collection[tuple[str, str]]) -> None:
    """Refuse a key of the name of another one: of the two only one would be asked about from then on."""
    for key in plan["api_keys"]:
        there = [document for name, document in homes if name == key["name"]]
        if there and plan["name"] not in there:
            raise _CannotError(
                f"its key would be called {key['name']}, as the inventory calls the one in the credential {there[0]} "
                "already; rename the account in the file, or give another name or api_key"
            )


def _form(keys: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return the form in which the program reads exactly these fields under these names, at these places."""
    program = str(keys[0]["program"])
    if program == "dotenv":
        if bad := [name for key in keys for name in key["names"].values() if not is_variable(name)]:
            raise _CannotError(
                f"the variable {bad[0]} is not in capitals; place it by hand with trading.hosts.credential"
            )
        if all(_has_names(key, _nautilus(key)) for key in keys) and len({key["exchange"] for key in keys}) == len(keys):
            return _formats.NAUTILUS
        return _formats.TEMPLATE
    own: tuple[str, ...] = (program,)
    if program == "ccxt":
        # Of a key alone these forms make a document without a name, and this file has the key below one.
        below = keys[0]["entry"] is not None and len(keys) == 1
        own = () if below else (_formats.CCXT, _formats.JSON)
    return next((form for form in own if all(_has_names(key, _names(form, key)) for key in keys)), _formats.TEMPLATE)


def _names(form: str, key: t.Mapping[str, t.Any]) -> t.Mapping[str, str]:
    if form == _formats.PASSIVBOT:
        return _programs.passivbot_names(exchange=_programs.exchange_of(form=form, exchange=key["spelled"]))
    return {_formats.FREQTRADE: _programs.FREQTRADE, _formats.CCXT: _programs.CCXT, _formats.JSON: _programs.OWN}[form]


def _has_names(key: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> bool:
    return all(names.get(field) == name for field, name in key["names"].items())


def _nautilus(key: t.Mapping[str, t.Any]) -> t.Mapping[str, str]:
    exchange = _programs.exchange_of(form=_formats.NAUTILUS, exchange=key["exchange"])
    return _programs.NAUTILUS.get(exchange, {})


def _template(keys: t.Sequence[t.Mapping[str, t.Any]], names: t.Sequence[str] | None) -> str:
    """Return a template by which the document has the names of the file, at the places where that has them."""
    whole: dict[str, t.Any] = {}
    for index, key in enumerate(keys):
        before = f"{names[index]}." if names else ""
        fields = {name: f"{{{before}{field}}}" for field, name in key["names"].items()}
        if key["program"] == _formats.PASSIVBOT:
            fields = {"exchange": key["spelled"], **fields}
        place = "exchange" if key["program"] == _formats.FREQTRADE else key["entry"]
        whole.update(fields if key["program"] == "dotenv" or place is None else {place: fields})
    if keys[0]["program"] == "dotenv":
        return "".join(f"{name}='{value}'\n" for name, value in whole.items())
    return json.dumps(whole, indent=2) + "\n"


def _key_name(key: t.Mapping[str, t.Any], *, wanted: _Wanted, several: bool) -> str:
    if not several:
        return wanted.api_key or wanted.name
    name = str(key["entry"] or "")
    if not _ACCOUNT.fullmatch(name):
        raise _CannotError(
            f"its account {name!r} has a name that none in a credential can have; use letters, digits, _ and -"
        )
    return name


def _question(
    key: t.Mapping[str, t.Any], name: str, *, known: t.Mapping[str, t.Mapping[str, t.Any]]
) -> dict[str, t.Any]:
    try:
        refuse_strange(known.get(name, {}))
    except EnrollmentError as error:
        raise _CannotError(str(error).rstrip(".")) from None
    asked = {**question(known.get(name, {})), **_exchange(key), "name": name}
    if key["exchange"] == OTHER:
        return {**asked, "declared": {**asked.get("declared", {}), "ccxt_id": key["ccxt_id"]}}
    return {**asked, "file": {"path": key["path"], "entry": key["entry"]}}


def _exchange(key: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {"exchange": key["exchange"], **({"region": key["region"]} if key["region"] != "global" else {})}


def _registered(key: t.Mapping[str, t.Any], name: str, *, wanted: _Wanted) -> dict[str, t.Any]:
    declared = {
        **({"ccxt_id": key["ccxt_id"]} if key["exchange"] == OTHER else {}),
        **({"service": wanted.service} if wanted.service else {}),
    }
    return {"name": name, **_exchange(key), "declared": declared}


def _check_names(plans: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    for what, names in (
        ("credential", [plan["name"] for plan in plans]),
        ("key", [key["name"] for plan in plans for key in plan["api_keys"]]),
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise AnsibleFilterError(
                f"Two files would make the {what} {twice[0]}; adopt one after the other by files, with another name, "
                "entries or api_key."
            )


def _read_as(form: str, program: str) -> str:
    """Return the program as which it reads a file: its own, or any that reads JSON."""
    return "ccxt" if form == _formats.TEMPLATE and program != "dotenv" else program


def _how(program: str, *, name: str, path: str, account: str) -> dict[str, str]:
    """Return how a service reads the credential by a role of ours, and in a unit of a person's own."""
    role = f"With the role trading_service: trading_service_credentials: [{name}]"
    own = f"the program reads ${{CREDENTIALS_DIRECTORY}}/{name}"
    told = {
        "freqtrade": (
            f"With the role freqtrade: freqtrade_credentials: [{name}].",
            f"behind the other --config, --config ${{CREDENTIALS_DIRECTORY}}/{name}",
        ),
        "passivbot": (
            (
                f"With the role passivbot: passivbot_credentials: [{name}] and passivbot_account: {account}. {role} "
                "and trading_service_links with api-keys.json in the directory where it runs, which must not be that "
                f"of {path}."
            ),
            f"a link api-keys.json to {name} in its credentials' directory",
        ),
        "ccxt": (
            f"{role}, and the program reads %d/{name}; or trading_service_joined_files lays it over {path}.",
            own,
        ),
        "dotenv": (
            (
                f"{role} and trading_service_environment_from: [{name}]; the other variables of {path} go to "
                "trading_service_environment."
            ),
            f"{own} in place of its variables",
        ),
    }
    return dict(zip(("role", "own"), told[program], strict=True))


def _by_hand(exposed: t.Sequence[t.Mapping[str, t.Any]], *, covered: t.Collection[str]) -> list[str]:
    """Return a sentence for each place that no plan covers, the same place once."""
    told: dict[str, None] = {}
    for each in exposed:
        if each["path"] in covered or each["from_credential"]:
            continue
        where = each["path"] or f"process {each['pid']} ({each['program']}, its {str(each['kind']).replace('_', ' ')})"
        told.setdefault(f"{where}: {_BY_HAND.get(each['kind'], _OTHER_FILE)}.")
    return list(told)
