# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials for the services of one user's own manager, and credentials that end."""

from __future__ import annotations

import dataclasses
import os
import pwd
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _inspect
from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Request, parse, parse_user
from ansible_collections.trading.hosts.plugins.module_utils._credential._stores import placer_of
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

if t.TYPE_CHECKING:
    from tests.unit.module_utils._credential.conftest import FakeSystemd

ME = pwd.getpwuid(os.geteuid())
OPTIONS: t.Mapping[str, t.Any] = {"store": "systemd", "directory": "/etc/credstore.encrypted", "age_identity": "/x"}


@pytest.fixture
def mine(placer: Placer, systemd: FakeSystemd) -> Placer:
    """A placer for the user who runs the tests."""
    store = dataclasses.replace(systemd.store(), user=ME.pw_name)
    return dataclasses.replace(placer, store=store, reader=(ME.pw_uid, ME.pw_gid))


def test_it_is_encrypted_for_the_user_who_owns_the_file(mine: Placer, systemd: FakeSystemd, directory: Path) -> None:
    (foreseen,) = mine.run(requests=[Request("a", b"CANARY")], check_mode=True)
    (placed,) = mine.run(requests=[Request("a", b"CANARY")], check_mode=False)
    assert foreseen == placed
    assert placed.result()["key_type"] == "host-scoped"
    assert placed.result()["load_directive"] == f"LoadCredentialEncrypted=a:{directory}/a"
    assert directory.stat().st_mode & 0o7777 == 0o755
    assert (directory / "a").stat().st_mode & 0o7777 == 0o600
    assert all(f"--uid={ME.pw_name}" in call for call in systemd.calls if call[1] in ("encrypt", "decrypt"))
    (again,) = mine.run(requests=[Request("a", b"CANARY")], check_mode=False)
    assert again.reasons == ()


def test_what_is_for_one_user_is_told_and_opened_in_that_users_name(
    mine: Placer, systemd: FakeSystemd, directory: Path
) -> None:
    mine.run(requests=[Request("a", b"CANARY")], check_mode=False)
    found = _inspect.inspect(
        directory=str(directory), names=None, systemd=systemd.store(), age=AgeStore(identity_path="/none"), loads={}
    )
    (entry,) = found["credentials"]
    assert (entry["scope"], entry["decryptable"], entry["key_type"]) == ("user", "yes", "host-scoped")
    assert {"user": ME.pw_name, "service": None} in entry["readable_by"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_older_systemd_refuses_in_one_sentence(mine: Placer, systemd: FakeSystemd, check_mode: bool) -> None:
    systemd.version = 252
    with pytest.raises(
        StoreError, match=r"^systemd on this host \(version 252\) .* needs systemd 256 .*scope: system\.$"
    ):
        mine.run(requests=[Request("a", b"CANARY")], check_mode=check_mode)
    assert not [call for call in systemd.calls if call[1] == "encrypt"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"user": "anna"}, "is given without scope: user"),
        ({"scope": "user"}, "is needed with scope: user"),
        ({"scope": "user", "user": "--uid=0"}, "is needed with scope: user"),
        ({"scope": "user", "user": "anna", "store": "age"}, "is for the store systemd"),
    ],
)
def test_what_does_not_go_together(given: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_user(options=given)


def test_the_directory_is_one_that_the_user_can_go_into() -> None:
    placer, _age = placer_of({**OPTIONS, "scope": "user", "user": ME.pw_name})
    assert placer.directory == f"/etc/credstore.encrypted.{ME.pw_name}"
    assert placer.others == []
    other, _age = placer_of({**OPTIONS, "scope": "user", "user": ME.pw_name, "directory": "/srv/x"})
    assert other.directory == "/srv/x"
    assert placer_of(OPTIONS)[0].directory == "/etc/credstore.encrypted"
    with pytest.raises(InputError, match="is no user of this host"):
        placer_of({**OPTIONS, "scope": "user", "user": "nobody-has-this-name"})


@pytest.mark.parametrize(
    ("given", "instant"),
    [("2127-01-31", "2127-01-31T00:00:00Z"), ("2127-01-31T18:30:00Z", "2127-01-31T18:30:00Z")],
)
def test_an_end_is_noted_and_another_one_means_another_encryption(placer: Placer, given: str, instant: str) -> None:
    (request,) = parse(credentials=[{"name": "a", "content": "CANARY", "not_after": given}])
    assert request.not_after == instant
    (first,) = placer.run(requests=[request], check_mode=False)
    assert first.result()["not_after"] == instant
    assert placer.run(requests=[request], check_mode=False)[0].reasons == ()
    (other,) = placer.run(requests=[dataclasses.replace(request, not_after=None)], check_mode=False)
    assert (other.reasons, other.content_changed) == (("not_after",), False)
    assert os.listdir(placer.directory) == ["a"], "without an end there is nothing to note"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("2020-01-01", "is past"),
        ("tomorrow", "is not an instant"),
        ("2127-13-01", "is not an instant"),
        ("2127-01-31 18:30", "is not an instant"),
        (20270131, "is not an instant"),
    ],
)
def test_what_is_no_end(given: t.Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(credentials=[{"name": "a", "content": "CANARY", "not_after": given}])
    with pytest.raises(InputError, match="the store age knows nothing like it"):
        parse(credentials=[{"name": "a", "content": "CANARY", "not_after": "2127-01-31"}], store="age")
