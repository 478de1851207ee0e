# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What bad input gets, where a person meets it: one sentence that names the field, the value and the mend.

Only what no other test provokes through the modules and actions themselves. Where the rest is:

- exchange, environment, passphrase, key and secret: modules/test_api_key_info.py, _exchanges/test_options.py
- answers of exchanges, .netrc and proxy variables: _exchanges/test_learn.py, test__http.py
- answers of IP sources: modules/test_public_ip_info.py
- transport that is not safe for a secret: plugin_utils/test_secret_action.py
- machine-id, undecryptable, tampered, disk full, no systemd: _credential/test_place.py, test_systemd.py, and the lab
"""

from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.module_utils.testing import patch_module_args
from ansible.parsing.dataloader import DataLoader

from ansible_collections.trading.hosts.plugins.action import allowlist_check, api_key_info, api_key_policy
from ansible_collections.trading.hosts.plugins.module_utils import _http
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.modules import api_key_info as api_key_info_module
from ansible_collections.trading.hosts.plugins.modules import (
    clock_info,
    credential,
    credential_info,
    exposed_credential_info,
    key_pair,
    public_ip_info,
)

if TYPE_CHECKING:
    from types import ModuleType

HERE = "91.198.115.11"
KEY = {
    "name": "bot",
    "exchange": "okx",
    "api_key": "canary-key-12345",
    "secret": "canary-secret-12345",
    "passphrase": "canary-phrase-1",
}
PLACE = {
    "credentials": [{"name": "bot.json", "format": "ccxt", "fields": {"api_key": "canary-1", "secret": "canary-2"}}]
}


def failure(module: ModuleType, given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a module as Ansible does; return the sentence it fails with."""
    with patch_module_args(given), pytest.raises(SystemExit):
        module.main()
    out = capsys.readouterr().out
    assert "canary" not in out
    result = json.loads(out)
    assert result["failed"] is True
    assert not result.get("changed")
    sentence = str(result["msg"])
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


ROOT = "Credentials belong to root, and this task does not run as root on the host; set become: true."


@pytest.mark.parametrize(
    ("module", "given"), [(credential, PLACE), (credential_info, {}), (key_pair, {"name": "grid-key"})]
)
def test_no_right_to_become_root(
    module: ModuleType, given: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert failure(module, given, capsys) == ROOT


def test_no_right_to_see_a_whole_host(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "does not run as root on the host; set become: true." in failure(exposed_credential_info, {}, capsys)


@pytest.mark.parametrize(
    ("module", "given"),
    [
        (api_key_info_module, {"api_keys": [KEY]}),
        (clock_info, {"exchanges": [{"exchange": "okx"}]}),
        (public_ip_info, {}),
    ],
)
def test_a_missing_library(
    module: ModuleType, given: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "HAS_REQUESTS", False)
    sentence = failure(module, given, capsys)
    assert "The Python library requests is missing" in sentence
    assert "python3-requests" in sentence


def test_key_and_secret_swapped(capsys: pytest.CaptureFixture[str]) -> None:
    swapped = {"api_key": "0123456789ABCDEF0123456789ABCDEF", "secret": "01234567-89ab-cdef-0123-456789abcdef"}
    sentence = failure(api_key_info_module, {"api_keys": [{**KEY, **swapped}]}, capsys)
    assert sentence.startswith("api_keys[0] (bot).api_key: looks like a secret of OKX")
    assert sentence.endswith("the two are swapped; exchange them.")
    assert not any(value in sentence for value in swapped.values())


def test_a_source_address_of_somebody_else(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = failure(api_key_info_module, {"api_keys": [KEY], "source_address": "198.51.100.7"}, capsys)
    assert sentence.startswith("source_address '198.51.100.7': is not an address of this host; use one that")


#: YAML reads the name ``on`` as true unless it stands in quotes.
UNQUOTED = {"attested": {"account": {"by": "Ada", True: "2026-11-01"}}}
QUOTE_IT = 'declared.attested.account.on: was read by YAML as true; put the name in quotes: "on".'


def test_an_unquoted_on_of_a_learner() -> None:
    action: Any = SimpleNamespace()  # the check uses nothing of it
    with pytest.raises(InputError) as caught:
        api_key_info.ActionModule.check(action, {"api_keys": [{**KEY, "declared": UNQUOTED}]})
    assert str(caught.value) == f"api_keys[0] (bot).{QUOTE_IT}"


def act(plugin: ModuleType, **options: Any) -> dict[str, Any]:
    task = SimpleNamespace(args=options, async_val=0, check_mode=False, diff=False, action="x", collections=[])
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=""))  # anything more that is asked of it fails
    action = plugin.ActionModule(
        task=task, connection=connection, play_context=None, loader=DataLoader(), templar=None, shared_loader_obj=None
    )
    result: dict[str, Any] = action.run(task_vars={"inventory_hostname": "bot1"})
    return result


def test_an_unquoted_on_of_the_judge() -> None:
    with pytest.raises(AnsibleActionFail, match=r"declared\[0\]\.attested\.account\.on: was read by YAML as true"):
        act(api_key_policy, declared=[{"name": "bot", "exchange": "okx", **UNQUOTED}])


@pytest.mark.parametrize(
    ("entry", "field", "said"),
    [
        ("10.0.0.7", "unsuitable", "10.0.0.0/8"),
        ("127.0.0.1", "unsuitable", "127.0.0.0/8"),
        ("100.64.0.1", "unsuitable", "100.64.0.0/10"),
        ("fd00::1", "unsuitable", "fc00::/7"),
        ("::ffff:8.8.8.8", "unsuitable", "::ffff:0:0/96"),
        ("8.8.8.*", "unsuitable", "8.8.8.*"),
        ("8.8.8.8-8.8.8.200", "too_wide", "8.8.8.8-8.8.8.200"),
        ("008.8.8.8", "unsuitable", "008.8.8.8"),
        ("8.8.8", "unsuitable", "8.8.8"),
        ("", "unsuitable", ""),
        ("*", "too_wide", "*"),
    ],
)
def test_every_bad_entry_of_an_allowlist_is_classified(entry: str, field: str, said: str) -> None:
    result = act(allowlist_check, entries=[HERE, entry], addresses=[HERE], fail_on="never")
    (found,) = result[field]
    assert found["entry"] == entry
    assert said in json.dumps(found)
    findings = [finding for finding in result["findings"] if finding["status"] == "fail"]
    assert findings
    assert all(finding["remedy"]["do_now"] for finding in findings)
