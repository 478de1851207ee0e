# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import os
import stat
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import (
    _files,
    _run,
    _store,
    _systemd,
    _systemd_reader,
)
from ansible_collections.trading.hosts.plugins.module_utils._credential._machine_id import hashed_machine_id
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

if t.TYPE_CHECKING:
    from tests.unit.module_utils._credential.conftest import FakeSystemd

CANARY = b"CANARY-secret-0123456789"

#: A program that writes down how it was called, and answers like systemd-creds.
RECORDER = """#!{python}
import json, os, sys
fed = sys.stdin.buffer.read()
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv, dict(os.environ), fed.hex()]) + chr(10))
sys.stdout.write("Whxqht+dQJax1aZeCGLxmiAAAAABAAAA")
"""


def test_a_secret_goes_in_by_standard_input_and_nowhere_else(
    systemd: FakeSystemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "systemd-creds"
    program.write_text(RECORDER.format(python=sys.executable, log=str(tmp_path / "log")))
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", "/somewhere/else")
    monkeypatch.setenv("SYSTEMD_LOG_LEVEL", "debug")
    environment = {**_run.CLEAN_ENVIRONMENT, "PATH": str(tmp_path)}

    def runner(*, argv: t.Sequence[str], stdin: bytes = b"") -> _run.Completed:
        return _run.run(argv=argv, stdin=stdin, environment=environment)

    store = _systemd.SystemdStore(
        runner=runner, secret_path=str(systemd.secret), machine_id_path=str(systemd.machine_id)
    )
    store.encrypt(name="bot.json", content=CANARY, terms=_store.Terms("host"))
    path = tmp_path / "bot.json"
    path.write_bytes(b"Whxqht+dQJax1aZeCGLxmiAAAAABAAAA")
    systemd.secret.write_bytes(_header(systemd) + b"k" * 4096)
    store.decrypt(name="bot.json", path=str(path), encrypted=path.read_bytes())
    calls = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [call[0][1:] for call in calls] == [
        ["encrypt", "--name=bot.json", "--with-key=host", "-", "-"],
        ["decrypt", "--name=bot.json", str(path), "-"],
    ]
    assert bytes.fromhex(calls[0][2]) == CANARY
    for _argv, seen, _fed in calls:
        # Python adds LC_CTYPE itself.
        assert set(seen) - {"LC_CTYPE"} == set(_run.CLEAN_ENVIRONMENT)
    assert CANARY.decode() not in json.dumps([call[:2] for call in calls])


def _header(systemd: FakeSystemd) -> bytes:
    return hashed_machine_id(machine_id=bytes.fromhex(systemd.machine_id.read_text().strip()))


@pytest.mark.parametrize(
    ("wanted", "found", "scoped", "fits"),
    [
        ("auto", "host-scoped", True, True),
        ("auto", "host", True, False),
        ("auto", "host-scoped", False, False),
        ("host", "host-scoped", True, True),
        ("host+tpm2", "host+tpm2+pk-scoped", True, True),
        ("host+tpm2", "host-scoped", True, False),
        ("auto", "unknown", True, True),
        ("auto", "null", True, False),
    ],
)
def test_which_key_fits_a_scope(wanted: str, found: str, scoped: bool, fits: bool) -> None:
    assert _systemd.key_fits(wanted=wanted, found=found, scoped=scoped) is fits


def test_an_end_is_given_to_systemd_in_its_own_words(systemd: FakeSystemd) -> None:
    systemd.store().encrypt(name="x", content=CANARY, terms=_store.Terms("host", "2027-01-31T18:00:00Z"))
    assert "--not-after=2027-01-31 18:00:00 UTC" in systemd.calls[-1]


def test_the_outcome_of_a_program_shows_nothing_when_printed() -> None:
    assert "CANARY" not in repr(_run.Completed(0, CANARY, CANARY))


def test_a_program_that_hangs_is_ended_without_telling_what_it_was_fed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "TIMEOUT", 0.2)
    with pytest.raises(StoreError) as refused:
        _run.run(
            argv=[sys.executable, "-c", "import signal; print('CANARY', flush=True); signal.pause()"], stdin=CANARY
        )
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("5a1c6a86df9d4096b1d5a65e0862f19a", "host"),
        ("55b9ed1d38594d43a8319d2ebb332ac6", "host-scoped"),
        ("0c7cc07b117645919c4b0bea08bc20fe", "tpm2"),
        ("faf7eb9341e3412ca1a436f95a29362f", "tpm2+pk"),
        ("93a894094874449090caf2fc93cab553", "host+tpm2"),
        ("ef4ac13679a9480ea7db68897f9f165d", "host+tpm2-scoped"),
        ("af4950a849134eb1a73846304ff30c05", "host+tpm2+pk"),
        ("adbc4ca3efb64201ba881b6f2e4095ea", "host+tpm2+pk-scoped"),
        ("058469daf6f54324800549da0f8ea2fb", "null"),
        ("00" * 16, "unknown"),
    ],
)
def test_key_type_is_told_from_the_file_alone(header: str, kind: str) -> None:
    blob = base64.encodebytes(bytes.fromhex(header) + os.urandom(100))
    assert _systemd_reader.key_type(encrypted=blob) == kind
    assert _systemd_reader.key_type(encrypted=b"\n " + blob) == kind


@pytest.mark.parametrize("blob", [b"", b"a", b"\xff\x00", b"{}", b"Whxqht+dQJax1aZeCGLxm!"])
def test_what_is_no_credential_has_no_key_type(blob: bytes) -> None:
    assert _systemd_reader.key_type(encrypted=blob) == "unknown"


@pytest.mark.parametrize(
    ("wanted", "found", "fits"),
    [
        ("auto", "host", True),
        ("auto", "host+tpm2", True),
        ("auto", "unknown", True),
        ("auto", "null", False),
        ("auto", "host-scoped", False),
        ("host", "host", True),
        ("host", "tpm2", False),
        ("host", "host+tpm2", False),
        ("tpm2", "tpm2+pk", True),
        ("host+tpm2", "host+tpm2+pk", True),
        ("host+tpm2", "host", False),
    ],
)
def test_key_fits(wanted: str, found: str, fits: bool) -> None:
    assert _systemd.key_fits(wanted=wanted, found=found) is fits


@pytest.mark.parametrize("name", ["bot.json", "a", "_x", "okx@main-1", "A" * 128])
def test_good_names(name: str) -> None:
    _files.check_name(name=name, field="name")


@pytest.mark.parametrize(
    "name", ["", ".hidden", "-x", "a/b", "..", "a b", "a:b", "a%i", "ключ", "a\n", "A" * 129, None, 7]
)
def test_bad_names(name: t.Any) -> None:
    with pytest.raises(InputError, match="is not a credential name"):
        _files.check_name(name=name, field="name")


def test_a_host_without_systemd_creds_is_told_its_version(systemd: FakeSystemd) -> None:
    systemd.missing = True
    with pytest.raises(StoreError, match=r"no systemd-creds \(found systemd 247 .*systemd 250 or newer"):
        systemd.store().encrypt(name="x", content=CANARY, terms=_store.Terms("auto"))


def test_the_last_line_of_a_complaint_is_told(systemd: FakeSystemd) -> None:
    systemd.refuse = "TPM2 support not installed: Operation not supported"
    with pytest.raises(StoreError, match="with the key tpm2: TPM2 support not installed"):
        systemd.store().encrypt(name="x", content=CANARY, terms=_store.Terms("tpm2"))


@pytest.mark.parametrize(
    ("with_key", "tpm", "kind"),
    [("auto", False, "host"), ("auto", True, "host+tpm2"), ("tpm2", True, "tpm2"), ("host", False, "host")],
)
def test_predicted_key_type(systemd: FakeSystemd, with_key: str, tpm: bool, kind: str) -> None:
    systemd.has_tpm2 = tpm
    assert systemd.store().predict_key_type(terms=_store.Terms(with_key)) == kind
    assert not systemd.secret.exists()


def test_a_tpm_that_is_not_there_is_told_before(systemd: FakeSystemd) -> None:
    with pytest.raises(StoreError, match="no usable TPM"):
        systemd.store().predict_key_type(terms=_store.Terms("host+tpm2"))


def test_a_null_key_is_neither_written_nor_read(systemd: FakeSystemd, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="null key"):
        systemd.store().encrypt(name="x", content=CANARY, terms=_store.Terms("null"))
    blob = base64.encodebytes(bytes.fromhex("058469daf6f54324800549da0f8ea2fb") + b"x" * 50)
    systemd.calls.clear()
    with pytest.raises(_files.UndecryptableError, match="null key"):
        systemd.store().decrypt(name="x", path=str(tmp_path / "x"), encrypted=blob)
    assert systemd.calls == []


def test_load_directive_doubles_percent_signs() -> None:
    assert _systemd.load_directive(name="x", path="/a%b/x") == "LoadCredentialEncrypted=x:/a%%b/x"
