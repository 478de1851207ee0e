# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bad inventory is told all that is wrong with it, at its lines, by Ansible itself reading its files."""

from __future__ import annotations

import datetime
import os
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.trading.hosts.plugins.action import fleet_policy, registry_check
from ansible_collections.trading.hosts.plugins.plugin_utils._registry_check import check

NOW = "2026-11-22T12:00:00Z"
SECRET = VaultSecret(b"the vault's password")
KEYS = "exchange_credentials_api_keys"
DOCUMENTS = "exchange_credentials_documents"


GROUPS = {"bot1": "bots", "bot2": "bots", "bot3": "other"}


class Inventory:
    """A directory of variables, each file read as Ansible reads it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, text: str, *, vaulted: bool = False) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = VaultLib([("default", SECRET)]).encrypt(text, SECRET) if vaulted else text.encode()
        path.write_bytes(content)

    def act(self, action: type[t.Any], *, unlocked: bool = True, **args: t.Any) -> dict[str, t.Any]:
        loader = DataLoader()
        loader.set_vault_secrets([("default", SECRET)] if unlocked else [])
        hostvars: dict[str, t.Any] = {
            host: {"inventory_dir": str(self.directory), "playbook_dir": str(self.directory), "group_names": [group]}
            for host, group in GROUPS.items()
        }
        for host, group in GROUPS.items():
            for file in (
                *self.directory.glob(f"group_vars/{group}*"),
                *sorted(self.directory.glob(f"host_vars/{host}/*")),
            ):
                hostvars[host] |= loader.load_from_file(str(file), cache="all", trusted_as_template=True)
        task = SimpleNamespace(args=args, async_val=0, check_mode=False, diff=False, action="x", collections=[])
        made = action(
            task=task,
            connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir="")),
            play_context=None,
            loader=loader,
            templar=None,
            shared_loader_obj=None,
        )
        return t.cast("dict[str, t.Any]", made.run(task_vars={"inventory_hostname": "bot1", "hostvars": hostvars}))

    def checked(self, **args: t.Any) -> dict[str, t.Any]:
        return self.act(registry_check.ActionModule, now=NOW, **args)


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inventory:
    monkeypatch.chdir(tmp_path)
    return Inventory(tmp_path)


def key(lines: str) -> str:
    """Return a file with one key: what is given begins at line 4."""
    return f"{KEYS}:\n  - name: grid\n    exchange: okx\n" + "".join(f"    {line}\n" for line in lines.splitlines())


GOOD = f"""\
{KEYS}:
  - name: grid
    exchange: bybit
    environment: testnet
    region: global
    api_key: in-clear-and-no-secret
    secret: "{{{{ undefined_here }}}}"
    passphrase: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    declared:
      access: read_write
      products: [spot]
      created_on: 2026-11-01
      expires_on: "2027-11-01"
      shared_with: "{{{{ groups_of_mine }}}}"
      attested:
        recovery: {{by: Ada, "on": "2026-11-22"}}
      allowlist: [91.198.115.11, 91.198.115.0/24]
      allowlist_reasons: [{{entry: 91.198.115.11, reason: office, until: 2027-01-01}}]
  - name: other
    exchange: other
    declared: {{ccxt_id: bigone}}
{DOCUMENTS}:
  - name: grid.json
    format: ccxt
    api_keys: [grid, other]
groups_of_mine: [bot2]
"""


def test_a_good_registry_has_no_problem(inventory: Inventory) -> None:
    inventory.write("host_vars/bot1/keys.yml", GOOD)
    result = inventory.checked()
    assert (result["failed"], result["problems"], result["notes"]) == (False, [], [])
    assert result["msg"] == "The registry of 2 keys and 1 documents on 1 hosts: 0 problems."
    assert result["checked"] == {"hosts": 1, "api_keys": 2, "documents": 1}
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ("environment: demonet", 4, "environment 'demonet': is no environment of OKX"),
        ("region: mars", 4, "region 'mars': is no region of OKX's mainnet"),
        ("base_url: http://example.com", 4, "base_url 'http://example.com': is plain HTTP"),
        ("environment: custom", 4, "environment 'custom': says no place to ask; give base_url too"),
        ("enviroment: demo", 4, "enviroment: is no option here; perhaps you meant environment."),
        ("declared:\n  lable: x", 5, "declared.lable: is no option here; perhaps you meant label."),
        ("declared: read", 4, "declared: is not a mapping"),
        ("declared:\n  access: write", 5, "declared.access 'write': is no choice here; perhaps you meant read_write."),
        ("declared:\n  products: spot", 5, "declared.products: is not a list"),
        ("declared:\n  products:\n    - spot\n    - moon", 7, "declared.products[1] 'moon': is no choice here"),
        ("declared:\n  account: 12", 5, "declared.account: is not text; put it in quotes."),
        ('declared:\n  ip_restriction: "yes"', 5, "declared.ip_restriction: is not true or false"),
        ("passphrase: 000000", 4, "passphrase: is not text; put it in quotes."),
        ("declared:\n  shared_with: [bot9]", 5, "declared.shared_with[0] 'bot9': is no host of the inventory"),
        ("declared:\n  standby_hosts:\n    - bot2\n    - bt3", 7, "perhaps you meant bot3."),
        ("declared:\n  created_on: 22.11.2026", 5, "declared.created_on '22.11.2026': is not a day"),
        ('declared:\n  expires_on: "2026-02-30"', 5, "declared.expires_on '2026-02-30': is not a day"),
        ("declared:\n  created_on: 2026-11-24", 5, "declared.created_on '2026-11-24': is in the future"),
        ("declared:\n  reviewed_on: 2027-01-01", 5, "declared.reviewed_on '2027-01-01': is in the future"),
        (
            "declared:\n  created_on: 2026-11-01\n  expires_on: 2026-10-01",
            6,
            "declared.expires_on '2026-10-01': is before created_on (2026-11-01)",
        ),
        (
            'declared:\n  attested:\n    label:\n      by: Ada\n      "on": 2027-01-01',
            8,
            "declared.attested.label.on '2027-01-01': is in the future",
        ),
        ("declared:\n  attested:\n    label: {by: Ada, on: 2026-01-01}", 6, 'put the name in quotes: "on".'),
        ("declared:\n  attested:\n    label: {by: Ada}", 6, "declared.attested.label.on: is missing"),
        ("declared:\n  attested:\n    colour: {}", 6, "declared.attested.colour: is no option here"),
        (
            "declared:\n  two_factor: {kind: app, attested_by: Ada, attested_on: 2027-01-01}",
            5,
            "declared.two_factor.attested_on '2027-01-01': is in the future",
        ),
        (
            "declared:\n  restriction_events:\n    - what: password_changed\n      'on': soon",
            7,
            "declared.restriction_events[0].on 'soon': is not a day",
        ),
        ("declared:\n  allowlist:\n    - 91.198.115.11\n    - 1.2.3", 7, 'declared.allowlist[1]: "1.2.3" has'),
        ("declared:\n  label: '{{ no_such }}'", 4, "declared: cannot be resolved ('no_such' is undefined)"),
        ("secret: canary-in-clear", 4, "secret: stands in the file in clear"),
        ("secret: |\n  -----BEGIN PRIVATE KEY-----\n  canary\n  -----END PRIVATE KEY-----", 4, "in clear"),
        ('passphrase: "canary\\u0020in clear"', 4, "passphrase: stands in the file in clear"),
        ("secret: ENC[AES256_GCM,data:canary,type:str]", 4, "secret: is as SOPS encrypted it; enable the vars plugin"),
        (
            "api_key: |\n  -----BEGIN PRIVATE KEY-----\n  canary\n  -----END PRIVATE KEY-----",
            4,
            "api_key: stands in the",
        ),
        ("key_password: canary-in-clear", 4, "key_password: stands in the file in clear"),
    ],
)
def test_each_mistake_is_one_sentence_at_its_line(inventory: Inventory, lines: str, line: int, said: str) -> None:
    inventory.write("host_vars/bot1/keys.yml", key(lines))
    result = inventory.checked()
    (problem,) = result["problems"]
    assert said in problem["message"]
    assert (problem["line"], problem["hosts"]) == (line, ["bot1"])
    assert problem["file"] == str(inventory.directory / "host_vars" / "bot1" / "keys.yml")
    assert f"host_vars/bot1/keys.yml:{line}: {KEYS}[0]" in result["msg"]
    assert result["failed"] is True
    assert "canary" not in str(result)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            f"{KEYS}:\n  - name: a\n    exchange: okxx\n",
            3,
            "exchange 'okxx': is not known here; perhaps you meant okx.",
        ),
        (f"{KEYS}:\n- {{name: a, exchange: hyperliquid, api_key: '0x{'ab' * 32}'}}", 2, "api_key: stands in the file"),
        (f"{KEYS}:\n  - name: a\n", 2, f"{KEYS}[0].exchange: is missing"),
        (f"{KEYS}:\n  - exchange: okx\n", 2, f"{KEYS}[0].name: is missing"),
        (f"{KEYS}:\n  - {{name: ' a', exchange: okx}}\n", 2, f"{KEYS}[0].name: is no name"),
        (f"{KEYS}:\n  - {{name: a, exchange: okx}}\n  - 7\n", 3, f"{KEYS}[1]: is not a mapping"),
        (f"{KEYS}: 7\n", 1, f"{KEYS}: is not a list"),
        (f"{KEYS}:\n  a: okx\n", 2, f"{KEYS}: is not a list"),
        (f"{KEYS}: '{{{{ nothing }}}}'\n", 1, "cannot be resolved"),
        (
            f"{KEYS}:\n  - {{name: a, exchange: okx}}\n  - name: a\n    exchange: bybit\n",
            3,
            f"{KEYS}[1].name 'a': is also the name of {KEYS}[0] (keys.yml:2); rename one.",
        ),
        (
            f"{KEYS}: [{{name: grid, exchange: okx}}]\n{DOCUMENTS}:\n- name: d\n  format: ccxt\n  api_keys:\n  - x1",
            6,
            f"{DOCUMENTS}[0].api_keys[0] 'x1': is the name of no key of the host; add the key to",
        ),
        (f"{DOCUMENTS}:\n  - name: d\n    format: ccxt\n    api_keys: []\n", 4, "names no key"),
        (f"{DOCUMENTS}:\n  - name: d\n    format: ccxxt\n", 3, "format 'ccxxt': is no choice here"),
        (f"{DOCUMENTS}:\n  - name: d\n    format: ccxt\n", 2, f"{DOCUMENTS}[0].api_keys: is missing"),
    ],
)
def test_what_is_wrong_with_a_list(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch, text: str, line: int, said: str
) -> None:
    inventory.write("host_vars/bot1/keys.yml", text)
    monkeypatch.chdir(inventory.directory / "host_vars" / "bot1")
    told = {(problem["line"], said in problem["message"]) for problem in inventory.checked()["problems"]}
    assert (line, True) in told


def test_everything_is_told_in_one_run_by_file_and_line(inventory: Inventory) -> None:
    inventory.write("host_vars/bot2/keys.yml", key("region: mars\ndeclared: {access: rd}"))
    inventory.write("host_vars/bot1/keys.yml", key("region: mars"))
    inventory.write("group_vars/other.yml", "x: 1\n")
    result = inventory.checked()
    assert [(Path(p["file"]).parent.name, p["line"]) for p in result["problems"]] == [
        ("bot1", 4),
        ("bot2", 4),
        ("bot2", 5),
    ]


def test_a_mistake_in_a_groups_file_is_one_problem_of_its_hosts(inventory: Inventory) -> None:
    inventory.write("group_vars/bots.yml", key("region: mars"))
    (problem,) = inventory.checked()["problems"]
    assert problem["hosts"] == ["bot1", "bot2"]


def test_a_list_that_another_file_hides_is_told(inventory: Inventory) -> None:
    inventory.write("group_vars/bots.yml", f"x: 1\n\n{KEYS}: [{{name: g, exchange: okx}}]\n")
    inventory.write("host_vars/bot1/a.yml", f"{KEYS}: [{{name: a, exchange: okx}}]\n")
    inventory.write("host_vars/bot1/b.yml", f"{KEYS}: [{{name: b, exchange: okx}}]\n")
    result = inventory.checked()
    (problem,) = result["problems"]
    assert (Path(problem["file"]).name, problem["line"]) == ("a.yml", 1)
    assert problem["message"] == f"{KEYS}: is hidden by the list in host_vars/bot1/b.yml:1; make one of the two."
    # A host's list in the place of its group's may be meant.
    (note,) = result["notes"]
    assert (Path(note["file"]).name, note["line"], note["hosts"]) == ("bots.yml", 3, ["bot1"])


def test_of_what_a_template_made_the_templates_line_is_told(inventory: Inventory) -> None:
    inventory.write("host_vars/bot1/keys.yml", f"made: [{{name: a, exchange: okxx}}]\n\n{KEYS}: '{{{{ made }}}}'\n")
    (problem,) = inventory.checked()["problems"]
    assert (problem["line"], problem["message"].split(":")[0]) == (3, f"{KEYS}[0].exchange 'okxx'")


def test_what_came_from_no_file_names_the_host() -> None:
    checked = check(
        hostvars={"bot1": {KEYS: [{"name": "a", "exchange": "okxx", "secret": "canary"}]}},
        loader=DataLoader(),
        today=datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC),
    )
    assert [str(each) for each in checked.problems] == [
        f"bot1: {KEYS}[0].exchange 'okxx': is not known here; perhaps you meant okx."
    ]


def test_a_secret_in_an_encrypted_file_is_not_in_clear(inventory: Inventory) -> None:
    text = key("secret: canary-in-vault\nregion: mars")
    inventory.write("host_vars/bot1/vault.yml", text, vaulted=True)
    (problem,) = inventory.checked()["problems"]
    assert (problem["line"], "region" in problem["message"]) == (5, True)
    assert "canary" not in str(problem)


def test_a_vault_that_is_locked_keeps_nobody_from_checking(inventory: Inventory) -> None:
    value = VaultLib([("default", SECRET)]).encrypt("canary-in-vault", SECRET).decode()
    block = "".join(f"  {line}\n" for line in value.splitlines())
    deep = block.replace("  ", "    ")
    inventory.write(
        "host_vars/bot1/keys.yml", key(f"secret: !vault |\n{block}region: mars\ndeclared:\n  account: !vault |\n{deep}")
    )
    result = inventory.checked(unlocked=False)
    assert ["region" in problem["message"] for problem in result["problems"]] == [True]
    # What has a secret and is in no document is placed nowhere: worth a word, and no mistake by itself.
    assert "is in no document" in result["notes"][0]["message"]


def test_what_sops_decrypts_on_the_way_is_not_in_clear(inventory: Inventory) -> None:
    # Its vars plugin hands another text to Ansible's loader, under the file's name.
    inventory.write("host_vars/bot1/keys.yml", key("secret: ENC[AES256_GCM,data:bm8=,type:str]"))
    loader = DataLoader()
    path = str(inventory.directory / "host_vars" / "bot1" / "keys.yml")
    data = loader.load(key("secret: canary"), file_name=path)
    checked = check(hostvars={"bot1": data}, loader=loader, today=datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC))
    assert checked.problems == []
    assert checked.notes[0].origin is not None


def test_fleet_policy_refuses_at_file_and_line(inventory: Inventory) -> None:
    inventory.write("host_vars/bot1/keys.yml", key("declared: {shared_with: [bot9]}"))
    (inventory.directory / "facts").mkdir()
    with pytest.raises(
        AnsibleActionFail, match=r"\[0\] of bot1 \(host_vars/bot1/keys\.yml:2\)\.declared\.shared_with 'bot9'"
    ):
        inventory.act(fleet_policy.ActionModule, src=[os.fspath(inventory.directory / "facts")])
