# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is planned for secrets in clear: real files, scanned, planned, and placed from the plan."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._credential._clear_file import only_key
from ansible_collections.trading.hosts.plugins.module_utils._credential._held import read_fields
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Late, parse
from ansible_collections.trading.hosts.plugins.module_utils._exposed import _scan
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.adoption import adoption
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.credential_documents import credential_documents
from tests.unit.module_utils._exposed.build import pair

(KEY, SECRET), (KEY2, SECRET2), (KEY3, SECRET3) = pair("bybit"), pair("okx", seed=2), pair("bybit", seed=3)
BYBIT = {"key": KEY, "secret": SECRET}
OKX = {"key": KEY2, "secret": SECRET2, "passphrase": "Canary-phrase-1!"}


def unseal(*, what: str, sealed: bytes) -> bytes:
    raise AssertionError("nothing is sealed here")


def scan(place: Path) -> dict[str, Any]:
    return _scan.scan(
        scope="host", paths=[str(place)], exclude=(), timeout=60, max_files=1000, max_file_bytes=1_000_000
    )


def plan(place: Path, *, credentials: Any = (), **options: Any) -> dict[str, list[Any]]:
    told = adoption(scan(place), credentials, **options)
    for text in (KEY, SECRET, KEY2, SECRET2, OKX["passphrase"]):
        assert text not in json.dumps(told)
    return told


def held(name: str, *, decryptable: str = "yes") -> dict[str, Any]:
    return {"name": name, "decryptable": decryptable, "superseded": False}


def empty(document: Any) -> Any:
    """Return the file after the keys have gone from it."""
    if isinstance(document, dict):
        return {name: empty(value) for name, value in document.items()}
    return "" if document in (KEY, SECRET, KEY2, SECRET2, KEY3, OKX["passphrase"]) else document


def laid_over(above: Any, below: Any) -> Any:
    """Return both as the launcher joins them."""
    if isinstance(above, dict) and isinstance(below, dict):
        return {**below, **{name: laid_over(value, below.get(name)) for name, value in above.items()}}
    return above


CASES: list[tuple[str, Any, str, list[str]]] = [
    ("config.json", {"exchange": {"name": "bybit", **BYBIT}, "stake": 1}, "freqtrade", ["bot"]),
    ("api-keys.json", {"grid": {"exchange": "bybit", **BYBIT}, "hedge": {"exchange": "okx", **OKX}}, "passivbot", []),
    ("keys.json", {"exchange": "bybit", "apiKey": KEY, "secret": SECRET}, "ccxt", ["bot"]),
    ("keys.json", {"exchange": "bybit", "api_key": KEY, "secret": SECRET}, "json", ["bot"]),
    ("keys.json", {"exchange": "bybit", "apiKey": KEY, "api_secret": SECRET}, "template", ["bot"]),
    ("keys.json", {"bybit": {"apiKey": KEY, "secret": SECRET}}, "template", ["bot"]),
    ("keys.json", {"okx": {"apiKey": KEY2, "secret": SECRET2, "password": OKX["passphrase"]}}, "template", ["bot"]),
    ("keys.json", {"main": {"exchange": "bybit", "apiKey": KEY, "secret": SECRET}}, "template", ["bot"]),
    (
        "keys.json",
        {n: {"exchange": "bybit", "api_key": k, "secret": SECRET} for n, k in (("a", KEY), ("b", KEY3))},
        "template",
        [],
    ),
    ("config.json", {"exchange": {"name": "bybit", "apiKey": KEY, "secret": SECRET}}, "template", ["bot"]),
    (".env", f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\n", "nautilus", ["bot"]),
    (
        ".env",
        f"OKX_API_KEY={KEY2}\nOKX_API_SECRET={SECRET2}\nOKX_API_PASSPHRASE={OKX['passphrase']}\n",
        "nautilus",
        ["bot"],
    ),
    (".env", f"EXCHANGE=bybit\nAPI_KEY={KEY}\nAPI_SECRET={SECRET}\n", "template", ["bot"]),
    (".env", f"BYBIT_KEY={KEY}\nBYBIT_SECRET={SECRET}\nA_OKX_KEY={KEY2}\nA_OKX_SECRET={SECRET2}\n", "template", []),
]


@pytest.mark.parametrize(("file", "content", "form", "names"), CASES)
def test_a_file_is_placed_asked_about_and_declared_from_one_plan(
    tmp_path: Path, file: str, content: Any, form: str, names: list[str]
) -> None:
    (tmp_path / file).write_text(content if isinstance(content, str) else json.dumps(content))
    told = plan(tmp_path, files=[{"path": str(tmp_path / file), "name": "bot", "service": "grid"}])
    assert (told["refused"], told["by_hand"]) == ([], [])
    (only,) = told["plans"]
    assert (only["name"], only["document"]["format"], only["service"]) == ("bot", form, "grid")
    registered = [key["name"] for key in only["api_keys"]]
    assert only["document"]["api_keys"] == registered
    assert registered == names or len(registered) == 2
    assert all("bot" in how for how in only["how"].values())
    # The host makes the document of it.
    (request,) = parse(credentials=[only["request"]], late=Late(unseal, only_key))
    values = []
    for question, key in zip(only["questions"], only["api_keys"], strict=True):
        assert (question["name"], key["declared"]) == (key["name"], {"service": "grid"})
        entry = key["name"] if len(registered) > 1 else None
        fields = read_fields(content=request.content or b"", account=entry)
        assert only_key(path=question["file"]["path"], entry=question["file"]["entry"], field="x").fields == fields
        values.append({**key, **fields})
    # A program that reads the file finds each value where it has it there.
    if not isinstance(content, str):
        assert laid_over(json.loads(request.content or b""), empty(content)) == content
    # And with the values in the inventory, as a rotation has them, the same document comes out.
    (again,) = credential_documents([only["document"]], values)
    (rendered,) = parse(credentials=[again])
    assert rendered.content == request.content


def test_all_that_is_found_gets_a_name_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "config.json").write_text(json.dumps({"exchange": {"name": "bybit", **BYBIT}}))
    (tmp_path / "b" / "config.json").write_text(json.dumps({"exchange": {"name": "okx", **OKX}}))
    told = plan(tmp_path)
    assert len({each["name"] for each in told["plans"]}) == 2
    assert all(each["name"].endswith("-config.json") for each in told["plans"])
    assert plan(tmp_path) == told


def test_no_file_goes_unsaid_for_another_one_of_the_same_name(tmp_path: Path) -> None:
    for name, key in (("grid/1", {"name": "bybit", **BYBIT}), ("grid-1", {"name": "okx", **OKX})):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text(json.dumps({"exchange": key}))
    with pytest.raises(
        AnsibleFilterError, match=r"Two files would make the credential \S*grid-1-config.json; adopt one"
    ):
        plan(tmp_path)


def test_no_key_is_taken_for_the_one_of_another_credential(tmp_path: Path) -> None:
    # Of two keys with one name only one would be asked about, in every audit and by who revokes.
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps({"main": {"exchange": "bybit", **BYBIT}}))
    documents = [{"name": "first", "format": "passivbot", "api_keys": ["main"]}]
    files = [{"path": str(file), "name": "second"}]
    (refused,) = plan(tmp_path, files=files, documents=documents)["refused"]
    assert refused.startswith(f"{file} is not adopted: its key would be called main, as the inventory calls the one in")
    assert "would be called main" in plan(tmp_path, documents=documents)["by_hand"][0]
    assert plan(tmp_path, files=[{**files[0], "name": "first"}], documents=documents)["refused"] == []


def test_a_key_that_came_into_the_file_later_is_judged_as_the_first_one_was(tmp_path: Path) -> None:
    file = tmp_path / "api-keys.json"
    users = {"grid": {"exchange": "bybit", **BYBIT}}
    file.write_text(json.dumps(users))
    files = [{"path": str(file), "name": "bot"}]
    masks = {each["entry"]: each["masked_id"] for each in scan(tmp_path)["found_keys"]}
    there = {**held("bot"), "api_keys": [{"entry": "grid", "masked_id": masks["grid"]}]}
    assert plan(tmp_path, files=files, credentials=[there])["plans"][0]["is_placed"]
    file.write_text(json.dumps({**users, "hedge": {"exchange": "okx", **OKX}}))
    assert not plan(tmp_path, files=files, credentials=[there])["plans"][0]["is_placed"]
    # What a credential holds cannot be told of every form.
    assert plan(tmp_path, files=files, credentials=[{**there, "api_keys": []}])["plans"][0]["is_placed"]


def test_an_account_that_nothing_can_name_hides_no_other_one(tmp_path: Path) -> None:
    users = {"a b": {"exchange": "bybit", **BYBIT}, "a-b": {"exchange": "okx", **OKX}}
    (tmp_path / "api-keys.json").write_text(json.dumps(users))
    told = plan(tmp_path)
    assert [each["document"]["api_keys"] for each in told["plans"]] == [["a-b"]]
    assert "its account 'a b' has a name" in told["by_hand"][0]


def test_each_user_of_passivbot_gets_a_credential_of_its_own(tmp_path: Path) -> None:
    users = {"grid": {"exchange": "bybit", **BYBIT}, "hedge": {"exchange": "okx", **OKX}}
    (tmp_path / "api-keys.json").write_text(json.dumps(users))
    told = plan(tmp_path)
    assert sorted(each["name"].rpartition("json")[2] for each in told["plans"]) == ["-grid", "-hedge"]
    assert sorted(each["document"]["api_keys"][0] for each in told["plans"]) == ["grid", "hedge"]
    assert told["by_hand"] == []


def test_the_newest_file_is_read_and_its_copies_go_with_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    for at, file in enumerate((old, new)):
        file.write_text(json.dumps({"exchange": {"name": "bybit", **BYBIT}}))
        os.utime(file, (1_000_000 + at, 1_000_000 + at))
    for named in (old, new):
        (only,) = plan(tmp_path, files=[{"path": str(named), "name": "bot"}])["plans"]
        assert (only["path"], only["files"]) == (str(named), [str(old), str(new)])
        assert only["request"]["read_from"] == [{"path": str(new), "entry": None}]


def test_one_user_of_several_is_adopted(tmp_path: Path) -> None:
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps({"a b": {"exchange": "bybit", **BYBIT}, "hedge": {"exchange": "okx", **OKX}}))
    (only,) = plan(tmp_path, files=[{"path": str(file), "name": "bot", "entries": ["hedge"]}])["plans"]
    assert only["document"] == {"name": "bot", "format": "passivbot", "api_keys": ["hedge"]}
    assert only["request"]["read_from"] == [{"path": str(file), "entry": "hedge", "account": "hedge"}]
    # Of one whose other users stay, nothing more is said; of another file it is.
    (tmp_path / "two.json").write_text(json.dumps({"exchange": {"name": "bybit", "key": KEY3, "secret": SECRET3}}))
    assert plan(tmp_path, files=[{"path": str(file), "name": "bot", "entries": ["hedge"]}])["by_hand"] == [
        f"{tmp_path}/two.json: it holds a key that was not named; adopt it too."
    ]
    # The other one cannot be named so.
    assert "its account 'a b' has a name" in plan(tmp_path, files=[{"path": str(file)}])["refused"][0]


def test_what_was_done_is_done_and_what_is_placed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("{}")
    given = [{"path": str(file), "name": "bot"}]
    assert plan(tmp_path, files=given, credentials=[held("bot")]) == {"plans": [], "refused": [], "by_hand": []}
    assert "no key in a form that is known" in plan(tmp_path, files=given)["refused"][0]
    file.write_text(json.dumps({"exchange": {"name": "bybit", **BYBIT}}))
    for credentials, is_placed in (([held("bot")], True), ([held("bot", decryptable="no")], False), ([], False)):
        assert plan(tmp_path, files=given, credentials=credentials)["plans"][0]["is_placed"] is is_placed


def test_what_the_inventory_says_of_a_key_goes_along(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"exchange": {"name": "weex", **BYBIT}}))
    known = {"name": "grid", "exchange": "other", "secret": "never", "declared": {"label": "x"}}
    given = [{"path": str(file), "name": "bot", "api_key": "grid"}]
    (only,) = plan(tmp_path, files=given, api_keys=[known])["plans"]
    # Of an exchange that nobody here can ask.
    assert only["questions"] == [
        {"name": "grid", "exchange": "other", "declared": {"label": "x", "ccxt_id": "weex"}},
    ]
    assert only["api_keys"] == [{"name": "grid", "exchange": "other", "declared": {"ccxt_id": "weex"}}]


def test_every_other_secret_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text(f"exchange: bybit\napi_key: {KEY}\napi_secret: {SECRET}\n")
    (tmp_path / ".bash_history").write_text(f"bot --bybit-api-key {KEY} --bybit-api-secret {SECRET}\n")
    (tmp_path / ".env").write_text(f"bybit_api_key={KEY2}\nbybit_api_secret={SECRET2}\n")
    told = plan(tmp_path)
    assert told["plans"] == []
    assert len(told["by_hand"]) == 3
    assert any("settings.yml: it is in no form that can be read here" in line for line in told["by_hand"])
    assert any(".bash_history: remove the line" in line for line in told["by_hand"])
    assert any("variable bybit_api_key is not in capitals" in line for line in told["by_hand"])


@pytest.mark.parametrize("files", [[{"path": "x"}], [{}], ["/x"], [{"path": "/x", "secret": "y"}]])
def test_mistakes(tmp_path: Path, files: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="no mapping with an absolute path"):
        plan(tmp_path, files=files)


def test_two_files_never_make_one_credential_or_key(tmp_path: Path) -> None:
    for name, (key, secret) in (("one", (KEY, SECRET)), ("two", (KEY3, SECRET3))):
        (tmp_path / name).write_text(json.dumps({"main": {"exchange": "bybit", "key": key, "secret": secret}}))
    with pytest.raises(AnsibleFilterError, match="Two files would make the key main"):
        plan(tmp_path)
    given = [{"path": str(tmp_path / name), "name": "bot"} for name in ("one", "two")]
    with pytest.raises(AnsibleFilterError, match="Two files would make the credential bot"):
        plan(tmp_path, files=given)
