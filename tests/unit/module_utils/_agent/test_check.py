# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check before a start: what it reads, whom it asks how often, and what it remembers."""

from __future__ import annotations

import datetime
import json
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._agent._check import (
    HELD,
    PAUSE,
    RAN,
    REFUSED,
    Surroundings,
    check,
)
from ansible_collections.trading.hosts.plugins.module_utils._agent._decide import Outcome
from ansible_collections.trading.hosts.plugins.module_utils._agent._declaration import declaration_of
from ansible_collections.trading.hosts.plugins.module_utils._agent._override import add_override, new_override
from ansible_collections.trading.hosts.plugins.module_utils._agent._see import Learners
from ansible_collections.trading.hosts.plugins.module_utils._egress._request import Result
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, MissingLibraryError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import Placed
from ansible_collections.trading.hosts.plugins.module_utils._facts import KeyFacts
from tests.unit.module_utils._policy import build

NOW = datetime.datetime.fromtimestamp(build.NOW, tz=datetime.timezone.utc)
ID, SECRET = "Kq7Xv2Lm9Rt4Wz8Yb3", "SpZ5nHc1Vd6Jf0GaQw2Er8Ty4Ui7Op3As9"


class Unit:
    """What a unit's check finds around it, and the answers of those whom it asks."""

    def __init__(self, directory: Path) -> None:
        self.credentials = directory / "credentials"
        self.state = directory / "state"
        self.declarations = directory / "declarations"
        for path in (self.credentials, self.state, self.declarations):
            path.mkdir()
        self.around = Surroundings(
            credentials=str(self.credentials),
            state=str(self.state),
            declarations=str(self.declarations),
            overrides=str(directory / "overrides.json"),
            owner=os.geteuid(),
        )
        self.failure: Exception | None = None
        self.keys: tuple[KeyFacts, ...] = (build.key(asked_host="api.bybit.com"),)
        self.asked: list[str] = []
        self.options: dict[str, t.Mapping[str, t.Any]] = {}
        self.now = NOW
        self.write({"apiKey": ID, "secret": SECRET})
        self.declare()

    def write(self, document: t.Any, *, name: str = "trade") -> None:
        (self.credentials / name).write_text(json.dumps(document))

    def declare(self, *entries: str, **changes: t.Any) -> None:
        keys = [
            {
                "name": entry or "grid-bybit",
                "exchange": "bybit",
                "declared": build.DECLARED,
                "credential": {"name": "trade", "entry": entry} if entry else {"name": "trade"},
            }
            for entry in entries or ("",)
        ]
        document = {"schema": 1, "service": "grid-bot", "host": "bot1", "api_keys": keys, **changes}
        path = self.declarations / "grid-bot.json"
        path.write_text(json.dumps(document))
        path.chmod(0o640)

    def ran(self) -> None:
        (self.state / RAN).touch()

    def override(self) -> None:
        made = new_override(
            service=None, length=datetime.timedelta(hours=2), reason="positions are open", by="ada", now=self.now
        )
        add_override(made, path=self.around.overrides, owner=os.geteuid())

    def check(self, *, automatic: bool = False) -> Outcome:
        return check(
            service="grid-bot",
            around=self.around,
            now=lambda: self.now,
            learners=Learners(self._learn, self._measure, self._egress),
            automatic=lambda _service: automatic,
        )

    def _learn(
        self, options: t.Mapping[str, t.Any], *, host: str, open_placed: t.Callable[[Placed, str], t.Any]
    ) -> tuple[KeyFacts, ...]:
        self.asked.append("keys")
        self.options["keys"] = options
        for given in options["api_keys"]:
            placed = given["credential"]
            credential = open_placed(Placed(placed["name"], "", placed.get("entry")), "x")
            assert (credential.api_key, credential.secret) == (ID, SECRET)
        if self.failure is not None:
            raise self.failure
        return self.keys

    def _measure(self, options: t.Mapping[str, t.Any], *, host: str) -> t.Any:
        self.asked.append("clocks")
        self.options["clocks"] = options
        return (build.clock(),)

    def _egress(self, options: t.Mapping[str, t.Any], *, host: str) -> Result:
        self.asked.append("egress")
        self.options["egress"] = options
        return Result((), None)


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    return Unit(tmp_path)


def test_a_good_key_is_asked_once_and_its_exchange_for_the_time(unit: Unit) -> None:
    assert unit.check().line == "grid-bot starts: accepted: grid-bybit (Bybit)."
    assert unit.asked == ["keys", "clocks"]
    assert [each["exchange"] for each in unit.options["clocks"]["exchanges"]] == ["bybit"]
    assert list(unit.state.iterdir()) == []


def test_it_asks_the_way_that_the_service_does(unit: Unit) -> None:
    way = {"ip_family": "ipv4", "source_address": "10.0.0.2", "proxy": "http://10.0.0.1:3128", "ca_path": "/etc/ca.pem"}
    unit.declare(**way)
    unit.check()
    for asked in ("keys", "clocks"):
        assert {name: unit.options[asked][name] for name in way} == way


@pytest.mark.parametrize("ran_before", [True, False])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda u: (u.declarations / "grid-bot.json").unlink(), "does not exist", id="no declaration"),
        pytest.param(lambda u: (u.declarations / "grid-bot.json").chmod(0o666), "only root can write", id="open"),
        pytest.param(lambda u: (u.declarations / "grid-bot.json").write_text("{"), "no declaration", id="broken"),
        pytest.param(lambda u: u.declare(service="other"), "is not the declaration of grid-bot", id="another's"),
        pytest.param(lambda u: u.declare(policy={"x": 1}), "is not a setting", id="policy"),
        pytest.param(lambda u: (u.credentials / "trade").unlink(), "is not loaded by this unit", id="no credential"),
        pytest.param(lambda u: u.write({"x": 1}), "holds no api_key and no secret", id="another document"),
        pytest.param(lambda u: u.write({"apiKey": ID, "secret": ID}), "equals api_key", id="wrong secret"),
        pytest.param(lambda u: u.declare("missing"), "'missing': holds no api_key", id="no such entry"),
        pytest.param(
            lambda u: setattr(u, "failure", MissingLibraryError(library="requests", package="python3-requests")),
            "install the distribution's package python3-requests",
            id="no library",
        ),
        pytest.param(lambda u: setattr(u, "failure", ValueError(SECRET)), "unexpected ValueError at", id="a mistake"),
    ],
)
def test_what_cannot_be_asked_is_unknown(
    unit: Unit, spoil: t.Callable[[Unit], t.Any], said: str, ran_before: bool
) -> None:
    if ran_before:
        unit.ran()
    spoil(unit)
    found = unit.check()
    assert found.start == ran_before
    assert said in found.line
    assert not [text for text in (ID, SECRET) if text in found.line]


def test_one_key_that_cannot_be_asked_does_not_hide_the_others(unit: Unit) -> None:
    unit.ran()
    unit.write({"one": {"apiKey": ID, "secret": SECRET}})
    unit.declare("one", "two")
    unit.keys = (build.refused("invalid_key", name="one"),)
    found = unit.check()
    assert not found.start
    assert found.line.startswith("grid-bot is not started: one: Bybit answered invalid_key")
    assert [given["name"] for given in unit.options["keys"]["api_keys"]] == ["one"]


def test_the_sources_are_asked_only_for_an_address_that_nobody_named(unit: Unit) -> None:
    unit.ran()
    unit.keys = (build.refused("invalid_key"),)
    unit.check()
    assert unit.asked == ["keys"]
    unit.keys = (build.refused("ip_refused", exchange_families=("ipv4",)),)
    unit.check()
    assert unit.asked == ["keys", "keys", "egress"]
    assert unit.options["egress"]["families"] == ["ipv4"]
    unit.declare(sources=[])
    unit.check()
    assert unit.asked == ["keys", "keys", "egress", "keys"]


def test_systemds_own_restarts_do_not_ask_again_until_the_pause_is_over(unit: Unit) -> None:
    unit.ran()
    unit.keys = (build.refused("ip_refused"),)
    first = unit.check()
    assert (unit.state / HELD).exists()
    unit.asked.clear()
    unit.now += datetime.timedelta(seconds=10)
    again = unit.check(automatic=True)
    assert (again.start, unit.asked) == (False, [])
    assert again.line == f"{first.line} (Not asked again before 2026-11-22T07:40:00Z, except by a start by hand.)"
    assert not unit.check(automatic=False).start
    assert unit.asked == ["keys", "egress"]
    unit.now += PAUSE
    unit.keys = (build.key(asked_host="api.bybit.com", asked_at="2026-11-22T07:40:00Z"),)
    assert unit.check(automatic=True).start
    assert not (unit.state / HELD).exists()


@pytest.mark.parametrize(
    "code",
    ["ambiguous", "bad_signature", "held_back", "permission_denied", "rate_limited", "settling", "wrong_environment"],
)
def test_what_does_not_stop_a_start_does_not_stop_the_one_after_a_crash(unit: Unit, code: str) -> None:
    unit.ran()
    unit.keys = (build.refused(code),)
    first = unit.check()
    assert first.start
    assert not (unit.state / HELD).exists()
    unit.asked.clear()
    unit.now += datetime.timedelta(seconds=10)
    again = unit.check(automatic=True)
    assert (again.start, unit.asked) == (True, [])
    assert again.line == f"{first.line} (Not asked again before 2026-11-22T07:40:00Z, except by a start by hand.)"
    assert not (unit.state / HELD).exists()


def test_a_pause_that_began_under_a_clock_in_the_future_is_over(unit: Unit) -> None:
    unit.ran()
    unit.keys = (build.refused("clock_skew", asked_at="2026-11-22T09:30:00Z"),)
    unit.now += datetime.timedelta(hours=2)
    assert not unit.check().start
    unit.now -= datetime.timedelta(hours=2)
    unit.keys = (build.key(asked_host="api.bybit.com"),)
    assert unit.check(automatic=True).start


def test_after_an_override_the_refusal_counts_and_the_service_is_tried_again(unit: Unit) -> None:
    unit.ran()
    unit.now += datetime.timedelta(minutes=1)
    unit.override()
    unit.now += datetime.timedelta(hours=1, minutes=59)
    unit.keys = (build.refused("ip_refused", asked_at="2026-11-22T09:30:00Z"),)
    assert unit.check().start
    assert not (unit.state / HELD).exists()
    unit.now += datetime.timedelta(minutes=2)
    unit.asked.clear()
    held = unit.check(automatic=True)
    assert (held.start, unit.asked) == (False, [])
    assert held.line.startswith("grid-bot is not started: grid-bybit: Bybit answered ip_refused")
    assert (unit.state / HELD).exists()


def test_what_nobody_reached_is_asked_again_at_once(unit: Unit) -> None:
    unit.keys = (build.refused("unreachable"),)
    assert not unit.check().start
    assert (unit.state / HELD).exists()  # so that it is tried again
    unit.asked.clear()
    assert not unit.check(automatic=True).start
    assert unit.asked == ["keys"]


def test_an_override_starts_it_and_spares_the_exchange_too(unit: Unit) -> None:
    unit.ran()
    unit.keys = (build.refused("ip_refused"),)
    unit.override()
    first = unit.check()
    assert first.start
    assert first.line.startswith("grid-bot starts by ada's override until 2026-11-22T09:30:00Z (positions are open), ")
    unit.asked.clear()
    assert unit.check(automatic=True).start
    assert unit.asked == []
    unit.now += datetime.timedelta(hours=2)
    unit.keys = (build.refused("ip_refused", asked_at="2026-11-22T09:30:00Z"),)
    assert not unit.check().start


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"until": 1, "start": false, "line": "x"}', '{"until": "soon", "line": "x"}']
)
def test_a_broken_memory_is_none(unit: Unit, content: str) -> None:
    (unit.state / REFUSED).write_text(content)
    assert unit.check(automatic=True).start


def test_without_a_state_directory_it_is_a_first_start(unit: Unit) -> None:
    unit.around = Surroundings(None, None, declarations=unit.around.declarations, owner=os.geteuid())
    assert not unit.check().start
    around = Surroundings.of_unit({"CREDENTIALS_DIRECTORY": "/run/c", "STATE_DIRECTORY": "/var/lib/a:/var/lib/b"})
    assert (around.credentials, around.state) == ("/run/c", "/var/lib/a")


@pytest.mark.parametrize("name", ["api_key", "secret", "passphrase", "key_password"])
def test_a_declaration_holds_no_secret(name: str) -> None:
    key = {"name": "grid", "exchange": "bybit", name: SECRET}
    document = {"schema": 1, "service": "grid-bot", "host": "bot1", "api_keys": [key]}
    with pytest.raises(InputError, match="holds a secret") as raised:
        declaration_of(document, service="grid-bot", where="x")
    assert SECRET not in str(raised.value)
