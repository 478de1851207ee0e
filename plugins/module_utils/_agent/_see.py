# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is seen of a service's keys from inside its own unit. Private to this collection.

The learners of the shared packages ask, as the service's user, by its address families, with the credentials that
systemd has decrypted for it.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from .._credential._files import check_name
from .._credential._reader import read_file
from .._egress import _options as egress_options
from .._egress import _request as egress
from .._errors import InputError, TradingHostsError
from .._exchanges._clocks import measure
from .._exchanges._contract import Credential
from .._exchanges._learn import learn
from .._exchanges._options import Placed, check_credential, read_keys
from .._exchanges._placed import credential_in
from .._facts import ACCEPTED, ClockFacts, EgressFacts, KeyFacts
from ._declaration import Declaration

#: Seconds: for one request, for all keys, for one request to an exchange's clock, and to an IP source. systemd gives a
#: start 90 s, and all of it together must end well before.
_TIMEOUT = 8.0
_DEADLINE = 20.0
_CLOCK_TIMEOUT = 4.0
_SOURCE_TIMEOUT = 3.0


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was learned just now. ``problems`` are names of keys that could not be asked, and why."""

    keys: tuple[KeyFacts, ...] = ()
    clocks: tuple[ClockFacts, ...] = ()
    egress: tuple[EgressFacts, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class Learners(t.NamedTuple):
    """Those of the shared packages; tests put others in their place."""

    keys: t.Callable[..., tuple[KeyFacts, ...]] = learn
    clocks: t.Callable[..., tuple[ClockFacts, ...]] = measure
    egress: t.Callable[..., egress.Result] = egress.run


LEARNERS = Learners()


def observe(
    declaration: Declaration,
    *,
    credentials: str | None,
    learners: Learners = LEARNERS,
) -> Seen:
    """Ask the exchanges about the keys that the unit has loaded, then those that answered for their clocks."""

    def open_loaded(placed: Placed, field: str) -> Credential:
        return loaded(placed, field, directory=credentials)

    way = {
        "source_address": declaration.source_address,
        "proxy": declaration.proxy,
        "ca_path": declaration.ca_path,
        "ip_family": declaration.ip_family,
    }
    troubles = {given["name"]: _trouble(given, open_loaded=open_loaded) for given in declaration.api_keys}
    usable = [given for given in declaration.api_keys if troubles[given["name"]] is None]
    problems = tuple((name, trouble) for name, trouble in troubles.items() if trouble is not None)
    if not usable:
        return Seen(problems=problems)
    options = {**way, "api_keys": usable, "timeout": _TIMEOUT, "deadline": _DEADLINE}
    keys = learners.keys(options, host=declaration.host, open_placed=open_loaded)
    return Seen(
        keys=keys,
        clocks=_clocks(usable, keys=keys, way=way, host=declaration.host, learners=learners),
        egress=_egress(declaration, keys=keys, way=way, learners=learners),
        problems=problems,
    )


def loaded(placed: Placed, field: str, *, directory: str | None) -> Credential:
    """Return the credential that systemd has decrypted for the unit already. Nothing is decrypted here.

    Raises ``InputError`` where the unit does not load it or it lacks a key, ``StoreError`` where it cannot be read.
    """
    check_name(name=placed.name, field=f"{field}.name")
    read = None if directory is None else read_file(path=os.path.join(directory, placed.name))
    if read is None:
        raise InputError(
            field=f"{field}.name",
            value=placed.name,
            problem="is not loaded by this unit",
            mend="name it in trading_service_credentials",
        )
    return credential_in(read[0], placed=placed, field=field)


def _trouble(given: t.Mapping[str, t.Any], *, open_loaded: t.Callable[[Placed, str], Credential]) -> str | None:
    """Return why ``learn`` could not ask about a key: that must not cost the others their answer."""
    try:
        (plan,) = read_keys([given])
        if plan.placed is not None:
            field = f"{plan.field}.credential"
            check_credential(open_loaded(plan.placed, field), exchange=plan.exchange, field=field)
    except TradingHostsError as error:
        return str(error).removeprefix(f"api_keys[0] ({given['name']}).")
    return None


def _clocks(
    given: t.Sequence[t.Mapping[str, t.Any]],
    *,
    keys: t.Sequence[KeyFacts],
    way: t.Mapping[str, t.Any],
    host: str,
    learners: Learners,
) -> tuple[ClockFacts, ...]:
    """Measure the clock against each exchange that answered; one that asked for silence is left alone."""
    base_urls = {one["name"]: one.get("base_url") for one in given}
    wanted = {
        (key.exchange, key.environment, key.region, base_urls.get(key.name))
        for key in keys
        if key.access.status == ACCEPTED
    }
    if not wanted:
        return ()
    exchanges = [dict(zip(("exchange", "environment", "region", "base_url"), each)) for each in sorted(wanted, key=str)]
    try:
        return learners.clocks({**way, "exchanges": exchanges, "samples": 2, "timeout": _CLOCK_TIMEOUT}, host=host)
    except TradingHostsError:
        return ()  # the rule then says that it was not measured


def _egress(
    declaration: Declaration,
    *,
    keys: t.Sequence[KeyFacts],
    way: t.Mapping[str, t.Any],
    learners: Learners,
) -> tuple[EgressFacts, ...]:
    """Learn the address to put on the list, where one was refused by an exchange that does not name it.

    A firewall may keep a service from the sources, which costs some seconds and the address in the line.
    """
    refused = [key for key in keys if key.access.status == "ip_refused" and not key.access.seen_address]
    if not refused or declaration.sources == ():
        return ()
    families = [
        family
        for family in ("ipv4", "ipv6")
        if declaration.ip_family in ("any", family)
        and any(key.exchange_families is None or family in key.exchange_families for key in refused)
    ]
    options = {
        **dict.fromkeys(egress_options.ARGUMENT_SPEC),
        **{name: spec["default"] for name, spec in egress_options.ARGUMENT_SPEC.items() if "default" in spec},
        **way,
        "families": families,
        "sources": None if declaration.sources is None else list(declaration.sources),
        "samples": 1,
        "timeout": _SOURCE_TIMEOUT,
    }
    try:
        return learners.egress(options, host=declaration.host).facts
    except TradingHostsError:
        return ()
