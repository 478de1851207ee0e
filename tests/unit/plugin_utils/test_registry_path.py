# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file of an inventory a new key is written into, so that no other file is hidden by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ansible_collections.trading.hosts.plugins.plugin_utils._registry_path import host_of, registry_path

if TYPE_CHECKING:
    from pathlib import Path

KEYS = "a: 1\nexchange_credentials_api_keys:\n  - name: grid\n"
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n6162\n"


@pytest.mark.parametrize(
    ("files", "declared", "found"),
    [
        ({}, False, "bot1/keys.yml"),
        ({}, True, None),
        ({"bot1.yml": "a: 1\n"}, False, "bot1.yml"),
        ({"bot1.yml": KEYS}, True, "bot1.yml"),
        ({"bot1.yaml": "a: 1\n", "bot1.json": "{}"}, False, "bot1.yaml"),
        ({"bot1.json": "{}"}, False, None),
        ({"bot1.yml": VAULT}, False, None),
        ({"bot1/vault.yml": VAULT}, False, "bot1/keys.yml"),
        ({"bot1/vault.yml": VAULT}, True, None),
        ({"bot1/keys.yml": VAULT}, False, None),
        ({"bot1/keys.yml": "a: 1\n"}, False, "bot1/keys.yml"),
        ({"bot1/vault.yml": VAULT, "bot1/keys.yml": KEYS}, True, "bot1/keys.yml"),
        ({"bot1/a.yml": KEYS, "bot1/b.yml": "exchange_credentials_documents: []\n"}, True, None),
        ({"bot1/deep/keys": KEYS}, True, "bot1/deep/keys"),
        # Ansible does not read the file beside the directory.
        ({"bot1/other.yml": "a: 1\n", "bot1.yml": KEYS}, False, "bot1/keys.yml"),
        ({"bot1/.keys.yml.swp": KEYS}, False, "bot1/keys.yml"),
    ],
)
def test_the_file(tmp_path: Path, files: dict[str, str], declared: bool, found: str | None) -> None:
    for name, text in files.items():
        path = tmp_path / "host_vars" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    told = registry_path(inventory=str(tmp_path), host="bot1", declared=declared)
    assert told == (None if found is None else str(tmp_path / "host_vars" / found))


@pytest.mark.parametrize(("inventory", "host"), [(None, "bot1"), ("", "bot1"), ("/tmp", ""), ("/tmp", "../bot1")])
def test_without_an_inventory_only_a_person_can_tell(inventory: str | None, host: str) -> None:
    assert registry_path(inventory=inventory, host=host, declared=False) is None


def test_what_ansible_calls_them() -> None:
    assert host_of({"inventory_dir": "/i", "inventory_hostname": "bot1"}) == ("/i", "bot1")
    assert host_of({"inventory_dir": None}) == (None, "")
