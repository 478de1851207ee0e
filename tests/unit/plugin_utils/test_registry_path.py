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

API_KEYS, DOCUMENTS = "exchange_credentials_api_keys", "exchange_credentials_documents"
KEYS = "a: 1\nexchange_credentials_api_keys:\n  - name: grid\n"
BOTH = f"{KEYS}exchange_credentials_documents: []\n"
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n6162\n"


@pytest.mark.parametrize(
    ("files", "declared", "found"),
    [
        ({}, (), "bot1/keys.yml"),
        ({}, (API_KEYS,), None),
        ({"bot1.yml": "a: 1\n"}, (), "bot1.yml"),
        ({"bot1.yml": KEYS}, (API_KEYS,), "bot1.yml"),
        ({"bot1.yaml": "a: 1\n", "bot1.json": "{}"}, (), "bot1.yaml"),
        ({"bot1.json": "{}"}, (), None),
        ({"bot1.yml": VAULT}, (), None),
        ({"bot1/vault.yml": VAULT}, (), "bot1/keys.yml"),
        ({"bot1/vault.yml": VAULT}, (API_KEYS,), None),
        ({"bot1/keys.yml": VAULT}, (), None),
        ({"bot1/keys.yml": "a: 1\n"}, (), "bot1/keys.yml"),
        ({"bot1/vault.yml": VAULT, "bot1/keys.yml": KEYS}, (API_KEYS,), "bot1/keys.yml"),
        ({"bot1/a.yml": KEYS, "bot1/b.yml": "exchange_credentials_documents: []\n"}, (API_KEYS,), None),
        ({"bot1/deep/keys": KEYS}, (API_KEYS,), "bot1/deep/keys"),
        # Ansible does not read the file beside the directory.
        ({"bot1/other.yml": "a: 1\n", "bot1.yml": KEYS}, (), "bot1/keys.yml"),
        ({"bot1/.keys.yml.swp": KEYS}, (), "bot1/keys.yml"),
        # What a group declares would be hidden by a list in the host's file.
        ({"bot1.yml": KEYS}, (API_KEYS, DOCUMENTS), None),
        ({"bot1.yml": KEYS}, (DOCUMENTS,), None),
        ({"bot1.yml": BOTH}, (API_KEYS, DOCUMENTS), "bot1.yml"),
        ({"bot1.yml": BOTH}, (API_KEYS,), "bot1.yml"),
    ],
)
def test_the_file(tmp_path: Path, files: dict[str, str], declared: tuple[str, ...], found: str | None) -> None:
    for name, text in files.items():
        path = tmp_path / "host_vars" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    told = registry_path(inventory=str(tmp_path), host="bot1", declared=declared)
    assert told == (None if found is None else str(tmp_path / "host_vars" / found))


@pytest.mark.parametrize(("inventory", "host"), [(None, "bot1"), ("", "bot1"), ("/tmp", ""), ("/tmp", "../bot1")])
def test_without_an_inventory_only_a_person_can_tell(inventory: str | None, host: str) -> None:
    assert registry_path(inventory=inventory, host=host, declared=()) is None


def test_what_ansible_calls_them() -> None:
    assert host_of({"inventory_dir": "/i", "inventory_hostname": "bot1"}) == ("/i", "bot1")
    assert host_of({"inventory_dir": None}) == (None, "")
