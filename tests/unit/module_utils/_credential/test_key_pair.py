# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pairs that are made, kept, replaced in two steps, and never lost."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.trading.hosts.plugins.module_utils import _crypto
from ansible_collections.trading.hosts.plugins.module_utils._credential import _key_pair, _place, _writer
from ansible_collections.trading.hosts.plugins.module_utils._credential._key_pair import Made, Wish, read_wish
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Request
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, MissingLibraryError, StoreError

if t.TYPE_CHECKING:
    from tests.unit.module_utils._credential.conftest import FakeAge, FakeSystemd

KEY = Wish("grid-key")
NEXT = "grid-key.next"
RSA = Wish("grid-key", types=("rsa",), size=2048)
#: Options as the module gets them.
GIVEN: dict[str, t.Any] = {
    "name": "k",
    "type": None,
    "size": None,
    "regenerate": False,
    "promote": False,
    "with_key": "auto",
    "store": "systemd",
    "recipients": None,
}


class KilledError(BaseException):
    """Stands for a SIGKILL."""


def make(placer: Placer, wish: Wish = KEY, *, check_mode: bool = False, **changes: t.Any) -> Made:
    return _key_pair.bring_about(wish=dataclasses.replace(wish, **changes), placer=placer, check_mode=check_mode)


def private(placer: Placer, name: str) -> bytes:
    path = os.path.join(placer.directory, name)
    return placer.store.decrypt(name=name, path=path, encrypted=Path(path).read_bytes())


def public(content: bytes) -> str:
    key = serialization.load_pem_private_key(content, None).public_key()
    pem = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, pem).decode()


def reasons(made: Made) -> dict[str, tuple[str, ...]]:
    return {outcome.name: tuple(outcome.reasons) for outcome in made.outcomes if outcome.reasons}


def test_made_then_kept(placer: Placer, systemd: FakeSystemd) -> None:
    made = make(placer)
    assert reasons(made) == {"grid-key": ("absent",)}
    assert made.current is not None
    assert made.next is None
    content = private(placer, "grid-key")
    assert content.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert made.current.public_key == public(content)
    again = make(placer)
    assert (again.current, again.next, reasons(again)) == (made.current, None, {})
    assert systemd.verbs().count("encrypt") == 1


def test_what_is_returned(placer: Placer) -> None:
    slot = make(placer).current
    assert slot is not None
    result = slot.result()
    assert result["public_key"].splitlines()[1:-1] == [result["public_key_base64"]]
    assert result["fingerprint"] == hashlib.sha256(base64.b64decode(result["public_key_base64"])).hexdigest()
    assert (result["name"], result["type"], result["size"]) == ("grid-key", "ed25519", None)
    secret = private(placer, "grid-key").splitlines()[1].decode()
    assert secret not in str(result)
    assert secret not in repr(slot)


@pytest.mark.parametrize("size", [2048, 3072])
def test_an_rsa_key_of_the_size_that_was_asked_for(placer: Placer, size: int) -> None:
    slot = make(placer, RSA, size=size).current
    assert slot is not None
    assert (slot.type, slot.size) == ("rsa", size)
    # One that is there keeps its size where none is asked for.
    assert make(placer, RSA, size=None).current == slot


def test_nothing_in_clear_is_written(placer: Placer, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    stage = _writer.stage

    def watch(*, directory: str, name: str, content: bytes, uid: int, gid: int, modified_ns: int | None = None) -> str:
        written.append(content)
        return stage(directory=directory, name=name, content=content, uid=uid, gid=gid, modified_ns=modified_ns)

    monkeypatch.setattr(_writer, "stage", watch)
    make(placer)
    pem = private(placer, "grid-key")
    assert len(written) == 1
    assert pem.splitlines()[1] not in written[0]


def test_check_mode_makes_nothing(placer: Placer, directory: Path) -> None:
    made = make(placer, check_mode=True)
    assert (made.current, reasons(made)) == (None, {"grid-key": ("absent",)})
    assert not directory.exists()
    make(placer)
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    foreseen = make(placer, check_mode=True, regenerate=True)
    assert (foreseen.next, reasons(foreseen)) == (None, {NEXT: ("absent",)})
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_replaced_in_two_steps(placer: Placer, directory: Path) -> None:
    old = make(placer).current
    waiting = make(placer, regenerate=True)
    assert reasons(waiting) == {NEXT: ("absent",)}
    assert waiting.current == old
    assert waiting.next is not None
    assert waiting.current is not None
    assert waiting.next.public_key != waiting.current.public_key
    assert reasons(make(placer, regenerate=True)) == {}
    foreseen = make(placer, promote=True, check_mode=True)
    assert foreseen.current == old
    promoted = make(placer, promote=True)
    assert reasons(promoted) == reasons(foreseen) == {"grid-key": ("content",), NEXT: ("removed",)}
    assert promoted.next is None
    assert promoted.current is not None
    assert promoted.current.public_key == waiting.next.public_key
    assert [o.name for o in promoted.outcomes if o.content_changed] == ["grid-key"]
    assert os.listdir(directory) == ["grid-key"]
    assert reasons(make(placer, promote=True)) == {}


def test_a_pair_of_another_type_takes_over(placer: Placer) -> None:
    make(placer)
    with pytest.raises(InputError, match=r"type Ed25519, and RSA of 2048 bits is wanted.*regenerate: true"):
        make(placer, RSA)
    waiting = make(placer, RSA, regenerate=True)
    assert waiting.next is not None
    with pytest.raises(InputError, match=r"'grid-key\.next'.*RSA of 2048 bits, and Ed25519.*state: absent"):
        make(placer, types=("ed25519",), promote=True)
    promoted = make(placer, RSA, promote=True).current
    assert promoted is not None
    assert promoted.public_key == waiting.next.public_key


@pytest.mark.parametrize("moment", ["before the first rename", "before the old slot goes"])
def test_a_promotion_that_is_killed_is_completed(
    placer: Placer, monkeypatch: pytest.MonkeyPatch, directory: Path, moment: str
) -> None:
    old = make(placer).current
    new = make(placer, regenerate=True).next
    assert old is not None
    assert new is not None

    def killed(*_given: t.Any, **_named: t.Any) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        if moment == "before the first rename":
            patch.setattr(_writer, "commit", killed)
        else:
            patch.setattr(_place, "_remove", killed)
        with pytest.raises(KilledError):
            make(placer, promote=True)
    wanted = old if moment == "before the first rename" else new
    assert public(private(placer, "grid-key")) == wanted.public_key
    assert public(private(placer, NEXT)) == new.public_key
    done = make(placer, promote=True)
    assert done.current is not None
    assert (done.current.public_key, done.next) == (new.public_key, None)
    assert os.listdir(directory) == ["grid-key"]


def test_two_runs_at_once_end_with_one_pair(placer: Placer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _turn: make(placer), range(8)))
    assert len({one.current.public_key for one in made if one.current}) == 1
    assert all(one.current for one in made)
    assert sum(bool(reasons(one)) for one in made) == 1


def test_a_pair_moves_to_the_store_age_and_is_replaced_there(
    placer: Placer, systemd: FakeSystemd, age: FakeAge, directory: Path
) -> None:
    old = make(placer).current
    assert old is not None
    there = dataclasses.replace(placer, store=age.store(), others=[systemd.store()])
    moved = make(there)
    assert (moved.current, reasons(moved)) == (old, {"grid-key": ("store",)})
    assert [o.name for o in moved.outcomes if o.content_changed] == []
    waiting = make(there, regenerate=True).next
    assert waiting is not None
    promoted = make(there, promote=True)
    assert promoted.current is not None
    assert (promoted.current.public_key, promoted.next) == (waiting.public_key, None)
    assert sorted(os.listdir(directory)) == [".trading-hosts.grid-key.age.notes", "grid-key.age"]
    # Asked of the other store, it comes back as it is.
    back = make(dataclasses.replace(placer, others=[age.store()]))
    assert (back.current, os.listdir(directory)) == (promoted.current, ["grid-key"])


def test_nothing_to_promote(placer: Placer) -> None:
    with pytest.raises(InputError, match="nothing can be promoted"):
        make(placer, promote=True)


def test_what_does_not_decrypt_stays(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    make(placer)
    systemd.secret.unlink()
    before = (directory / "grid-key").read_bytes()
    with pytest.raises(StoreError, match="no other host has this private key"):
        make(placer)
    assert (directory / "grid-key").read_bytes() == before


def test_another_machine_id_is_noticed_before_anything(placer: Placer, systemd: FakeSystemd) -> None:
    make(placer)
    systemd.set_machine_id("f" * 32 + "\n")
    for wish in (KEY, dataclasses.replace(KEY, regenerate=True), dataclasses.replace(KEY, promote=True)):
        with pytest.raises(StoreError, match="machine-id"):
            make(placer, wish)
    assert systemd.secret.exists()


@pytest.mark.parametrize(
    "content", [b'{"apiKey": "CANARY-key"}\n', b"CANARY", b"-----BEGIN PRIVATE KEY-----\nCANARY\n"]
)
def test_another_credential_of_this_name_stays(placer: Placer, content: bytes) -> None:
    placer.run(requests=[Request("grid-key", content)], check_mode=False)
    for wish in (KEY, dataclasses.replace(KEY, regenerate=True)):
        with pytest.raises(InputError, match="holds something else") as refused:
            make(placer, wish)
        assert "CANARY" not in str(refused.value)
    assert private(placer, "grid-key") == content


def test_without_the_library_one_sentence(placer: Placer, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    _crypto.crypto.cache_clear()
    try:
        for check_mode in (False, True):
            with pytest.raises(MissingLibraryError, match="python3-cryptography"):
                make(placer, check_mode=check_mode)
    finally:
        _crypto.crypto.cache_clear()
    assert not directory.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "../x"}, "is not a credential name"),
        ({"name": "k.next"}, "where new pairs wait"),
        ({"name": "k" * 125}, "is not a credential name"),
        ({"regenerate": True, "promote": True}, "promote: is given together with regenerate"),
        ({"type": "ed25519", "size": 2048}, "size '2048': is for RSA keys only"),
        ({"with_key": "tpm2", "store": "age"}, "with_key 'tpm2': is given, and the store age knows nothing like it"),
        ({"recipients": ["age1" + "q" * 58]}, "recipients: is given, and systemd encrypts for one host only"),
        ({"recipients": ["anna"], "store": "age"}, "recipients[0]"),
    ],
)
def test_what_cannot_be_meant_is_refused(placer: Placer, options: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        make(placer, read_wish({**GIVEN, **options}))
    assert sentence in str(refused.value)
    assert not os.path.exists(placer.directory)


@pytest.mark.parametrize(
    ("options", "types"),
    [
        ({}, ("ed25519", "rsa")),
        ({"size": 2048}, ("rsa",)),
        ({"type": "rsa"}, ("rsa",)),
        ({"type": "ed25519"}, ("ed25519",)),
    ],
)
def test_the_types_that_will_do(options: dict[str, t.Any], types: tuple[str, ...]) -> None:
    assert read_wish({**GIVEN, **options}).types == types
