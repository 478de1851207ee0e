# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""host_baseline goes through its parts when one thing on the host is not as it should be, whichever it is."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).parents[3] / "roles/host_baseline"
RUNS = {"load": "loaded", "active": "active", "enabled": "enabled", "began": "2026-11-22 07:13:54.200000"}
ABSENT = {"load": "not-found", "active": "inactive", "enabled": "", "began": ""}
#: A host of which all is as it should be.
SEEN: dict[str, Any] = {
    "packages": [],
    "files": {},
    "sysctls": {"differ": {}, "locked": [], "absent": []},
    "units": {
        **dict.fromkeys(("chrony.service", "apt-daily.timer", "apt-daily-upgrade.timer"), RUNS),
        **dict.fromkeys(("abrt-ccpp.service", "apport.service", "kdump.service", "kdump-tools.service"), ABSENT),
    },
    "due": [],
    "utc": True,
    "swap": {"in_clear": [], "fstab": [], "used_kib": 0, "available_kib": 900},
    "ssh": {
        "reads_drop_ins": True,
        "effective": {
            "passwordauthentication": "no",
            "kbdinteractiveauthentication": "no",
            "permitemptypasswords": "no",
            "pubkeyauthentication": "yes",
            "permitrootlogin": "without-password",
        },
    },
}


def trusted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: trusted(each) for name, each in value.items()}
    if isinstance(value, list):
        return [trusted(each) for each in value]
    return trust_as_template(value) if isinstance(value, str) else value


def differs(seen: dict[str, Any], **known: Any) -> Any:
    variables: dict[str, Any] = {}
    for name in ("defaults", "vars"):
        variables.update(trusted(yaml.safe_load((ROLE / name / "main.yml").read_text(encoding="utf-8"))))
    facts = {"os_family": "Debian", "distribution": "Debian", "distribution_major_version": "13"}
    variables.update(ansible_facts=facts, __host_baseline_seen=seen, __host_baseline_stale=[])
    variables.update(known)
    return Templar(loader=DataLoader(), variables=variables).template(
        trust_as_template("{{ __host_baseline_differs }}")
    )


def changed(*path: str, to: Any) -> dict[str, Any]:
    seen = copy.deepcopy(SEEN)
    inner = seen
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return seen


def test_nothing_differs() -> None:
    assert differs(SEEN) == []


@pytest.mark.parametrize(
    ("part", "seen"),
    [
        ("packages", changed("packages", to=["chrony"])),
        ("kernel", changed("sysctls", "differ", to={"kernel.sysrq": "0"})),
        ("dumpers", changed("units", "kdump.service", to=RUNS)),
        ("swap", changed("swap", "in_clear", to=["/dev/sda2"])),
        ("swap", changed("swap", "fstab", to=["/dev/sda2 none swap sw 0 0"])),
        ("timezone", changed("utc", to=False)),
        ("units", changed("due", to=["systemd-journald.service"])),
        ("updates", changed("units", "apt-daily.timer", to={**RUNS, "active": "inactive"})),
        ("updates", changed("units", "apt-daily-upgrade.timer", to={**RUNS, "enabled": "disabled"})),
        ("chrony", changed("units", "chrony.service", to={**RUNS, "active": "failed"})),
        ("chrony", changed("units", "chrony.service", to={**RUNS, "enabled": "disabled"})),
        ("ssh", changed("ssh", "effective", "passwordauthentication", to="yes")),
        ("ssh", changed("files", to={"/etc/ssh/sshd_config.d/00-trading-hosts.conf": "absent"})),
    ],
)
def test_one_thing_differs(part: str, seen: dict[str, Any]) -> None:
    assert differs(seen) == [part]


def test_a_file_differs() -> None:
    stale = [{"part": "journal", "path": "/etc/x", "template": "x.j2", "unit": "systemd-journald.service"}]
    assert differs(SEEN, __host_baseline_stale=stale) == ["files", "units"]


def test_what_is_switched_off_is_left_alone() -> None:
    seen = changed("units", "chrony.service", to={**RUNS, "active": "failed"})
    seen["swap"]["in_clear"] = ["/dev/sda2"]
    seen["units"]["apport.service"] = seen["units"]["apt-daily.timer"] = {**RUNS, "active": "inactive"}
    off = ("time", "swap", "core_dumps", "updates", "ssh")
    assert differs(seen, **{f"host_baseline_{name}": False for name in off}) == []
