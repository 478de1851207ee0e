# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A credential takes the content of another one, on the host."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._copy import with_copies
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Outcome, Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Request, parse
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

OLD = b'{"apiKey": "CANARY-old-key", "secret": "CANARY-old-secret"}\n'
NEW = b'{"apiKey": "CANARY-new-key", "secret": "CANARY-new-secret"}\n'


def copy(placer: Placer, name: str, source: str, *, check_mode: bool = False) -> Outcome:
    requests = parse(credentials=[{"name": name, "copy_from": source}])
    requests = with_copies(requests, placer=placer)
    (outcome,) = placer.run(requests=requests, check_mode=check_mode)
    return outcome


@pytest.fixture
def both(placer: Placer) -> Placer:
    placer.run(requests=[Request("bot", OLD), Request("bot.next", NEW)], check_mode=False)
    return placer


def test_the_copy_opens_under_its_own_name(both: Placer) -> None:
    kept = copy(both, "bot.previous", "bot")
    assert (kept.reasons, kept.content_changed) == (("absent",), True)
    switched = copy(both, "bot", "bot.next")
    assert (switched.reasons, switched.content_changed) == (("content",), True)
    assert [both.content(name) for name in ("bot", "bot.next", "bot.previous")] == [NEW, NEW, OLD]
    back = copy(both, "bot", "bot.previous")
    assert back.content_changed
    assert both.content("bot") == OLD


def test_a_copy_in_another_format_is_refused(both: Placer) -> None:
    (fitting,) = with_copies(
        parse(credentials=[{"name": "bot", "copy_from": "bot.next", "format": "ccxt"}]), placer=both
    )
    assert fitting.content == NEW
    for form in ("freqtrade", "json", "dotenv"):
        with pytest.raises(StoreError, match=f"bot.next, which is not in the format {form}") as error:
            with_copies(parse(credentials=[{"name": "bot", "copy_from": "bot.next", "format": form}]), placer=both)
        assert "CANARY" not in str(error.value)


def test_a_second_copy_changes_nothing(both: Placer, directory: Path) -> None:
    copy(both, "bot", "bot.next")
    before = (directory / "bot").stat()
    again = copy(both, "bot", "bot.next")
    assert (again.reasons, again.content_changed) == ((), False)
    assert (directory / "bot").stat().st_mtime_ns == before.st_mtime_ns


def test_check_mode_tells_and_writes_nothing(both: Placer, directory: Path) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert copy(both, "bot", "bot.next", check_mode=True).reasons == ("content",)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_a_source_that_is_not_there_is_named(both: Placer, directory: Path) -> None:
    with pytest.raises(StoreError, match=r"bot cannot be copied from gone, which is not in .* on this host"):
        copy(both, "bot", "gone")
    assert both.content("bot") == OLD


def test_a_source_that_does_not_decrypt_changes_nothing(both: Placer, directory: Path) -> None:
    os.rename(directory / "bot.next", directory / "other")  # another name is inside
    with pytest.raises(StoreError, match="other cannot be decrypted"):
        copy(both, "bot", "other")
    assert both.content("bot") == OLD


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"copy_from": "bot"}, "is the credential itself"),
        ({"copy_from": "a/b"}, "is not a credential name"),
        ({"copy_from": ""}, "is not a credential name"),
        ({"copy_from": "x", "content": "CANARYsecret"}, "gives content beside copy_from"),
        ({"copy_from": "x", "format": "raw"}, "gives format: raw beside copy_from"),
    ],
)
def test_refusals(given: dict[str, t.Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse(credentials=[{"name": "bot", **given}])
    assert "CANARY" not in str(caught.value)


def pem(text: str) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"


def made(placer: Placer, **changes: t.Any) -> Outcome:
    entry = {"name": "bot.json", "format": "ccxt", "fields": {"api_key": "CANARY-api-key"}, "private_key_from": "pair"}
    requests = with_copies(parse(credentials=[{**entry, **changes}]), placer=placer)
    (outcome,) = placer.run(requests=requests, check_mode=False)
    return outcome


def test_a_document_is_made_with_a_private_key_that_lies_there(placer: Placer) -> None:
    placer.run(requests=[Request("pair", pem("CANARY-one").encode())], check_mode=False)
    assert made(placer).reasons == ("absent",)
    assert json.loads(placer.content("bot.json") or b"") == {"apiKey": "CANARY-api-key", "secret": pem("CANARY-one")}
    assert made(placer).reasons == ()
    other = pem("CANARY-two")
    placer.run(requests=[Request("pair", other.encode())], check_mode=False)
    assert made(placer).content_changed
    assert json.loads(placer.content("bot.json") or b"")["secret"] == other


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fields": None}, "is given without fields"),
        ({"fields": {"api_key": "CANARY-api-key", "secret": "CANARY-secret"}}, "beside a secret"),
        ({"content": "CANARY"}, "gives content beside private_key_from"),
        ({"private_key_from": "bot.json"}, "is the credential itself"),
        ({"private_key_from": "../pair"}, "is not a credential name"),
        ({"fields": {"api_key": " CANARY-api-key"}}, "has white space around it"),
    ],
)
def test_what_is_wrong_with_the_rest_is_said_before_anything_is_read(
    placer: Placer, changes: dict[str, t.Any], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        made(placer, **changes)
    assert sentence in str(refused.value)
    assert "CANARY" not in str(refused.value)


def test_what_is_no_private_key_is_not_taken_for_one(both: Placer) -> None:
    with pytest.raises(StoreError, match="holds no private key"):
        made(both, private_key_from="bot")
    with pytest.raises(StoreError, match="is not in"):
        made(both, private_key_from="gone")
