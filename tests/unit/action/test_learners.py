# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of the learners: facts carry the name of the host that was asked on."""

from __future__ import annotations

import importlib
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import read_facts

PACKAGE = "ansible_collections.trading.hosts.plugins.action"
RESULTS: dict[str, dict[str, t.Any]] = {
    "api_key_info": {
        "api_keys": [{"name": "a", "host": "told-by-itself", "access": {"status": "accepted", "code": None}}]
    },
    "clock_info": {"clocks": [{"exchange": "okx", "host": "told-by-itself"}]},
    "public_ip_info": {"egress": [{"path": {"user": "root"}, "host": "told-by-itself"}]},
    "credential_info": {"credentials": [], "machine": {"host_key": "bound"}},
    "exposed_credential_info": {
        "exposed": [],
        "found_keys": [],
        **dict.fromkeys(("swap", "core_dumps", "backups", "host_key")),
        "scan": {"scope": "inventory"},
    },
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize(("delegate_to", "host"), [(None, "web1"), ("db9", "db9")])
def test_what_was_learned_elsewhere_is_no_fact_of_this_host(
    name: str, delegate_to: str | None, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = SimpleNamespace(
        action=f"trading.hosts.{name}",
        args={"facts_dir": str(tmp_path)},
        async_val=0,
        check_mode=False,
        diff=False,
        no_log=False,
        delegate_to=delegate_to,
        environment=[],
    )
    module = importlib.import_module(f"{PACKAGE}.{name}").ActionModule
    monkeypatch.setattr(module, "_execute_module", lambda _self, **_given: RESULTS[name])
    shell = SimpleNamespace(tmpdir=None)
    action = module(task, SimpleNamespace(_shell=shell, become=None), SimpleNamespace(), None, None, None)
    action.run(task_vars={"inventory_hostname": "web1"})
    (file,) = read_facts(sources=[str(tmp_path)])
    assert file.host == host
    assert [fact["host"] for fact in file.facts if "host" in fact] == [host for fact in file.facts if "host" in fact]
