# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""freqtrade, unmodified from PyPI and live, trades as a service: through another key, another address and a reboot.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import wait_for
from tests.lab.e2e._freqtrade import FREQTRADE, UNIT, Bot
from tests.lab.e2e._program import INSTALL, RUN_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

ELSEWHERE = "91.198.115.166"
LEARN = {
    "name": "learn",
    "trading.hosts.api_key_info": {
        "api_keys": [{"name": "bot", "exchange": "bybit", "credential": {"name": "bot"}, "declared": {"label": "bot"}}]
    },
    "register": "learned",
}
SEEN_FROM = {"name": "seen from", "trading.hosts.public_ip_info": {"sample_interval": 0}, "register": "seen"}
JUDGE = {
    "name": "judge",
    "trading.hosts.api_key_policy": {
        "api_keys": "{{ learned.api_keys }}",
        "egress": "{{ seen.egress }}",
        # The router's new address, by its owner's records: Bybit itself does not say what it saw.
        "declared_addresses": [ELSEWHERE],
        "fail_on": "never",
    },
}


@pytest.fixture(scope="module")
def bot(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    made = Bot(lab, tmp_path_factory.mktemp("bot"), suite="trixie")
    made.simulator.reset()
    made.boot()
    yield made
    lab.kill(made.host)


@pytest.fixture(scope="module")
def key(bot: Bot) -> SimulatedKey:
    """The key that the bot has, after the first test."""
    return bot.create_key()


def test_it_reads_its_balance_with_the_placed_key(bot: Bot, key: SimulatedKey) -> None:
    run = bot.run(bot.give(key), FREQTRADE)
    assert run.returncode == 0, run.output
    bot.keep()
    # systemd was told that it is ready, which it says only after the balance was read.
    shown = bot.shown("Type", "ActiveState", "NRestarts", "MemoryMax", "LoadCredentialEncrypted", "ExecStart")
    assert (shown["Type"], shown["ActiveState"], shown["NRestarts"]) == ("notify", "active", "0")
    assert shown["MemoryMax"] == str(2**30)
    assert "/opt/freqtrade/2026.9-py3.13-" in shown["ExecStart"]
    bot.await_synced()
    assert bot.answers(key) == {None}
    journal = bot.journal()
    assert "'total': 1000.0" in journal
    for secret in (key.key, key.secret):
        assert secret not in journal + run.output


def test_a_second_run_changes_nothing(bot: Bot, key: SimulatedKey) -> None:
    before = bot.invocation()
    run = bot.run(FREQTRADE)
    assert run.returncode == 0, run.output
    assert [result.task for result in run.results if result.status == "changed"] == []
    assert run.of(bot.host, INSTALL.partition(" : ")[0] + " : Install it").status == "skipped"
    assert bot.invocation() == before


def test_another_key_takes_over(bot: Bot, key: SimulatedKey) -> None:
    before = bot.invocation()
    other = bot.create_key(label="other")
    run = bot.run(bot.give(other), FREQTRADE)
    assert run.returncode == 0, run.output
    bot.await_synced(other_than=before)
    assert bot.answers(other) == {None}
    # Its end was no failure, although freqtrade ends with 130.
    assert "Failed with result" not in bot.journal(everything=True)
    assert bot.shown("NRestarts") == {"NRestarts": "0"}
    assert bot.run(bot.give(key), FREQTRADE).returncode == 0
    bot.simulator.update_key(other, revoked=True)


def test_from_another_address_it_is_refused_and_comes_back_when_the_allowlist_follows(
    bot: Bot, key: SimulatedKey
) -> None:
    at_home = bot.lab.public_addresses(bot.host)[0]
    bot.lab.set_public_address(bot.host, ELSEWHERE)
    before = bot.await_synced()
    bot.lab.execute(bot.host, ["systemctl", "restart", UNIT], check=False)
    run = bot.run(LEARN, SEEN_FROM, JUDGE, FREQTRADE)
    assert "Unmatched IP" in bot.journal(everything=True)
    # What to do is told to the letter, by policy; the role says that this is the matter.
    mends = [str(finding.get("remedy")) for finding in run.of(bot.host, "judge").data["findings"]]
    assert [mend for mend in mends if f"Add {ELSEWHERE} to the key's allowlist" in mend] != [], mends
    said = bot.failure(run)
    assert "freqtrade did not come up" in said
    assert "refuses this host's address" in said
    bot.simulator.update_key(key, allowlist=[at_home, ELSEWHERE])
    now = bot.await_synced(other_than=before)
    # Nobody started it.
    assert int(bot.shown("NRestarts")["NRestarts"]) > 0
    assert now != before


def test_it_trades_after_a_reboot(bot: Bot, key: SimulatedKey) -> None:
    before = bot.invocation()
    bot.simulator.clear_requests()
    assert bot.lab.reboot(bot.host) == "running"
    bot.await_synced(other_than=before)
    assert bot.answers(key) == {None}
    assert wait_for(lambda: bot.shown("NRestarts") == {"NRestarts": "0"}, what="no restart", timeout=5)


def test_what_cannot_run_is_refused_before_anything_changes(bot: Bot) -> None:
    before = bot.invocation()
    config = bot.variables["freqtrade_config"]
    with_key = {**config, "exchange": {**config["exchange"], "ccxt_config": {"apiKey": "NOTSHOWN12345"}}}
    refused: dict[str, dict[str, Any]] = {
        "freqtrade_config holds exchange.ccxt_config.apiKey": {"freqtrade_config": with_key},
        "no list with hashes for freqtrade 2099.1, only for 2026.9": {"freqtrade_version": "2099.1"},
        "holds the class AlwaysWin": {"freqtrade_strategy": "AlwaysWin"},
        "must hold no -v": {"freqtrade_arguments": ["-vvv"]},
        "Port 22 of freqtrade_config.api_server is taken": {
            "freqtrade_name": "second",
            "freqtrade_config": {**config, "api_server": {"enabled": True, "listen_port": 22}},
        },
    }
    run, said = bot.refusals(FREQTRADE, refused)
    assert len(said) == len(refused), run.output
    for sentence, message in zip(refused, said, strict=True):
        assert sentence in message
        assert message.endswith(("Nothing was changed.", "nothing was changed."))
    assert "NOTSHOWN12345" not in run.output
    assert [result.task for result in run.results if result.status == "changed"] == []
    assert bot.invocation() == before
    assert RUN_SERVICE not in {result.task for result in run.results}
