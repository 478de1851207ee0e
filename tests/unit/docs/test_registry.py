# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry's page and its schema for editors: what they say is what the code takes."""

from __future__ import annotations

import copy
import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.trading.hosts.plugins.plugin_utils._registry_rules import (
    API_KEYS,
    DOCUMENT_SPEC,
    DOCUMENTS,
    document_problems,
    key_problems,
)
from tests.collection import collections_directory
from tests.generated import registry_schema
from tests.unit.docs.examples import CHECKOUT, blocks

PAGE = "docs/registry.md"
SCHEMA = registry_schema.schema()
#: Editors know one of the two; both must say the same.
READERS = (jsonschema.Draft202012Validator(SCHEMA), jsonschema.Draft7Validator(SCHEMA))
REGISTRIES = [
    block
    for block in blocks()
    if isinstance(block.data, dict) and any(name in block.data for name in (API_KEYS, DOCUMENTS))
]


def mistakes(data: Any) -> list[str]:
    """Return where the schema finds something wrong, the deepest places only."""
    # Editors read days as text.
    data = json.loads(json.dumps(data, default=str))
    found = []
    for reader in READERS:
        places = set()
        for error in reader.iter_errors(data):
            stack = [error]
            while stack:
                each = stack.pop()
                stack += each.context or []
                places.add("/".join(map(str, each.absolute_path)))
        found.append(sorted(each for each in places if not any(o.startswith(f"{each}/") or not each for o in places)))
    assert found[0] == found[1]
    return found[0]


def test_the_schema_is_current_and_is_one() -> None:
    for file, text in registry_schema.files():
        assert file.read_text(encoding="utf-8") == text, f"{file.name}: run make generated"
    for reader in READERS:
        reader.check_schema(SCHEMA)


def test_a_document_has_the_roles_options() -> None:
    text = (CHECKOUT / "roles" / "exchange_credentials" / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)["argument_specs"]["main"]["options"][DOCUMENTS]["options"]
    named = {name: {k: v for k, v in option.items() if k != "description"} for name, option in options.items()}
    assert named == DOCUMENT_SPEC


def test_every_option_is_described() -> None:
    def undescribed(schema: Any, where: str) -> list[str]:
        found = []
        if isinstance(schema, dict):
            for name, option in schema.get("properties", {}).items():
                found += [] if option.get("description") else [f"{where}.{name}"]
            for name, each in schema.items():
                found += undescribed(each, f"{where}.{name}") if name not in ("if", "then") else []
        elif isinstance(schema, list):
            for each in schema:
                found += undescribed(each, where)
        return found

    assert undescribed(SCHEMA, "") == []
    assert not re.search(r"\b[A-Z]\(", json.dumps(SCHEMA).replace("API (", "")), "a mark of Ansible's documentation"


@pytest.mark.parametrize("block", REGISTRIES, ids=lambda block: block.page)
def test_what_people_are_told_to_copy_is_as_the_schema_says(block: Any) -> None:
    data = copy.deepcopy(block.data)
    if block.page == "README.md":  # a file that is encrypted as a whole: no editor sees into it
        data[API_KEYS][0]["secret"] = "{{ secret }}"
    assert mistakes(data) == []


KEY: dict[str, Any] = {"name": "a", "exchange": "okx", "declared": {"access": "read", "created_on": "2026-11-22"}}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"exchange": "okxx"}, "exchange"),
        ({"exchange": "{{ one }}"}, None),
        ({"exchang": "okx"}, ""),
        ({"name": None}, "name"),
        ({"environment": "testnet"}, "environment"),
        ({"environment": "demo"}, None),
        ({"environment": "custom", "base_url": "https://x.example"}, None),
        ({"region": "mars"}, "region"),
        ({"region": "us"}, None),
        ({"secret": "in clear"}, "secret"),
        (
            {"secret": "{{ lookup('x') }}", "passphrase": "$ANSIBLE_VAULT;1.1;AES256\n61", "key_password": "ENC[x]"},
            None,
        ),
        ({"passphrase": "in clear"}, "passphrase"),
        ({"api_key": "in clear"}, None),
        ({"ask_key_list": "yes"}, "ask_key_list"),
        ({"declared": []}, "declared"),
        ({"declared": "{{ all_of_it }}"}, None),
        ({"declared": {"lable": "x"}}, "declared"),
        ({"declared": {"access": "write"}}, "declared/access"),
        ({"declared": {"products": ["moon"]}}, "declared/products/0"),
        ({"declared": {"products": ["{{ one }}"]}}, None),
        ({"declared": {"products": "spot"}}, "declared/products"),
        ({"declared": {"created_on": "22.11.2026"}}, "declared/created_on"),
        ({"declared": {"expires_on": "2026-13-01"}}, "declared/expires_on"),
        ({"declared": {"expires_on": "2026-02-30"}}, "declared/expires_on"),
        ({"declared": {"expires_on": "2026-04-31"}}, "declared/expires_on"),
        ({"declared": {"created_on": "2026-12-31", "expires_on": "2028-02-29"}}, None),
        ({"declared": {"account": 12}}, "declared/account"),
        ({"declared": {"attested": {"label": {"by": "Ada"}}}}, "declared/attested/label"),
        ({"declared": {"attested": {"label": {"by": "Ada", "on": "2026-11-22"}}}}, None),
        ({"declared": {"attested": {"label": {"by": "Ada", "on": "soon"}}}}, "declared/attested/label/on"),
        ({"declared": {"egress_paths": [{"family": "ipv5"}]}}, "declared/egress_paths/0/family"),
        ({"credential": {"nam": "x"}}, "credential"),
        ({"credential": {"name": "../../etc"}}, "credential/name"),
        ({"credential": {"name": "{{ one }}"}}, None),
        ({"nonce": {"window": "10"}}, "nonce/window"),
    ],
)
def test_what_is_wrong_in_a_key_is_found(change: dict[str, Any], where: str | None) -> None:
    found = mistakes({API_KEYS: [{**KEY, **change}], "anything": {"else": 1}})
    assert found == ([] if where is None else [f"{API_KEYS}/0/{where}".rstrip("/")])


DOCUMENT_CHANGES: list[tuple[dict[str, Any], str | None]] = [
    ({"name": "../x"}, "/name"),
    ({"name": "x.age"}, "/name"),
    ({"name": "x.aged"}, None),
    ({"name": "{{ one }}"}, None),
    ({"format": "template"}, ""),
    ({"format": "template", "template": "{api_key}"}, None),
    ({"format": "{{ one }}", "template": "{api_key}"}, None),
    ({"template": "{api_key}"}, "/template"),
]


@pytest.mark.parametrize(("change", "where"), [each for each in DOCUMENT_CHANGES if "{{ one }}" not in str(each)])
def test_the_checker_says_of_a_document_what_the_schema_does(change: dict[str, Any], where: str | None) -> None:
    entry = {"name": "d", "format": "ccxt", "api_keys": ["a"], **change}
    assert len(document_problems(entry, where="document")) == (where is not None)


def test_the_checker_says_what_is_no_name_of_a_credential() -> None:
    today = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
    (problem,) = key_problems({**KEY, "credential": {"name": "../../etc"}}, where="key", today=today)
    assert problem.path == ("credential", "name")
    assert "is not a credential name" in problem.sentence


def test_a_part_of_a_document_may_have_its_template_elsewhere() -> None:
    assert document_problems({"name": "d", "format": "template"}, where="document", part=True) == []


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({}, None),
        ({API_KEYS: None}, None),
        ({API_KEYS: "{{ made }}"}, None),
        ({API_KEYS: ["{{ made }}"]}, None),
        ({API_KEYS: "made"}, API_KEYS),
        ({API_KEYS: {"a": 1}}, API_KEYS),
        ({API_KEYS: [{"name": "a"}]}, f"{API_KEYS}/0"),
        ({DOCUMENTS: [{"name": "d", "format": "ccxt", "api_keys": ["a"]}]}, None),
        ({DOCUMENTS: [{"name": "d", "format": "cxt", "api_keys": ["a"]}]}, f"{DOCUMENTS}/0/format"),
        ({DOCUMENTS: [{"name": "d", "format": "ccxt"}]}, f"{DOCUMENTS}/0"),
        *(
            (
                {DOCUMENTS: [{"name": "d", "format": "ccxt", "api_keys": ["a"], **change}]},
                None if where is None else f"{DOCUMENTS}/0{where}",
            )
            for change, where in DOCUMENT_CHANGES
        ),
        ({DOCUMENTS: [{"name": "d", "format": "ccxt", "api_keys": "a"}]}, f"{DOCUMENTS}/0/api_keys"),
    ],
)
def test_what_is_wrong_in_a_file_is_found(data: Any, where: str | None) -> None:
    assert mistakes(data) == ([] if where is None else [where])


def play(directory: Path, text: str) -> subprocess.CompletedProcess[str]:
    (directory / "play.yml").write_text(text, encoding="utf-8")
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory.ini", "play.yml", "--diff"],
        cwd=directory,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(collections_directory()),
            "ANSIBLE_HOME": str(directory / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_whole_example_runs(tmp_path: Path) -> None:
    text = (CHECKOUT / PAGE).read_text(encoding="utf-8")
    keys, inventory = (
        re.findall(rf"`{name}`:\n\n```(?:yaml|ini)\n(.*?)```", text, re.DOTALL)[0]
        for name in ("host_vars/bot1/keys.yml", "inventory.ini")
    )
    check, change = (
        yaml.safe_load(re.findall(rf"```yaml\n(- name: {name}\b.*?)```", text, re.DOTALL)[0])
        for name in ("Check the registry", "Say who answers")
    )
    (tmp_path / "host_vars" / "bot1").mkdir(parents=True)
    (tmp_path / "inventory.ini").write_text(inventory, encoding="utf-8")
    file = tmp_path / "host_vars" / "bot1" / "keys.yml"
    file.write_text(keys, encoding="utf-8")
    done = play(tmp_path, yaml.safe_dump([{"hosts": "bot1", "gather_facts": False, "tasks": change}, *check]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_text(encoding="utf-8") == keys.replace("owner: Ada", "owner: Grace")
    assert "-      owner: Ada\n+      owner: Grace" in done.stdout
    # Ansible's own reading of the files tells the lines, in each release.
    file.write_text(keys.replace("exchange: okx", "exchange: okxx"), encoding="utf-8")
    wrong = play(tmp_path, yaml.safe_dump(check))
    assert wrong.returncode == 2
    assert "host_vars/bot1/keys.yml:4: exchange_credentials_api_keys[0].exchange 'okxx'" in wrong.stdout + wrong.stderr
