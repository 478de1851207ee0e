# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts in files: whole at every instant, private, and read with one sentence for whatever is wrong."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, TradingHostsError
from ansible_collections.trading.hosts.plugins.module_utils._version import VERSION
from ansible_collections.trading.hosts.plugins.plugin_utils import _facts_files
from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import read_facts, read_file, write_facts

FACT = {"name": "bot", "observed": None, "list": ["ü", 1, True]}


def write(folder: Path, *, host: str = "h1", kind: str = "api_keys", document: Any = None) -> Path:
    whole = {kind: [FACT]} if document is None else document
    return Path(write_facts(directory=str(folder), host=host, kind=kind, document=whole))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "new" / "facts")
    assert path == tmp_path / "new" / "facts" / "h1.api_keys.json"
    one = read_file(str(path))
    assert (one.kind, one.host, one.collection_version, one.facts) == ("api_keys", "h1", VERSION, (FACT,))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["schema"] == 1
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_what_else_the_learner_said_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, kind="credentials", document={"credentials": [], "machine": {"host_key": "bound"}})
    assert read_file(str(path)).rest == {"machine": {"host_key": "bound"}}


def test_tagged_values_of_ansible_become_plain(tmp_path: Path) -> None:
    class Tagged(str):
        __slots__ = ()

    write(tmp_path, document={"api_keys": [{Tagged("a"): Tagged("b"), "c": (Tagged("d"),)}]})
    assert read_facts(sources=[str(tmp_path)])[0].facts == ({"a": "b", "c": ["d"]},)


def test_a_reader_never_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    before = path.read_text()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TradingHostsError, match=r"h1\.api_keys\.json cannot be written \(No space left on device\)"):
        write(tmp_path, document={"api_keys": []})
    assert path.read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TradingHostsError, match="facts_dir"):
        write(tmp_path / "file" / "facts")


@pytest.mark.parametrize("host", ["../h", "a/b", "", ".hidden", "a\0b", "a\nb", "..", "a..b", "x" * 300, "-rf", "a b"])
def test_host_names_that_would_escape_are_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(InputError, match="inventory_hostname"):
        write(tmp_path, host=host)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["h1", "trader-1.example.org", "10.0.0.1", "2001:db8::1", "[2001:db8::1]:22", "a_b"])
def test_ordinary_host_names_are_taken(tmp_path: Path, host: str) -> None:
    assert read_file(str(write(tmp_path, host=host))).host == host


def changed(path: Path, **changes: Any) -> None:
    data = json.loads(path.read_text())
    for name, value in changes.items():
        if value is ...:
            del data[name]
        else:
            data[name] = value
    path.write_text(json.dumps(data))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"schema": 2}, "has schema 2, this release reads 1"),
    ({"schema": True}, "has schema True"),
    ({"schema": ...}, "lacks schema"),
    ({"facts": ...}, "lacks facts"),
    ({"facts": {}}, "holds no list of objects in facts"),
    ({"facts": [1]}, "holds no list of objects in facts"),
    ({"kind": "secrets"}, "holds facts of kind 'secrets'"),
    ({"kind": 1}, "holds something else than text in kind"),
    ({"host": "../x"}, "names the host '../x'"),
    ({"learned_at": "yesterday"}, "holds no instant in learned_at"),
]


@pytest.mark.parametrize(("changes", "expected"), BAD)
def test_wrong_files_are_named(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    path = write(tmp_path)
    changed(path, **changes)
    with pytest.raises(InputError) as refused:
        read_facts(sources=[str(tmp_path)])
    assert expected in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"a":NaN}', b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 99999, b"<html>"],
)
def test_what_is_no_json_object_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no"):
        read_file(str(path))


def test_sources_that_are_not_there_or_nothing_or_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source, expected in ((tmp_path / "missing", "No such file"), (tmp_path, "without any facts")):
        with pytest.raises(InputError, match=expected):
            read_facts(sources=[str(source)])
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="is not a plain file"):
        read_facts(sources=[str(tmp_path)])
    (tmp_path / "pipe.json").unlink()
    path = write(tmp_path)
    monkeypatch.setattr(_facts_files, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="is larger than 10 bytes"):
        read_file(str(path))


def test_sources_are_read_once_and_in_order(tmp_path: Path) -> None:
    for host in ("b", "a"):
        write(tmp_path, host=host)
        write(tmp_path, host=host, kind="egress")
    (tmp_path / "notes.txt").write_text("not facts")
    (tmp_path / ".a.json.x").write_text("left over")
    found = read_facts(sources=[str(tmp_path), str(tmp_path / "a.egress.json"), str(tmp_path)])
    assert [(one.host, one.kind) for one in found] == [
        ("a", "api_keys"),
        ("a", "egress"),
        ("b", "api_keys"),
        ("b", "egress"),
    ]


def test_two_files_for_one_host_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two")
    with pytest.raises(InputError, match="holds api_keys of host h1, and so does"):
        read_facts(sources=[str(tmp_path / "one"), str(tmp_path / "two")])


def test_ten_thousand_facts_cost_little_more_than_their_json(tmp_path: Path) -> None:
    fact = {"name": "x" * 40, "observed": {"permissions": ["read"] * 6, "raw": ["x" * 20] * 20}}
    path = write(tmp_path, document={"api_keys": [fact] * 10_000})
    began = time.process_time()
    json.loads(path.read_bytes())
    parsed = time.process_time()
    assert len(read_facts(sources=[str(tmp_path)])[0].facts) == 10_000
    assert time.process_time() - parsed < 20 * (parsed - began)


@given(document=st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_json_is_read_or_refused(document: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("facts") / "x.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError):
        read_file(str(path))
