# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `api_key_info` as Ansible starts it, its documentation, and the credential that is placed on the host."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.trading.hosts.plugins.doc_fragments import _api_keys
from ansible_collections.trading.hosts.plugins.module_utils._credential._age_reader import IDENTITY
from ansible_collections.trading.hosts.plugins.module_utils._credential._files import DEFAULT_DIRECTORY
from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import render
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _placed
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import ARGUMENT_SPEC, Placed, read_keys
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    PERMISSION_WORDS,
    PRODUCT_WORDS,
    REFUSALS,
    KeyFacts,
    key_facts,
)
from ansible_collections.trading.hosts.plugins.modules import api_key_info
from tests.simulator._asymmetric import private_pem
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = "91.198.115.11"
DOCUMENTED = yaml.safe_load(api_key_info.DOCUMENTATION)
DOCUMENTED["options"].update(yaml.safe_load(_api_keys.ModuleDocFragment.DOCUMENTATION)["options"])
RETURNED = yaml.safe_load(api_key_info.RETURN)["api_keys"]["contains"]


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start(nat={"127.0.0.1": HERE}) as simulator:
        yield simulator


def run(capsys: pytest.CaptureFixture[str], given: dict[str, Any]) -> dict[str, Any]:
    with patch_module_args(given), pytest.raises(SystemExit):
        api_key_info.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_the_module_asks_and_returns_facts_without_secrets(
    running_simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    key = running_simulator.create_key("okx", allowlist=[HERE], label="bot")
    given = {
        "api_keys": [
            {
                "name": "bot",
                "exchange": "okx",
                "api_key": key.key,
                "secret": key.secret,
                "passphrase": key.passphrase,
                "base_url": running_simulator.base_url("okx"),
                "declared": {"created_on": "2026-10-01", "products": ["spot"]},
            }
        ],
        "ca_path": running_simulator.ca_file,
    }
    result = run(capsys, given)
    assert result["changed"] is False
    fact = key_facts(result["api_keys"][0], where="x")
    assert fact.access.status == "accepted"
    assert fact.declared == {"created_on": "2026-10-01", "products": ["spot"]}
    for secret in (key.key, key.secret, str(key.passphrase)):
        assert secret not in json.dumps(result)
    # Cores before 2.21 always tell the invocation, newer ones only when they are asked to.
    assert '"api_key"' not in json.dumps(result.get("invocation", {}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"exchange": "atlantis"}, "api_keys[0] (bot).exchange 'atlantis': is not known here; write one of"),
        ({"secret": "CANARYab"[:7]}, "api_keys[0] (bot).secret: is shorter than 8 characters"),
        ({"passphrase": None}, "api_keys[0] (bot).passphrase: is missing"),
        ({"declared": {"created_on": "soon"}}, "api_keys[0] (bot).declared.created_on 'soon': is not a day"),
    ],
)
def test_a_mistake_fails_with_one_sentence(
    capsys: pytest.CaptureFixture[str], change: dict[str, Any], sentence: str
) -> None:
    key = {
        "name": "bot",
        "exchange": "okx",
        "api_key": "CANARY-key-1",
        "secret": "CANARY-sec-2",
        "passphrase": "CANARY-3",
    }
    result = run(capsys, {"api_keys": [{**key, **change}]})
    assert result["failed"]
    assert sentence in result["msg"]
    assert "CANARY" not in json.dumps(result)


class Store:
    """Gives what a file holds, as if it had been encrypted."""

    def decrypt(self, *, name: str, path: str, encrypted: bytes) -> bytes:
        assert path.endswith(name)
        return encrypted


FIELDS = {"api_key": "canary-key-12345", "secret": "canary-secret-12345", "passphrase": "canary-phrase"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(_placed, "SystemdReader", Store)

    def write(content: bytes, *, entry: str | None = None) -> Placed:
        (tmp_path / "bot.json").write_bytes(content)
        return Placed(name="bot.json", directory=str(tmp_path), entry=entry)

    return write


@pytest.mark.parametrize("form", ["json", "ccxt", "freqtrade"])
def test_placed_documents_are_read(place: Any, form: str) -> None:
    content = render(form=form, fields=FIELDS, accounts={}, text=None, field="x")
    assert _placed.open_placed(place(content), "f") == Credential(**FIELDS)


def test_one_of_several_accounts_is_read(place: Any) -> None:
    accounts = {"okx": FIELDS, "bybit": {"api_key": "k" * 9, "secret": "s" * 9}}
    content = render(form="ccxt", fields={}, accounts=accounts, text=None, field="x")
    assert _placed.open_placed(place(content, entry="bybit"), "f") == Credential("k" * 9, "s" * 9, None)
    for entry in (None, "binance"):
        with pytest.raises(InputError, match="name the account with entry") as refused:
            _placed.open_placed(place(content, entry=entry), "f")
        assert "canary" not in str(refused.value)


@pytest.mark.parametrize("form", ["json", "ccxt", "freqtrade"])
def test_a_wallets_private_key_is_not_taken_out_and_is_nobodys_secret(place: Any, form: str) -> None:
    fields = {"api_key": "0x" + "ab" * 20, "private_key": "0x" + "cd" * 32}
    placed = place(render(form=form, fields=fields, accounts={}, text=None, field="x"))
    unsigned = dataclasses.replace(placed, signed=False)
    assert _placed.open_placed(unsigned, "f") == Credential(fields["api_key"], "")
    with pytest.raises(InputError, match="holds no secret"):
        _placed.open_placed(placed, "f")


@pytest.mark.parametrize("form", ["json", "ccxt", "freqtrade"])
@pytest.mark.parametrize("field", ["uid", "passphrase"])
def test_a_passphrase_that_programs_keep_as_uid(place: Any, form: str, field: str) -> None:
    fields = {"api_key": "k" * 40, "secret": "s" * 64, field: "canary-memo"}
    placed = place(render(form=form, fields=fields, accounts={}, text=None, field="x"))
    bitmart = dataclasses.replace(placed, passphrase_in_uid=True)
    assert _placed.open_placed(bitmart, "f").passphrase == "canary-memo"
    # Elsewhere a uid is no passphrase.
    assert _placed.open_placed(placed, "f").passphrase == (None if field == "uid" else "canary-memo")


def test_a_private_key_alone_needs_the_id_beside_it(place: Any) -> None:
    pem = private_pem("ed25519")
    placed = place(pem.encode())
    beside = dataclasses.replace(placed, api_key="k" * 64, passphrase="canary-phrase")
    assert _placed.open_placed(beside, "f") == Credential("k" * 64, pem, "canary-phrase")
    with pytest.raises(InputError, match=r"holds a private key alone.*give that id.*as api_key"):
        _placed.open_placed(placed, "f")


def test_an_id_beside_a_whole_document_is_refused(place: Any) -> None:
    placed = place(render(form="json", fields=FIELDS, accounts={}, text=None, field="x"))
    with pytest.raises(InputError, match="leave api_key out"):
        _placed.open_placed(dataclasses.replace(placed, api_key="k" * 64), "f")


@pytest.mark.parametrize("named", [None, "/srv/age/identity"])
def test_the_identity_that_is_named_opens_what_the_age_store_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    used: list[str] = []

    class AgeStore:
        def __init__(self, *, identity_path: str) -> None:
            used.append(identity_path)

        def decrypt(self, *, name: str, path: str, encrypted: bytes) -> bytes:
            assert path == str(tmp_path / f"{name}.age")
            return json.dumps(FIELDS).encode()

    monkeypatch.setattr(_placed, "AgeReader", AgeStore)
    (tmp_path / "bot.json.age").write_bytes(b"age-encryption.org/v1\n-> X25519 x\n--- x\n")
    credential = {"name": "bot.json", "directory": str(tmp_path)} | ({"age_identity": named} if named else {})
    (plan,) = read_keys([{"name": "bot", "exchange": "okx", "credential": credential}])
    assert plan.placed is not None
    assert _placed.open_placed(plan.placed, "f").secret == FIELDS["secret"]
    assert used == [named or IDENTITY]


@pytest.mark.parametrize("content", [b"just text", b"{}", b'{"api_key": "only-the-key"}', b"\xff\xfe"])
def test_placed_documents_without_a_key_are_named(place: Any, content: bytes) -> None:
    with pytest.raises(InputError, match=r"f\.name 'bot\.json': holds no "):
        _placed.open_placed(place(content), "f")


@pytest.mark.parametrize(("name", "expected"), [("gone.json", "there is no such credential"), ("../x", "name")])
def test_a_credential_that_is_not_there(tmp_path: Path, name: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        _placed.open_placed(Placed(name=name, directory=str(tmp_path), entry=None), "f")


def compare(spec: dict[str, Any], documented: dict[str, Any], *, where: str) -> None:
    assert set(spec) == set(documented), where
    for name, option in spec.items():
        told = documented[name]
        for part, default in (("type", None), ("elements", None), ("default", None), ("required", False)):
            assert option.get(part, default) == told.get(part, default), f"{where}.{name}.{part}"
        assert option.get("choices") == told.get("choices"), f"{where}.{name}.choices"
        assert told["description"], f"{where}.{name}"
        compare(option.get("options", {}), told.get("suboptions", {}), where=f"{where}.{name}")


def test_a_placed_credential_is_looked_for_where_the_stores_put_it() -> None:
    options = ARGUMENT_SPEC["api_keys"]["options"]["credential"]["options"]
    assert {name: options[name]["default"] for name in ("directory", "age_identity")} == {
        "directory": DEFAULT_DIRECTORY,
        "age_identity": IDENTITY,
    }


def test_the_documentation_is_the_specification() -> None:
    documented = DOCUMENTED["options"]
    shared = set(ARGUMENT_SPEC) - set(documented)
    assert shared == {"proxy", "source_address", "ca_path", "timeout", "facts_dir", "require_verified_host"}
    compare({name: ARGUMENT_SPEC[name] for name in documented}, documented, where="options")


def test_every_fact_is_documented() -> None:
    assert set(RETURNED) == {field.name for field in dataclasses.fields(KeyFacts)}
    text = str(RETURNED["access"])
    for status in (*REFUSALS, "accepted", "not_asked"):
        assert f"V({status})" in text or status == "settling"
    assert set(RETURNED["observed"]["contains"]["permissions"]["sample"]) <= PERMISSION_WORDS
    products = DOCUMENTED["options"]["api_keys"]["suboptions"]["declared"]["suboptions"]["products"]["choices"]
    assert products == sorted(PRODUCT_WORDS)


def test_the_examples_use_options_that_exist() -> None:
    known = set(ARGUMENT_SPEC["api_keys"]["options"])
    tasks = [task for task in yaml.safe_load(api_key_info.EXAMPLES) if "trading.hosts.api_key_info" in task]
    assert len(tasks) >= 3
    for task in tasks:
        given = task["trading.hosts.api_key_info"]
        assert set(given) <= set(ARGUMENT_SPEC)
        for key in given["api_keys"]:
            assert set(key) <= known
            assert set(key.get("declared", {})) <= set(ARGUMENT_SPEC["api_keys"]["options"]["declared"]["options"])
