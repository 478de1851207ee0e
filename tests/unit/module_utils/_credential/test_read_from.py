# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A credential is made from a program's own file in clear, on the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._clear_file import only_key
from ansible_collections.trading.hosts.plugins.module_utils._credential._held import held_keys, read_fields
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Outcome, Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._read_from import with_held
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Late, parse
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

if TYPE_CHECKING:
    from tests.unit.module_utils._credential.conftest import FakeSystemd

KEY, SECRET = "canary-key-1", "canary-secret-1"
PAIR = {"key": KEY, "secret": SECRET}
OTHER = {"key": "canary-key-2", "secret": "canary-secret-2"}
USERS = {"grid": {"exchange": "gateio", **PAIR}, "hedge": {"exchange": "bybit", **OTHER}}


def unseal(*, what: str, sealed: bytes) -> bytes:
    raise AssertionError("nothing is sealed here")


def place(placer: Placer, *, check_mode: bool = False, **entry: Any) -> Outcome:
    requests = parse(credentials=[{"name": "bot", **entry}], late=Late(unseal, only_key))
    (outcome,) = placer.run(requests=with_held(requests, placer=placer), check_mode=check_mode)
    return outcome


def content(placer: Placer) -> str:
    return (placer.content("bot") or b"").decode()


@pytest.mark.parametrize(
    ("text", "entry", "expected"),
    [
        (
            json.dumps({"stake": 1, "exchange": {"name": "bybit", **PAIR, "password": "canary-phrase"}}),
            {"format": "freqtrade"},
            {"exchange": {"key": KEY, "secret": SECRET, "password": "canary-phrase"}},
        ),
        (
            json.dumps(USERS),
            {"format": "passivbot", "read_from": [{"entry": "grid", "account": "grid"}]},
            {"grid": {"exchange": "gateio", "key": KEY, "secret": SECRET}},
        ),
        (
            json.dumps({"bybit": {"apiKey": KEY, "secret": SECRET}, "okx": {"apiKey": "k", "secret": ""}}),
            {"format": "ccxt"},
            {"apiKey": KEY, "secret": SECRET},
        ),
        (
            json.dumps({"exchange": "mexc", "apiKey": KEY, "api_secret": SECRET}),
            {"format": "template", "template": '{"apiKey": "{api_key}", "api_secret": "{secret}"}'},
            {"apiKey": KEY, "api_secret": SECRET},
        ),
        (
            f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\nMODE=live\n",
            {"format": "nautilus"},
            f"BYBIT_API_KEY='{KEY}'\nBYBIT_API_SECRET='{SECRET}'\n",
        ),
        (
            f"EXCHANGE=bybit\nAPI_KEY={KEY}\nAPI_SECRET={SECRET}\n",
            {"format": "template", "template": "API_KEY='{api_key}'\nAPI_SECRET='{secret}'\n"},
            f"API_KEY='{KEY}'\nAPI_SECRET='{SECRET}'\n",
        ),
    ],
)
def test_the_document_has_the_form_that_the_program_reads(
    placer: Placer, tmp_path: Path, text: str, entry: dict[str, Any], expected: Any
) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    before = file.stat()
    sources = [{"path": str(file), **source} for source in entry.get("read_from", [{}])]
    outcome = place(placer, **{**entry, "read_from": sources})
    assert outcome.reasons == ("absent",)
    told = content(placer)
    assert (told if isinstance(expected, str) else json.loads(told)) == expected
    # What audits and rotations read of it.
    (held,) = held_keys(content=told.encode())
    fields = read_fields(content=told.encode(), account=held["entry"])
    assert (fields["api_key"], fields["secret"]) == (KEY, SECRET)
    assert place(placer, **{**entry, "read_from": sources}).reasons == ()
    assert (file.stat().st_mtime_ns, file.read_text()) == (before.st_mtime_ns, text)
    assert KEY not in str(outcome.diff())


def test_several_keys_of_a_file_come_under_their_names(placer: Placer, tmp_path: Path) -> None:
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps(USERS))
    sources = [{"path": str(file), "entry": name, "account": name} for name in USERS]
    assert place(placer, format="passivbot", read_from=sources[:1]).reasons == ("absent",)
    # The other user joins: nothing is lost.
    assert place(placer, format="passivbot", read_from=sources, check_mode=True).reasons == ("content",)
    assert place(placer, format="passivbot", read_from=sources).reasons == ("content",)
    assert json.loads(content(placer)) == USERS


def test_a_file_that_one_of_its_keys_has_left_takes_none_back(placer: Placer, tmp_path: Path) -> None:
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps(USERS))
    sources = [{"path": str(file), "entry": name, "account": name} for name in USERS]
    place(placer, format="passivbot", read_from=sources)
    file.write_text(json.dumps({**USERS, "grid": {"exchange": "gateio", "key": "", "secret": ""}}))
    assert place(placer, format="passivbot", read_from=sources[1:]).reasons == ()
    assert json.loads(content(placer)) == USERS
    # Also where it is encrypted anew.
    moved = place(placer, format="passivbot", read_from=sources[1:], not_after="2999-01-01")
    assert moved.reasons == ("not_after",)
    assert json.loads(content(placer)) == USERS


def test_what_anybody_can_have_made_is_not_kept(placer: Placer, tmp_path: Path, systemd: FakeSystemd) -> None:
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps(USERS))
    sources = [{"path": str(file), "entry": name, "account": name} for name in USERS]
    place(placer, format="passivbot", read_from=sources)
    forged = json.dumps({**USERS, "stray": USERS["grid"]}).encode()
    argv = ["systemd-creds", "encrypt", "--name=bot", "--with-key=null", "-", "-"]
    Path(placer.path("bot")).write_bytes(systemd(argv=argv, stdin=forged).stdout)
    assert place(placer, format="passivbot", read_from=sources).reasons == ("key_type",)
    assert json.loads(content(placer)) == USERS


def test_two_accounts_of_variables_are_told_apart(placer: Placer, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    names = ("A_BYBIT", "B_OKX")
    file.write_text("".join(f"{name}_API_KEY={KEY}{name}\n{name}_API_SECRET={SECRET}{name}\n" for name in names))
    template = "".join(f"{n}_API_KEY='{{{n}.api_key}}'\n{n}_API_SECRET='{{{n}.secret}}'\n" for n in names)
    sources = [{"path": str(file), "entry": name, "account": name} for name in names]
    place(placer, format="template", template=template, read_from=sources)
    for name in names:
        fields = read_fields(content=content(placer).encode(), account=name)
        assert fields == {"api_key": KEY + name, "secret": SECRET + name}


@pytest.mark.parametrize("now", [{"grid": {"exchange": "gateio", **OTHER}}, {"grid": {"exchange": "bybit", **OTHER}}])
def test_a_key_that_is_placed_is_not_lost_to_an_older_file(placer: Placer, tmp_path: Path, now: Any) -> None:
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps(USERS))
    sources = [{"path": str(file), "entry": "grid", "account": "grid"}]
    place(placer, format="passivbot", read_from=sources)
    before = content(placer)
    file.write_text(json.dumps(now))
    for check_mode in (True, False):
        with pytest.raises(StoreError, match="holds a key that read_from does not find") as refused:
            place(placer, format="passivbot", read_from=sources, check_mode=check_mode)
        assert "canary" not in str(refused.value)
    assert content(placer) == before


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"format": "passivbot", "read_from": [{"entry": "none", "account": "none"}]}, "holds no key with the entry"),
        ({"format": "freqtrade"}, "holds several keys"),
        ({"format": "passivbot"}, "lacks an account's name"),
        ({"format": "raw"}, "the format is raw"),
        ({"format": None}, "is missing"),
        ({"format": "freqtrade", "fields": PAIR}, "is given beside fields"),
        ({"format": "passivbot", "read_from": [{"entry": "grid", "account": "a b"}]}, "letters, digits"),
        ({"format": "passivbot", "read_from": [{"path": "x", "account": "a"}]}, "is no absolute path"),
        ({"format": "passivbot", "read_from": []}, "is no list of files"),
    ],
)
def test_refusals(placer: Placer, tmp_path: Path, entry: dict[str, Any], sentence: str) -> None:
    file = tmp_path / "api-keys.json"
    file.write_text(json.dumps(USERS))
    sources = [{"path": str(file), **source} for source in entry.get("read_from", [{}])]
    with pytest.raises(InputError, match=sentence) as refused:
        place(placer, **{**entry, "read_from": sources})
    assert "canary" not in str(refused.value)


def test_no_link_is_followed(placer: Placer, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "config").write_text(json.dumps({"exchange": {"name": "bybit", **PAIR}}))
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "other").symlink_to("config")
    for path in ("link/config", "real/other", "real", "real/gone"):
        with pytest.raises(InputError, match=r"read_from\[0\]\.path '.*is (no|not)|cannot be read"):
            place(placer, format="freqtrade", read_from=[{"path": str(tmp_path / path)}])


def test_the_controller_checks_what_it_can_and_reads_nothing() -> None:
    (request,) = parse(credentials=[{"name": "bot", "format": "freqtrade", "read_from": [{"path": "/gone"}]}])
    assert (request.state, request.content, request.grows) == ("present", None, True)
