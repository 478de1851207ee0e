# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets in clear on a real host: all are found, none is told, and a host without any is quiet."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import wait_for
from tests.lab.e2e._support import Controller, place, virgin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab

_CHANCE = random.Random(20261122)
_WORDS = string.ascii_letters + string.digits


def text(length: int, *, of: str = _WORDS) -> str:
    """Return random text, the same in every run."""
    return "".join(_CHANCE.choice(of) for _turn in range(length))


def pair(exchange: str) -> tuple[str, str]:
    """Return a key id and a secret of the form that the exchange gives out."""
    if exchange == "okx":
        return "-".join(text(size, of="0123456789abcdef") for size in (8, 4, 4, 4, 12)), text(32, of="0123456789ABCDEF")
    return (text(64), text(64)) if exchange == "binance" else (text(18), text(36))


#: One secret for each place, so that each can be told from the others.
SECRETS = {number: pair(exchange) for number, exchange in enumerate(["binance", "okx", "bybit"] * 5)}
UNITS = "/etc/systemd/system/thlab-exposed"


def files() -> dict[str, tuple[str, int]]:
    """Return what is planted: each file's text and mode."""
    key, secret = zip(*SECRETS.values(), strict=True)
    return {
        "/home/deploy/freqtrade/user_data/config.json": (
            json.dumps({"exchange": {"name": "binance", "key": key[0], "secret": secret[0]}}, indent=4),
            0o644,
        ),
        "/root/passivbot/api-keys.json": (
            json.dumps({"main": {"exchange": "okx", "key": key[1], "secret": secret[1], "passphrase": "Aa1_bbbb"}}),
            0o600,
        ),
        "/opt/octobot/user/config.json": (
            json.dumps({"exchanges": {"bybit": {"api-key": key[2], "api-secret": secret[2]}}}, indent=2),
            0o640,
        ),
        "/srv/jesse/.env": (f"APP_PORT=9000\nBINANCE_API_SECRET={secret[3]}\n", 0o600),
        "/etc/roq/config.toml": (
            f'[accounts.A1]\nexchange = "okx"\nlogin = "{key[4]}"\nsecret = "{secret[4]}"\n',
            0o600,
        ),
        f"{UNITS}-a.service": (f"[Service]\nEnvironment=BYBIT_API_SECRET={secret[5]}\nExecStart=/bin/true\n", 0o600),
        f"{UNITS}-b.service": (
            "[Service]\nEnvironmentFile=-/usr/share/thlab-exposed/env\nExecStart=/bin/true\n",
            0o644,
        ),
        "/usr/share/thlab-exposed/env": (f"BINANCE_SECRET_KEY={secret[6]}\n", 0o600),
        "/home/deploy/.bash_history": (f"ls\nexport OKX_API_SECRET='{secret[7]}'\n", 0o600),
        "/var/tmp/copy-of-bot.py": (
            f"import ccxt\nccxt.bybit({{'apiKey': '{key[8]}', 'secret': '{secret[8]}'}})\n",
            0o644,
        ),
        "/home/deploy/.config/bot/settings.yaml": (f"binance:\n  api_secret: {secret[9]}\n", 0o600),
        "/etc/cron.d/thlab-exposed": ("0 3 * * * root restic -r /mnt/r backup /etc /var\n", 0o644),
    }


def plant(lab: Lab, host: str, planted: Mapping[str, tuple[str, int]]) -> None:
    program = (
        "import json, os, sys\n"
        "for path, (content, mode) in json.load(sys.stdin).items():\n"
        "    os.makedirs(os.path.dirname(path), exist_ok=True)\n"
        "    open(path, 'w').write(content)\n"
        "    os.chmod(path, mode)\n"
    )
    lab.execute(host, ["python3", "-c", program], text_input=json.dumps(planted))


@pytest.fixture
def leaky(lab: Lab, tmp_path: Path) -> Iterator[str]:
    """A host with secrets in clear in every place; afterwards they are gone."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "keys.yml").write_text(f"okx:\n  secret: {SECRETS[10][1]}\n")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=checkout, env=environment, check=True)
    repository = lab.root("alpha") / "opt/strategies"
    subprocess.run(["cp", "-a", checkout, repository], check=True)
    plant(lab, "alpha", files())
    sleep = ["sleep", "1000"]
    variable = f"--setenv=BYBIT_SECRET={SECRETS[11][1]}"
    lab.execute(
        "alpha", ["systemd-run", "--quiet", "--unit=thlab-exposed-run", "env", variable.partition("=")[2], *sleep]
    )
    shell = ["sh", "-c", "sleep 1000; :", "bot", f"--binance-secret={SECRETS[12][1]}"]
    lab.execute("alpha", ["systemd-run", "--quiet", "--unit=thlab-exposed-argv", *shell])
    wait_for(
        lambda: len(lab.execute("alpha", ["pgrep", "-x", "sleep"], check=False).stdout.split()) >= 2,
        what="the services to run",
        timeout=10,
    )
    yield "alpha"
    lab.execute("alpha", ["systemctl", "stop", "thlab-exposed-run", "thlab-exposed-argv"])
    lab.execute("alpha", ["rm", "-rf", *files(), "/opt/strategies", "/usr/share/thlab-exposed"])


def test_what_lies_in_clear_is_found(lab: Lab, leaky: str, tmp_path: Path) -> None:
    virgin(lab)
    # ansible-core 2.21 listens on a socket below it, whose path must stay below 108 characters.
    controller = Controller(lab, tmp_path / "c")
    controller.write_vars({"secret": text(36)})
    facts = controller.directory / "told"
    run = controller.run(
        place({"name": "grid.json", "format": "ccxt", "fields": {"api_key": "some-key-1", "secret": "{{ secret }}"}}),
        {"name": "scan", "trading.hosts.exposed_credential_info": {"facts_dir": str(facts)}},
        {"name": "judge", "trading.hosts.api_key_policy": {"src": [str(facts)], "fail_on": "never"}},
        arguments=["-vvv"],
    )
    assert run.returncode == 0, run.output
    for path in [*controller.directory.rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            assert not [number for number, (_key, secret) in SECRETS.items() if secret.encode() in content], path
    assert not [number for number, (_key, secret) in SECRETS.items() if secret in run.output]

    told = {host: json.loads((facts / f"{host}.exposed.json").read_text()) for host in ("alpha", "beta")}
    assert told["beta"]["facts"] == []
    for host, scan in told.items():
        assert scan["scan"]["complete"], (host, scan["scan"])
        assert scan["scan"]["seconds"] < 60

    found = {(each["path"] or each["program"], each["kind"]): each for each in told[leaky]["facts"]}
    expected: dict[tuple[str, str], Any] = {
        ("/home/deploy/freqtrade/user_data/config.json", "file"): (["binance"], "others", 5),
        ("/root/passivbot/api-keys.json", "file"): (["okx"], "owner", 1),
        ("/opt/octobot/user/config.json", "file"): (["bybit"], "group", 5),
        ("/srv/jesse/.env", "dotenv"): (["binance"], "owner", 2),
        ("/etc/roq/config.toml", "file"): (["okx"], "owner", 4),
        (f"{UNITS}-a.service", "unit"): (["bybit"], "others", 2),
        ("/usr/share/thlab-exposed/env", "file"): (["binance"], "owner", 1),
        ("/home/deploy/.bash_history", "history"): (["okx"], "owner", 2),
        ("/var/tmp/copy-of-bot.py", "file"): (["bybit"], "others", 2),
        ("/home/deploy/.config/bot/settings.yaml", "file"): (["binance"], "owner", 2),
        ("/opt/strategies/keys.yml", "file"): (["okx"], "others", 2),
        ("sleep", "environment"): (["bybit"], "owner", None),
        ("sh", "command_line"): (["binance"], "others", None),
    }
    # systemd keeps what systemd-run was told in a unit of its own.
    transient = ("/run/systemd/transient/thlab-exposed-argv.service", "unit")
    assert {place for place in found if not place[0].startswith("/run/systemd/transient/")} == set(expected)
    assert transient in found
    for where, (exchanges, readable_by, line) in expected.items():
        each = found[where]
        assert (each["exchanges"], each["line"]) == (exchanges, line), where
        # A home directory may keep others out of what is in it.
        assert each["readable_by"] == readable_by or "/home/" in where[0], where
    assert found["/opt/strategies/keys.yml", "file"]["git"] == "tracked"
    assert [each["takes"] for each in told[leaky]["backups"]] == ["/var"]
    assert told[leaky]["host_key"]["present"]

    rules = {
        (finding["subject"]["host"], finding["rule"])
        for finding in run.of("alpha", "judge").data["findings"]
        if finding["status"] == "fail"
    }
    assert ("alpha", "credential-exposed") in rules
    assert ("beta", "credential-exposed") not in rules
