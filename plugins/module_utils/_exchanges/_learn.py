# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of ``api_key_info`` to facts. Nothing here knows Ansible. Private to this collection."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import typing as t

from .._clock import to_text, utc_now
from .._errors import InputError
from .._facts import ACCEPTED, Access, KeyFacts, Path
from .._here import here
from .._http import Http, RequestsHttp, proxy_kind, resolved_families
from ._contract import Credential, Question
from ._driver import ask
from ._options import Placed, Plan, check_credential, key_type, read_keys
from ._passphrase import check_passphrase

#: Gives the credential that lies on the host; ``field`` names the option in its errors.
OpenPlaced = t.Callable[[Placed, str], Credential]


def learn(
    options: t.Mapping[str, t.Any],
    *,
    host: str,
    open_placed: OpenPlaced,
    now: t.Callable[[], datetime.datetime] = utc_now,
    make_http: t.Callable[..., t.Any] = RequestsHttp,
    families_of: t.Callable[[str], tuple[str, ...] | None] = resolved_families,
) -> tuple[KeyFacts, ...]:
    """Ask each exchange about each key and return the facts, in the order of ``api_keys``.

    ``options`` are those of ``ARGUMENT_SPEC``, complete. All of them are checked, and all placed credentials opened,
    before anything is sent. Raises ``InputError``, ``StoreError`` and ``MissingLibraryError``; what an exchange or the
    network does is a fact, not an error.
    """
    proxy = options.get("proxy") or None
    read = read_keys(options["api_keys"])
    pace = Pace(hold_back=_hold_back(options.get("hold_back") or (), plans=read))
    plans = tuple(_opened(plan, open_placed=open_placed) for plan in read)
    trusted = options.get("ca_path") is None and bool(options.get("validate_certs", True))
    family = options.get("ip_family") or "any"
    source_address = options.get("source_address") or None
    client = make_http(
        timeout=options.get("timeout") or 10.0,
        proxy=proxy,
        source_address=source_address,
        ip_family=family,
        ca_path=options.get("ca_path"),
        validate_certs=bool(options.get("validate_certs", True)),
        # Only a URL that passed the check of the environment "custom" can be plain.
        allow_plain_loopback=any(plan.overridden for plan in plans),
    )
    path = here(family=family, proxy=proxy_kind(proxy), source_address=source_address)
    reached = functools.lru_cache(maxsize=None)(families_of)
    try:
        return tuple(
            dataclasses.replace(
                _ask_one(plan, host=host, path=path, trusted=trusted, http=client, pace=pace, now=now),
                exchange_families=None if proxy or plan.asked_host is None else reached(plan.asked_host),
            )
            for plan in plans
        )
    finally:
        client.close()


class Pace:
    """Remembers which exchanges refused something in this run: a probe must not lock out the bot.

    Exchanges count refusals by account and by address, and ban the address; so after a refusal the later keys of that
    exchange are held back. ``hold_back`` names keys that are not asked at all.
    """

    def __init__(self, *, hold_back: frozenset[str] = frozenset()) -> None:
        self._hold_back = hold_back
        self._stopped: dict[tuple[str, str], tuple[str, str]] = {}

    def held_back(self, plan: Plan) -> Access | None:
        """Return the answer for a key that is not asked, or ``None`` where it may be."""
        if plan.name in self._hold_back:
            return Access("held_back", next_step="Not asked, because hold_back names this key. Take it out, then ask.")
        stopped = self._stopped.get(self._place(plan))
        if stopped is None:
            return None
        name, status = stopped
        return Access(
            "held_back",
            next_step=f"Not asked, because key {name} of this exchange was not accepted just before ({status}), and"
            " repeated refusals can lock out this address. Mend that key first, or ask this one in a task of its own.",
        )

    def note(self, plan: Plan, access: Access) -> None:
        """Remember what became of a key."""
        if access.status != ACCEPTED:
            self._stopped.setdefault(self._place(plan), (plan.name, access.status))

    @staticmethod
    def _place(plan: Plan) -> tuple[str, str]:
        return plan.exchange_name, plan.asked_host or ""


def _hold_back(names: t.Iterable[str], *, plans: t.Iterable[Plan]) -> frozenset[str]:
    known = frozenset(plan.name for plan in plans)
    for name in names:
        if name not in known:
            raise InputError(
                field="hold_back", value=name, problem="is the name of no key here", mend="write names of api_keys"
            )
    return frozenset(names)


def _opened(plan: Plan, *, open_placed: OpenPlaced) -> Plan:
    if plan.placed is None:
        return plan
    field = f"{plan.field}.credential"
    credential = dataclasses.replace(open_placed(plan.placed, field), key_password=plan.key_password)
    check_credential(credential, exchange=plan.exchange, field=field)
    return dataclasses.replace(plan, credential=credential)


def _ask_one(
    plan: Plan,
    *,
    host: str,
    path: Path,
    trusted: bool,
    http: Http,
    pace: Pace,
    now: t.Callable[[], datetime.datetime],
) -> KeyFacts:
    at = now()
    observed = None
    if plan.exchange is None or plan.site is None or plan.credential is None:
        access = Access("not_asked")
    else:
        held_back = pace.held_back(plan)
        if held_back is not None:
            access = held_back
        else:
            access, observed = ask(
                exchange=plan.exchange,
                question=Question(
                    plan.credential,
                    at,
                    plan.site,
                    plan.environment,
                    ask_futures_host=plan.ask_futures_host,
                    ask_key_list=plan.ask_key_list,
                    nonce=plan.nonce,
                ),
                http=http,
                now=now,
            )
            pace.note(plan, access)
    passphrase = None
    if plan.credential is not None:
        passphrase = check_passphrase(
            passphrase=plan.credential.passphrase,
            rule=plan.exchange.passphrase_rule() if plan.exchange else None,
            credential=plan.credential,
            names=(plan.name, plan.exchange_name, plan.declared.get("label")),
        )
    return KeyFacts(
        name=plan.name,
        exchange=plan.exchange_name,
        environment=plan.environment,
        region=plan.region,
        host=host,
        access=access,
        asked_at=to_text(at),
        path=path,
        official=trusted and not plan.overridden,
        asked_host=plan.asked_host,
        observed=observed,
        passphrase=passphrase,
        key_type=None if plan.credential is None else key_type(plan.credential, exchange=plan.exchange),
        credential=None if plan.placed is None else plan.placed.name,
        declared=plan.declared,
    )
