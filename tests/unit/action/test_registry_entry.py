# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module that writes the registry takes, refuses and shows; how it writes is tested where it does."""

from __future__ import annotations

import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.trading.hosts.plugins.action.registry_entry import ActionModule

KEYS = "exchange_credentials_api_keys"
GRID: dict[str, t.Any] = {"name": "grid", "exchange": "okx", "declared": {"label": "g"}}
DOCUMENT: dict[str, t.Any] = {"name": "grid.json", "format": "ccxt", "api_keys": ["grid"]}


def act(path: Path, *, check: bool = False, diff: bool = False, **args: t.Any) -> dict[str, t.Any]:
    task = SimpleNamespace(
        args={"path": str(path), **args}, async_val=0, check_mode=check, diff=diff, action="x", collections=[]
    )
    made = ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir="")),
        play_context=None,
        loader=DataLoader(),
        templar=None,
        shared_loader_obj=None,
    )
    return made.run(task_vars={"inventory_hostname": "bot1"})


def test_a_key_comes_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "host_vars" / "bot1" / "keys.yml"
    seen = act(path, check=True, diff=True, api_key=GRID, document=DOCUMENT)
    assert seen["changed"] is True
    assert not path.parent.exists()
    made = act(path, diff=True, api_key=GRID, document=DOCUMENT)
    assert (made["changed"], made["diff"]) == (True, seen["diff"])
    assert made["diff"]["after"] == made["entry"]
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == yaml.safe_load(made["entry"])
    assert act(path, api_key=GRID, document=DOCUMENT)["changed"] is False
    # As revoke does it: the host's keys are told dead before they go.
    dead = {"name": "grid", "declared": {"lifecycle": "revoked"}}
    assert act(path, api_key=dead)["changed"] is True
    gone = act(path, api_key={"name": "grid"}, state="absent", diff=True)
    assert (gone["changed"], gone["entry"], gone["diff"]["after"]) == (True, "", "")
    assert act(path, api_key={"name": "grid"}, state="absent")["changed"] is False
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == {KEYS: [], "exchange_credentials_documents": []}


def test_nothing_is_made_to_take_a_key_out_of(tmp_path: Path) -> None:
    path = tmp_path / "host_vars" / "keys.yml"
    assert act(path, api_key={"name": "grid"}, state="absent")["changed"] is False
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"api_key": {**GRID, "secret": "canary"}}, r"api_key\.secret: would lie in clear in the file; leave it out"),
        ({"api_key": {**GRID, "api_key": "canary"}}, r"api_key\.api_key: would lie in clear"),
        ({"api_key": {**GRID, "passphrase": "canary"}}, r"api_key\.passphrase: would lie in clear"),
        ({"api_key": {**GRID, "key_password": "canary"}}, r"api_key\.key_password: would lie in clear"),
        ({"api_key": {**GRID, "api_secret": "canary"}}, r"api_key\.api_secret: is no option here; perhaps you meant"),
        ({"api_key": {**GRID, "exchange": "okxx"}}, r"api_key\.exchange 'okxx': is not known here"),
        ({"api_key": {**GRID, "declared": {"created_on": "today"}}}, r"declared\.created_on 'today': is not a day"),
        ({"api_key": {**GRID, "declared": {True: "x"}}}, r'put the name in quotes: "on"'),
        ({"api_key": {"exchange": "okx"}}, r"api_key\.name: is missing"),
        ({"api_key": {"name": "grid"}}, r"api_key\.exchange: is missing, and the file has no entry grid yet"),
        ({"api_key": GRID, "document": {**DOCUMENT, "format": "cxt"}}, r"document\.format 'cxt': is no choice"),
        ({"api_key": GRID, "document": {"name": "d"}}, r"document\.format: is missing, and the file has no entry d"),
        ({"api_key": GRID, "document": DOCUMENT, "state": "absent"}, r"document: is given with state absent"),
        ({"api_key": "{{"}, r"api_key"),
    ],
)
def test_what_must_not_be_written_is_refused_before_anything_is(
    tmp_path: Path, args: dict[str, t.Any], said: str
) -> None:
    path = tmp_path / "new" / "keys.yml"
    with pytest.raises(AnsibleActionFail, match=said) as refused:
        act(path, **args)
    assert "canary" not in str(refused.value)
    assert not path.parent.exists()


def test_a_file_that_cannot_be_changed_gives_the_text_to_write_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "keys.yml"
    path.write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n", encoding="utf-8")
    result = act(path, api_key=GRID, document=DOCUMENT)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"] == f"path {str(path)!r}: it is encrypted as a whole; change it by ansible-vault edit."
    assert yaml.safe_load(result["entry"])[KEYS] == [GRID]


def test_a_difference_shows_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "keys.yml"
    path.write_text(
        f"{KEYS}:\n  - name: grid\n    exchange: okx\n    secret: canary1\n    api_secret: canary2\n"
        "    declared: {label: x, account: !vault canary5, what: canary3}\nvault: canary4\n",
        encoding="utf-8",
    )
    result = act(path, diff=True, api_key={"name": "grid", "region": "eea"})
    assert "canary" not in str(result)
    assert "region: eea" in result["diff"]["after"]
    assert result["diff"]["before"].count("(not shown)") == 3


@pytest.mark.parametrize(
    "lines",
    [
        "region: {secret: canary}",
        "region: [canary]",
        "declared: canary",
        "declared: [canary]",
        "declared: {products: [spot, {secret: canary}]}",
        "declared: {products: {secret: canary}}",
        "declared: {restriction_events: [canary]}",
    ],
)
def test_a_difference_shows_nothing_of_what_has_another_form(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "keys.yml"
    path.write_text(f"{KEYS}:\n  - name: grid\n    exchange: okx\n    {lines}\n", encoding="utf-8")
    result = act(path, diff=True, api_key={"name": "grid", "environment": "demo"})
    assert result["changed"] is True
    assert "canary" not in str(result)
    assert "environment: demo" in result["diff"]["after"]


def test_a_difference_shows_lists_and_mappings(tmp_path: Path) -> None:
    path = tmp_path / "keys.yml"
    declared = {
        "products": ["spot", "margin"],
        "restriction_events": [{"what": "password_changed", "on": "2026-11-01"}],
    }
    document = {**DOCUMENT, "exchanges": {"grid": "okx"}}
    result = act(path, diff=True, api_key={**GRID, "declared": declared}, document=document)
    assert result["diff"]["after"] == result["entry"]
