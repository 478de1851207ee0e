# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stranger's first audit: the collection's artifact in a fresh environment, the commands of the guide, three servers.

Nothing of this collection was ever placed or declared there: the keys lie in programs' own files.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from ansible.release import __version__ as core_version

from tests.lab import _host, _tools
from tests.lab._images import cache_dir
from tests.lab._simulator import STATE_DIR
from tests.lab._spec import CHECKOUT, HostSpec
from tests.lab.demo._scenarios import SCENARIOS, create
from tests.lab.e2e._support import HOSTS, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

THIRD = HostSpec(name="third", number=23, suite="trixie", public_v4="91.198.115.123", public_v6="2a02:ec80:700:1::123")
#: The key that somebody copied to the third host, which its allowlist lacks.
COPIED = "office"
#: Seconds that a person has, and the share of them that the commands may take: the rest is for reading and typing.
PROMISED, OF_COMMANDS = 15 * 60, 5 * 60
BOTS = "srv/bots"


def document(keys: dict[str, tuple[str, SimulatedKey]]) -> str:
    """Return the keys as passivbot's file of users holds them."""
    return json.dumps(
        {
            name: {
                "exchange": exchange,
                "key": key.key,
                "secret": key.secret,
                **({"passphrase": key.passphrase} if key.passphrase else {}),
            }
            for name, (exchange, key) in keys.items()
        }
    )


@dataclass(frozen=True)
class Found:
    """What lies on the hosts: everything that must not be seen elsewhere, and the directories of the hosts' disks."""

    secrets: list[str]
    disks: list[Path]


@pytest.fixture(scope="module")
def found(lab: Lab) -> Iterator[Found]:
    """Put the demo's keys into passivbot's files on two hosts, and one of them into a dotenv file on a third."""
    virgin(lab)
    simulator = Simulator.attach(STATE_DIR)
    simulator.reset()
    now = datetime.datetime.now(tz=datetime.UTC)
    made: dict[str, SimulatedKey] = {}
    files = [lab.root(host) / BOTS / "passivbot" / "api-keys.json" for host in HOSTS]
    for host, file in zip(HOSTS, files, strict=True):
        keys = {
            scenario.name: (
                scenario.exchange,
                create(simulator, scenario, public=lab.public_addresses(host)[0], now=now),
            )
            for scenario in SCENARIOS
            if scenario.host == host
        }
        made.update({name: key for name, (_exchange, key) in keys.items()})
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document(keys), encoding="utf-8")
        file.chmod(0o600)
    assert lab.add_guest(THIRD) == "running"
    with open(simulator.ca_file, encoding="utf-8") as authority:
        _host.install_ca(THIRD, authority.read())
    dotenv = THIRD.root / BOTS / ".env"
    dotenv.parent.mkdir(parents=True)
    copy = made[COPIED]
    lines = {"BITGET_API_KEY": copy.key, "BITGET_API_SECRET": copy.secret, "BITGET_PASSPHRASE": copy.passphrase}
    dotenv.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
    tops = ("home", "root", "tmp", "var/tmp", "var/log")
    yield Found(
        [text for key in made.values() for text in (key.key, key.secret, key.passphrase) if text],
        [lab.root(host) / top for host in (*HOSTS, THIRD.name) for top in tops],
    )
    for file in files:
        file.unlink()
    virgin(lab)
    # Gone for the tests that come after: it would be in their inventories.
    lab.dismiss(THIRD.name)


def wheels() -> Path:
    """Return a directory with ansible-core and all that it needs; fetched once, as the lab reaches no package index."""
    target = cache_dir() / f"ansible-core-{core_version}-python{sys.version_info.major}.{sys.version_info.minor}"
    if not target.is_dir():
        fresh = target.with_suffix(".fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        _tools.run([sys.executable, "-m", "pip", "download", "-q", f"--dest={fresh}", f"ansible-core=={core_version}"])
        fresh.rename(target)
    return target


def commands(page: str, *, after: str) -> list[str]:
    """Return the commands of a page in their order, from this heading to the next."""
    text = (CHECKOUT / page).read_text(encoding="utf-8").partition(f"\n## {after}\n")[2].partition("\n## ")[0]
    return [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in block.split("\n")
        if line
    ]


def inventory(lab: Lab, directory: Path) -> None:
    """Write the guide's inventory. How the hosts are reached stands in variables: nothing here has a name for them."""
    lab.write_inventory(directory / "reached.json", guests=True)
    reached = json.loads((directory / "reached.json").read_text())["all"]["vars"]
    names = [f"{name} ansible_host={lab.host(name).ssh_address}" for name in (*HOSTS, THIRD.name)]
    given = [f"{name}={value}" for name, value in reached.items() if name != "ansible_become"]
    (directory / "inventory.ini").write_text("\n".join(["[bots]", *names, "", "[bots:vars]", *given, ""]))


def test_the_guide_leads_from_nothing_to_one_table_in_time(
    lab: Lab, found: Found, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    galaxy = os.path.join(os.path.dirname(sys.executable), "ansible-galaxy")
    _tools.run([galaxy, "collection", "build", "--output-path", str(tmp_path), str(CHECKOUT)])
    (artifact,) = tmp_path.glob("trading-hosts-*.tar.gz")
    work = tmp_path / "work"
    work.mkdir()
    inventory(lab, work)
    install = [
        line.replace("install trading.hosts", f"install {artifact}")
        for line in commands("README.md", after="Install it")
    ]
    steps = [*install, *commands("docs/audit.md", after="In four steps")]
    assert len(steps) == 6
    assert str(artifact) in install[-1]
    script = "set -e\n" + "".join(f'{step}\necho "@@ $EPOCHREALTIME"\n' for step in ("true", *steps))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    environment = {
        **kept,
        "HOME": str(tmp_path / "home"),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{os.path.dirname(sys.executable)}:{kept['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels()),
    }
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    at = [float(time) for time in re.findall(r"^@@ ([0-9.]+)$", run.stdout, re.MULTILINE)]
    with capsys.disabled():
        for step, began, ended in zip(steps, at, at[1:], strict=False):
            _tools.say(f"{ended - began:6.1f} s  {step[:100]}")
        _tools.say(f"{at[-1] - at[0]:6.1f} s  in all")
    assert at[-1] - at[0] < OF_COMMANDS < PROMISED

    report: dict[str, Any] = json.loads((work / "audit" / "report.json").read_text(encoding="utf-8"))
    assert f"No host declares a key. {len(SCENARIOS) + 1} keys were found on 3 hosts." in said
    name = f"passivbot /{BOTS}/passivbot/api-keys.json"
    copied = f"dotenv /{BOTS}/.env BITGET"
    assert {line["key"] for line in report["lines"]} == {*(f"{name} {scenario.name}" for scenario in SCENARIOS), copied}
    failed = {
        (finding["subject"]["key"], finding["rule"]) for finding in report["findings"] if finding["status"] == "fail"
    }
    assert {
        (f"{name} hedge", "key-accepted"),
        (f"{name} sweep", "withdrawal-forbidden"),
        (f"{name} scalp", "ip-restriction-required"),
        (f"{name} grid", "key-owner-declared"),
        (f"/{BOTS}/passivbot/api-keys.json", "credential-exposed"),
        # The exchange refuses the copy, and so tells nothing of it. It is seen to be one all the same.
        (copied, "key-accepted"),
        (copied, "key-not-shared"),
        (f"{name} {COPIED}", "key-not-shared"),
    } <= failed
    assert (f"{name} grid", "key-accepted") not in failed
    # Each line says what to do.
    without = {each["rule"] for each in report["findings"] if each["status"] == "fail" and not each["remedy"]}
    assert without <= {"policy-loosened"}
    assert "<title>Exchange API keys</title>" in (work / "audit" / "report.html").read_text(encoding="utf-8")
    # No secret went to the controller, nor anywhere else on its host.
    assert sweep(Needles.of(found.secrets), tmp_path, *found.disks) == []
    assert not any(secret in said for secret in found.secrets)
