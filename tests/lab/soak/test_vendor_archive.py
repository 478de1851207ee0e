# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vendor's closed program, by a stand-in: brought in every way, refused, upgraded, and taken back.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._spec import HostSpec
from tests.lab.e2e._support import Controller, Run, canary, listing, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

SPEC = HostSpec(
    name="vendor13", number=21, suite="trixie", public_v4="91.198.115.121", public_v6="2a02:ec80:700:1::121"
)
ROLE = {"name": "run it", "ansible.builtin.include_role": {"name": "trading.hosts.vendor_archive"}}
PORT = 8471
#: It says who it is, that it has its settings and key, and then does what a program does all day.
PROGRAM = """#!/bin/sh
set -eu
{early}
test -s "$2"
test -s "$4"
if touch "$0.changed" 2>/dev/null; then echo 'it can change itself'; fi
echo "core {version} as $(id --user --name) with $(cat "$2") and a key of $(wc --bytes < "$4") bytes, from $WHERE"
exec sleep infinity
"""


def tar(version: str, *, early: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:xz") as bundle:
        text = PROGRAM.format(version=version, early=early).encode()
        program = tarfile.TarInfo(f"core-{version}/bin/core")
        program.mode, program.size = 0o4755, len(text)
        bundle.addfile(program, io.BytesIO(text))
        link = tarfile.TarInfo(f"core-{version}/core")
        link.type, link.linkname = tarfile.SYMTYPE, "bin/core"
        bundle.addfile(link)
    return stream.getvalue()


def windows_zip(version: str) -> bytes:
    """Return it as a zip file from where files have no modes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        entry = zipfile.ZipInfo(f"core-{version}/core")
        entry.create_system = 0
        bundle.writestr(entry, PROGRAM.format(version=version, early=""))
    return stream.getvalue()


def hostile() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as bundle:
        for name in ("core/core", "core/../../../etc/cron.d/core"):
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755
            bundle.addfile(entry, io.BytesIO())
    return stream.getvalue()


class Core:
    """A host with the stand-in, and its controller."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab, self.host, self.directory = lab, SPEC.name, directory
        assert lab.add_guest(SPEC) == "running"
        self.controller = Controller(lab, directory / "controller", pipelining=True, guests=True)
        self.secret = canary()
        self.controller.write_vars({"secret": self.secret}, hosts=[self.host])

    def archive(self, name: str, content: bytes) -> dict[str, Any]:
        """Put an archive on the controller, and return the variables that name it."""
        path = self.directory / name
        path.write_bytes(content)
        return {
            "vendor_archive_file": str(path),
            "vendor_archive_checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
        }

    def bring(self, name: str) -> str:
        """Put the same file on the host, and return where."""
        target = self.lab.root(self.host) / "srv/vendor" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((self.directory / name).read_bytes())
        return f"/srv/vendor/{name}"

    def run(self, version: str, *more: dict[str, Any], arguments: tuple[str, ...] = (), **variables: Any) -> Run:
        given = {
            "vendor_archive_name": "core",
            "vendor_archive_version": version,
            "vendor_archive_strip": 1,
            "vendor_archive_command": ["{archive}/core", "--settings", "{settings}/core.toml", "--key", "%d/core-key"],
            "vendor_archive_files": {"core.toml": 'speed = "fast"\n'},
            "vendor_archive_credentials": ["core-key"],
            "vendor_archive_environment": {"WHERE": "{archive}"},
            "vendor_archive_settle_sec": 3,
            **variables,
        }
        return self.controller.run(*more, {**ROLE, "vars": given}, hosts=self.host, arguments=arguments)

    def failure(self, run: Run) -> str:
        failed = [str(result.data["msg"]) for result in run.results if result.status == "failed"]
        assert failed, run.output
        return failed[-1]

    def changed(self, run: Run) -> list[str]:
        assert run.returncode == 0, run.output
        return [result.task.rpartition(" : ")[2] for result in run.results if result.status == "changed"]

    def shown(self, name: str) -> str:
        argv = ["systemctl", "show", f"--property={name}", "--value", "core.service"]
        return self.lab.execute(self.host, argv).stdout.strip()

    def said(self) -> str:
        """Return what the program has said since its last start."""
        match = f"_SYSTEMD_INVOCATION_ID={self.shown('InvocationID')}"
        return self.lab.execute(self.host, ["journalctl", "--output=cat", "--no-pager", match]).stdout

    def made(self) -> dict[str, tuple[int, ...]]:
        return listing(
            self.lab, self.host, "opt", "etc/systemd/system", "etc/vendor-archive", "var/tmp", "var/lib/core"
        )

    def versions(self) -> list[str]:
        return sorted(entry.name.partition("-")[0] for entry in (self.lab.root(self.host) / "opt/core").iterdir())


@pytest.fixture(scope="module")
def core(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    made = Core(lab, tmp_path_factory.mktemp("v"))
    yield made
    lab.kill(made.host)


def key(core: Core) -> dict[str, Any]:
    return place({"name": "core-key", "format": "raw", "content": "{{ secret }}"})


def test_a_virgin_host_foresees_it(core: Core) -> None:
    before = core.made()
    run = core.run(
        "1.0", key(core), arguments=("-v", "--check", "--diff"), **core.archive("core-1.0.tar.xz", tar("1.0"))
    )
    changed = core.changed(run)
    assert {"place", "Hold it to its checksum, judge what is in it, and unpack it", "Write the unit"} <= set(changed)
    assert core.made() == before
    assert core.secret not in run.output


def test_what_is_not_meant_is_refused_and_leaves_the_host_as_it_was(core: Core) -> None:
    good = core.archive("core-1.0.tar.xz", tar("1.0"))
    bad = core.archive("hostile.tar.gz", hostile())
    core.bring("core-1.0.tar.xz")
    other = f"sha256:{'0' * 64}"
    refused: dict[str, dict[str, Any]] = {
        "core-1.0.tar.xz on the controller is another file": {**good, "vendor_archive_checksum": other},
        "core-1.0.tar.xz on the host is another file": {
            "vendor_archive_file": core.bring("core-1.0.tar.xz"),
            "vendor_archive_file_on": "host",
            "vendor_archive_checksum": other,
        },
        "is no file. Nothing was changed.": {**good, "vendor_archive_file": "/nowhere/core.tar"},
        "which leads out of its directory": bad,
        "the archive holds no program bin/other, but bin/core": {
            **good,
            "vendor_archive_command": ["{archive}/bin/other"],
        },
        "must be sha256: and 64 hexadecimal digits": {**good, "vendor_archive_checksum": "md5:0"},
        "an https or http URL without a password": {
            "vendor_archive_url": "https://me:secret@example.com/core.tar",
            "vendor_archive_checksum": other,
        },
        "did not come from vendor_archive_url": {
            "vendor_archive_url": f"http://127.0.0.1:{PORT}/core.tar",
            "vendor_archive_checksum": other,
        },
    }
    before = core.made()
    for sentence, variables in refused.items():
        said = core.failure(core.run("1.0", **variables))
        assert sentence in said, said
        assert said.endswith(("Nothing was changed.", "nothing was changed.", "Nothing else was changed."))
    after = core.made()
    assert {name: entry for name, entry in after.items() if not name.endswith("/opt/core")} == before
    assert not (core.lab.root(core.host) / "etc/cron.d/core").exists()


def test_it_comes_from_the_controller_and_runs(core: Core) -> None:
    run = core.run("1.0", key(core), **core.archive("core-1.0.tar.xz", tar("1.0")))
    assert run.returncode == 0, run.output
    said = core.said()
    digest = hashlib.sha256((core.directory / "core-1.0.tar.xz").read_bytes()).hexdigest()[:12]
    assert f'core 1.0 as core with speed = "fast" and a key of {len(core.secret.encode())} bytes' in said
    assert f"from /opt/core/1.0-{digest}-strip1" in said
    assert "it can change itself" not in said
    assert core.secret not in run.output + said
    program = core.lab.root(core.host) / f"opt/core/1.0-{digest}-strip1/bin/core"
    assert (program.stat().st_uid, oct(program.stat().st_mode & 0o7777)) == (0, "0o755")
    assert not list((core.lab.root(core.host) / "var/tmp").glob("*archive*"))


def test_a_second_run_changes_nothing(core: Core) -> None:
    before, invocation = core.made(), core.shown("InvocationID")
    given = core.archive("core-1.0.tar.xz", tar("1.0"))
    assert core.changed(core.run("1.0", **given)) == []
    assert core.changed(core.run("1.0", arguments=("-v", "--check"), **given)) == []
    # The archive is not needed any more.
    (core.directory / "core-1.0.tar.xz").unlink()
    assert core.changed(core.run("1.0", **given)) == []
    assert (core.made(), core.shown("InvocationID")) == (before, invocation)


def test_an_upgrade_comes_from_a_url_and_the_old_version_stays(core: Core) -> None:
    given = core.archive("core-1.1.zip", windows_zip("1.1"))
    core.bring("core-1.1.zip")
    serve = ["systemd-run", "--unit=vendor-server", "--working-directory=/srv/vendor", "/usr/bin/python3", "-m"]
    core.lab.execute(core.host, [*serve, "http.server", "--bind", "127.0.0.1", str(PORT)])
    core.lab.execute(core.host, ["/bin/sh", "-c", f"until ss -Hltn 'sport = :{PORT}' | grep -q .; do :; done"])
    given.pop("vendor_archive_file")
    run = core.run("1.1", vendor_archive_url=f"http://127.0.0.1:{PORT}/core-1.1.zip", **given)
    assert run.returncode == 0, run.output
    assert "core 1.1 as core" in core.said()
    assert core.versions() == ["1.0", "1.1"]
    # What stands there now is not what was meant.
    wrong = {**given, "vendor_archive_checksum": f"sha256:{'0' * 64}"}
    said = core.failure(core.run("1.2", vendor_archive_url=f"http://127.0.0.1:{PORT}/core-1.1.zip", **wrong))
    assert "what vendor_archive_url has is another file than vendor_archive_checksum was made for" in said
    assert core.versions() == ["1.0", "1.1"]


def test_one_that_does_not_come_up_gives_way_to_the_one_before(core: Core) -> None:
    given = core.archive("core-1.2.tar.xz", tar("1.2", early="sleep 1; exit 7"))
    given |= {"vendor_archive_file": core.bring("core-1.2.tar.xz"), "vendor_archive_file_on": "host"}
    said = core.failure(core.run("1.2", vendor_archive_files={"core.toml": "speed = 2\n"}, **given))
    assert "core did not come up with the changed unit, and has its earlier unit back (ActiveState=active)" in said
    assert 'core 1.1 as core with speed = "fast"' in core.said()
    assert core.shown("NRestarts") == "0"


def test_what_nothing_uses_is_removed(core: Core) -> None:
    run = core.run("1.3", vendor_archive_keep=1, **core.archive("core-1.3.tar.xz", tar("1.3")))
    assert run.returncode == 0, run.output
    assert "core 1.3 as core" in core.said()
    versions = core.versions()
    assert "1.3" in versions
    assert len(versions) == 2
    assert core.lab.reboot(core.host) == "running"
    assert "core 1.3 as core" in core.said()
