# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _inspect, _units
from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._identity import host_identity
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Request
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

if t.TYPE_CHECKING:
    from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import SystemdStore
    from tests.unit.module_utils._credential.conftest import FakeSystemd


def look(placer: Placer, names: list[str] | None = None) -> dict[str, t.Any]:
    systemd = t.cast("SystemdStore", placer.store)
    age = AgeStore(identity_path=os.path.join(placer.directory, "..", "no-identity"))
    return _inspect.inspect(
        directory=placer.directory, names=names, systemd=systemd, age=age, loads={}, ssh_directory=placer.directory
    )


def test_a_virgin_host(placer: Placer, systemd: FakeSystemd) -> None:
    assert look(placer) == {
        "credentials": [],
        "machine": {
            "host_key": "absent",
            "host_key_problem": None,
            "age_identity": "absent",
            "age_identity_problem": None,
            "age_recipient": None,
            "identity": {
                "machine_id": host_identity(machine_id_path=str(systemd.machine_id))["machine_id"],
                "ssh_host_keys": [],
            },
            "overrides": [],
            "overrides_problem": None,
        },
    }
    assert systemd.calls == []


def test_what_is_told_of_a_credential(placer: Placer, directory: Path) -> None:
    placer.run(requests=[Request("bot.json", b"CANARY content")], check_mode=False)
    os.utime(directory / "bot.json", (1_700_000_000, 1_700_000_000))
    found = look(placer)
    (entry,) = found["credentials"]
    assert found["machine"]["host_key"] == "bound"
    assert entry["age_days"] > 300
    expected = {
        "name": "bot.json",
        "path": str(directory / "bot.json"),
        "store": "systemd",
        "key_type": "host",
        "null_key": False,
        "decryptable": "yes",
        "problem": None,
        "mode": "0600",
        "content_changed_at": "2023-11-14T22:13:20.000000Z",
        "loaded_by": [],
    }
    assert {key: entry[key] for key in expected} == expected
    assert entry["size"] == (directory / "bot.json").stat().st_size
    assert entry["api_keys"] == []
    assert "CANARY" not in json.dumps(found)


def test_damaged_null_and_odd_files(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    placer.run(requests=[Request("a", b"x"), Request("moved", b"x")], check_mode=False)
    (directory / "moved").rename(directory / "b")
    null = systemd(argv=["systemd-creds", "encrypt", "--name=null", "--with-key=null", "-", "-"], stdin=b"x").stdout
    (directory / "null").write_bytes(null)
    (directory / "rubbish").write_bytes(b"")
    (directory / "link").symlink_to("/nowhere")
    found = {entry["name"]: entry for entry in look(placer)["credentials"]}
    told = {name: (entry["key_type"], entry["null_key"], entry["decryptable"]) for name, entry in found.items()}
    assert told == {
        "a": ("host", False, "yes"),
        "b": ("host", False, "no"),
        "null": ("null", True, "not_tried"),
        "rubbish": ("unknown", False, "no"),
        "link": (None, False, "not_tried"),
    }
    assert all(entry["problem"] for name, entry in found.items() if name != "a")


@pytest.mark.parametrize("machine_id", ["f" * 32, "", "rubbish"])
def test_nothing_is_tried_past_the_guard(placer: Placer, systemd: FakeSystemd, machine_id: str) -> None:
    placer.run(requests=[Request("a", b"x")], check_mode=False)
    key = systemd.secret.read_bytes()
    systemd.set_machine_id(machine_id)
    systemd.calls.clear()
    (entry,) = look(placer)["credentials"]
    assert (entry["decryptable"], entry["key_type"]) == ("not_tried", "host")
    assert systemd.calls == []
    assert systemd.secret.read_bytes() == key


def test_names_limit_the_question(placer: Placer, systemd: FakeSystemd) -> None:
    placer.run(requests=[Request("a", b"x"), Request("b", b"x")], check_mode=False)
    systemd.calls.clear()
    assert [entry["name"] for entry in look(placer, ["b", "never"])["credentials"]] == ["b"]
    assert len(systemd.calls) == 1
    with pytest.raises(InputError):
        look(placer, ["../etc/shadow"])


UNITS = {
    "etc/bot.service": "[Service]\nLoadCredentialEncrypted=bot.json:/c/bot.json\n# LoadCredentialEncrypted=no:/c/no\n",
    "lib/bot.service": "[Service]\nLoadCredentialEncrypted=hidden:/c/hidden\n",
    "lib/many.service": "[Service]\nLoadCredentialEncrypted=a:/c/a\nLoadCredentialEncrypted = \\\n  b:/c/b\n",
    "etc/many.service.d/10.conf": "[Service]\nLoadCredentialEncrypted=c:/c/c\n",
    "etc/reset.service.d/50.conf": "[Service]\nLoadCredentialEncrypted=\nLoadCredentialEncrypted=d:/c/d\n",
    "lib/reset.service": "[Service]\nLoadCredentialEncrypted=e:/c/e\n",
    "lib/trader@.service": "[Service]\nLoadCredentialEncrypted=key:/c/trader-%i\n",
    "lib/short.service": "[Service]\nLoadCredentialEncrypted=short\n",
    "lib/other.service": "[Service]\nLoadCredential=bot.json:/c/bot.json\n",
    "lib/note.txt": "LoadCredentialEncrypted=bot.json:/c/bot.json\n",
}


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("/c/bot.json", ["bot.service"]),
        ("/c/hidden", []),
        ("/c/no", []),
        ("/c/a", ["many.service"]),
        ("/c/b", ["many.service"]),
        ("/c/c", ["many.service"]),
        ("/c/d", ["reset.service"]),
        ("/c/e", []),
        ("/c/trader-okx", ["trader@.service"]),
        ("/c/sub/trader-okx", []),
        ("/etc/credstore.encrypted/short", ["short.service"]),
        ("/c/short", []),
    ],
)
def test_who_loads_a_credential(tmp_path: Path, path: str, units: list[str]) -> None:
    for name, text in UNITS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "etc" / "masked.service").symlink_to("/dev/null")
    loads = _units.loads_by_unit(unit_directories=[str(tmp_path / part) for part in ("etc", "run", "lib")])
    assert _units.loaded_by(name=os.path.basename(path), path=path, loads=loads) == units


def test_the_keys_in_a_credential_are_told_by_name(placer: Placer) -> None:
    content = json.dumps({name: {"apiKey": "A" * 16, "secret": "CANARY"} for name in ("grid", "hedge")})
    placer.run(requests=[Request("bot.json", content.encode())], check_mode=False)
    (entry,) = look(placer)["credentials"]
    assert [held["entry"] for held in entry["api_keys"]] == ["grid", "hedge"]
    assert "CANARY" not in json.dumps(entry)
