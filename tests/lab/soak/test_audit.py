# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``audit`` over real hosts, by a controller that holds no secret: what is wrong, and who was not seen."""

from __future__ import annotations

import datetime
import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab.demo._scenarios import SCENARIOS, Scenario, api_key, create
from tests.lab.e2e._support import HOSTS, Controller, Run, names, place, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

EXPOSED = "srv/freqtrade/user_data/config.json"
SECRETS = ("api_key", "secret", "passphrase")
LISTED = Scenario(
    host="alpha", name="carry", exchange="woo", shows="a key beside which others were made", allowlist=("{public}",)
)
UNKNOWN_KEY = "unknown-key-on-account"


class Audited:
    """Hosts with the demo's keys in place, and an inventory that declares them."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.controller = Controller(lab, directory, pipelining=True)
        self.secrets: list[str] = []
        simulator = Simulator.attach(STATE_DIR)
        simulator.reset()
        now = datetime.datetime.now(tz=datetime.UTC)
        for host in HOSTS:
            public = lab.public_addresses(host)[0]
            scenarios = [scenario for scenario in (*SCENARIOS, LISTED) if scenario.host == host]
            keys = [
                api_key(scenario, create(simulator, scenario, public=public, now=now), now=now)
                for scenario in scenarios
            ]
            self._place(host, keys)
            for key in keys:
                if key["name"] == LISTED.name:
                    account = key["declared"]["account"]
                    self.stranger = simulator.create_key(
                        "woo", account_id=account, parent_id="10000001", permissions="read-only"
                    )
            self.controller.write_vars(
                {
                    "exchange_credentials_api_keys": [
                        {name: value for name, value in key.items() if name not in SECRETS} for key in keys
                    ],
                    "exchange_credentials_documents": [
                        {"name": key["name"], "format": "ccxt", "api_keys": [key["name"]]} for key in keys
                    ],
                    "audit_directory": str(directory / "audit"),
                },
                hosts=[host],
            )

    def _place(self, host: str, keys: list[dict[str, Any]]) -> None:
        given = {key["name"]: {name: key[name] for name in SECRETS if name in key} for key in keys}
        self.secrets += [text for fields in given.values() for text in fields.values()]
        self.controller.write_vars({"given": given}, hosts=[host])
        documents = [{"name": name, "format": "ccxt", "fields": f"{{{{ given['{name}'] }}}}"} for name in given]
        assert self.controller.run(place(*documents), hosts=host).returncode == 0
        assert names(self.lab, host) == sorted(given)

    def run(self, *words: str) -> tuple[Run, dict[str, Any]]:
        """Run the playbook; return what it said, and its report."""
        run = self.controller.playbook("trading.hosts.audit", *words)
        report = self.controller.directory / "audit" / "report.json"
        return run, dict(json.loads(report.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def audited(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    virgin(lab)
    exposed = lab.root("beta") / EXPOSED
    exposed.parent.mkdir(parents=True)
    exposed.write_text(
        json.dumps({"exchange": {"name": "okx", "key": str(uuid.uuid4()), "secret": secrets.token_hex(16).upper()}})
    )
    yield Audited(lab, tmp_path_factory.mktemp("audit"))
    exposed.unlink()
    virgin(lab)


def failed(report: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the weighty failures: the key, the file or else the host, and the rule."""
    return {
        (finding["subject"]["key"] or finding["subject"]["host"], finding["rule"])
        for finding in report["findings"]
        if finding["status"] == "fail" and finding["severity"] in ("critical", "high")
    }


def test_what_each_key_needs_is_said_without_a_secret_on_the_controller(lab: Lab, audited: Audited) -> None:
    run, report = audited.run()
    assert run.returncode != 0, run.output
    assert report["fleet"]["partial"] is False
    assert {
        ("hedge", "key-accepted"),
        ("sweep", "withdrawal-forbidden"),
        ("scalp", "ip-restriction-required"),
        (f"/{EXPOSED}", "credential-exposed"),
    } <= failed(report)
    assert not {name for name, _rule in failed(report)} & {"grid"}
    assert UNKNOWN_KEY not in {rule for _name, rule in failed(report)}, "nobody asked"
    # Nothing was changed, and no secret went to the controller.
    assert [result.task for result in run.results if result.status == "changed"] == []
    disks = [lab.root(host) / top for host in HOSTS for top in ("home", "root", "tmp", "var/tmp", "var/log")]
    assert sweep(Needles.of(audited.secrets), audited.controller.directory / "audit", *disks) == []
    assert not any(secret in run.output for secret in audited.secrets)


def test_keys_that_nobody_declares_are_found_where_somebody_wants_to_know(audited: Audited) -> None:
    words = ("-e", "audit_other_keys=true", "-e", "audit_look_for_secrets=false")
    run, report = audited.run("--limit", "alpha", *words)
    (found,) = [each for each in report["findings"] if each["rule"] == UNKNOWN_KEY and each["status"] == "fail"]
    # Beside the one made here the simulator has its own, which withdraw.
    assert (found["subject"]["key"], found["severity"]) == (LISTED.name, "critical")
    assert found["evidence"].startswith("the account has keys that nobody declares: ")
    ends = audited.stranger.key[:3], audited.stranger.key[-3:]
    assert f"{'…'.join(ends)} (only reads)" in found["evidence"]
    assert UNKNOWN_KEY not in {each["rule"] for each in report["findings"] if each["status"] == "unknown"}
    needles = Needles.of([audited.stranger.key, audited.stranger.secret])
    assert sweep(needles, audited.controller.directory / "audit") == []
    assert audited.stranger.key not in run.output


def test_a_host_that_is_down_is_named_and_its_keys_are_not_seen(lab: Lab, audited: Audited) -> None:
    lab.kill("beta")
    try:
        run, report = audited.run()
    finally:
        lab.boot("beta")
    assert report["fleet"]["partial"] is True
    assert {entry["key"] for entry in report["fleet"]["coverage"]["not_seen"]} == {"scalp", "copy", "office"}
    assert "PARTIAL" in run.output
