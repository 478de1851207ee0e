# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action that writes reports: all files or none, no half one, one sentence for what a person can mend."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import threading
import typing as t
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
import yaml
from ansible.errors import AnsibleActionFail

from ansible_collections.trading.hosts.plugins.action.report import ActionModule
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.modules import report as module
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _files
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._evidence import EVIDENCE, NAMESPACE, digest
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._files import File
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._formats import FORMATS, WRITERS
from tests.unit.plugin_utils._reports.build import AT, small

NOW = "2026-11-22T07:20:00Z"


class Desk:
    """A directory with a report, and a way to have it written."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.report = directory / "fleet.json"
        self.report.write_text(json.dumps(small()), encoding="ascii")

    def write(self, *formats: str, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        files = [{"format": name, "path": str(self.path(name))} for name in formats]
        args = {"report_path": str(self.report), "files": files, **options}
        task = SimpleNamespace(args=args, async_val=0, check_mode=check_mode, diff=False, action="x", collections=[])
        action = ActionModule(
            task=task,
            connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir="")),
            play_context=None,
            loader=None,
            templar=None,
            shared_loader_obj=None,
        )
        result: dict[str, t.Any] = action.run(task_vars={"inventory_hostname": "bot1"})
        return result

    def evidence(self, **options: t.Any) -> dict[str, t.Any]:
        self.write("evidence", **{"operator": "Ada", "now": NOW, **options})
        bundle: dict[str, t.Any] = json.loads(self.path("evidence").read_text(encoding="ascii"))
        return bundle

    def path(self, name: str) -> Path:
        return self.directory / f"report.{name}"

    def refusal(self, *formats: str, **options: t.Any) -> str:
        """Return the sentence of a refusal, after which nothing may be there that was not before."""
        before = sorted(self.directory.rglob("*"))
        with pytest.raises(AnsibleActionFail) as caught:
            self.write(*formats, **options)
        assert sorted(self.directory.rglob("*")) == before
        return str(caught.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_format_is_written_for_its_owner_alone(desk: Desk) -> None:
    result = desk.write(*WRITERS)
    assert result["changed"] is True
    assert [each["format"] for each in result["files"]] == list(WRITERS)
    for each in result["files"]:
        path = Path(each["path"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert each["digest"] == digest(path.read_bytes())
    assert sorted(os.listdir(desk.directory)) == sorted(["fleet.json", *(desk.path(name).name for name in WRITERS)])
    assert result["summary"][0].startswith("PARTIAL")


def test_what_is_public_can_be_read_by_its_reader(desk: Desk) -> None:
    result = desk.write("prometheus", "html", redact="public")
    for name in ("prometheus", "html"):
        assert stat.S_IMODE(desk.path(name).stat().st_mode) == 0o644
        assert "91.198.115" not in desk.path(name).read_text(encoding="utf-8")
    assert "bot" not in " ".join(result["summary"])


def test_a_second_run_changes_nothing(desk: Desk) -> None:
    desk.write("html", "sarif")
    before = desk.path("html").stat()
    result = desk.write("html", "sarif")
    assert result["changed"] is False
    assert desk.path("html").stat() == before
    desk.path("html").chmod(0o644)
    assert [each["changed"] for each in desk.write("html", "sarif")["files"]] == [True, False]
    assert stat.S_IMODE(desk.path("html").stat().st_mode) == 0o600


def test_check_mode_says_what_it_would_do(desk: Desk) -> None:
    assert desk.write("html", check_mode=True)["changed"] is True
    assert not desk.path("html").exists()


REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "no report": ({"report_path": "/nowhere/x.json"}, r"report_path '/nowhere/x.json': cannot be read"),
    "nothing asked": ({"files": []}, "files: is empty"),
    "a directory": ({"files": [{"format": "html", "path": "/"}]}, r"files\[0\].path '/': is a directory"),
    "no directory": (
        {"files": [{"format": "html", "path": "/nowhere/x"}]},
        r"files\[0\].path '/nowhere/x': is in a directory that is not there; make it first",
    ),
    "a device": ({"files": [{"format": "html", "path": "/dev/null"}]}, "is no plain file"),
    "a disk that cannot": ({"files": [{"format": "html", "path": "/proc/x"}]}, "cannot be written|may not write to"),
    "a name too long": ({"files": [{"format": "html", "path": "/tmp/" + "x" * 300}]}, "cannot be written|File name"),
    "a name that cannot be": ({"files": [{"format": "html", "path": "/tmp/a\0b"}]}, "cannot be written"),
    "an unknown format": ({"files": [{"format": "pdf", "path": "/tmp/x"}]}, "value of format must be one of"),
    "evidence that is public": (
        {"files": [{"format": "evidence", "path": "/tmp/x"}], "operator": "Ada", "redact": "public"},
        "redact 'public': would leave evidence without its subjects",
    ),
    "nobody": ({"files": [{"format": "evidence", "path": "/tmp/x"}], "operator": " "}, "operator: is missing"),
    "no evidence": (
        {"files": [{"format": "html", "path": "/tmp/x"}], "operator": "Ada"},
        "operator: is for the format",
    ),
    "evidence twice": (
        {"files": [{"format": "evidence", "path": f"/tmp/{name}"} for name in "xy"], "operator": "Ada"},
        "asks for evidence twice",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_one_sentence(desk: Desk, name: str) -> None:
    options, said = REFUSED[name]
    sentence = desk.refusal("html", **options)
    assert "\n" not in sentence
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(sentence)


def test_one_path_is_for_one_file(desk: Desk) -> None:
    twice = [{"format": name, "path": str(desk.path("x"))} for name in ("html", "json")]
    assert "files[1].path" in desk.refusal(files=twice)
    assert "is the file of report_path too" in desk.refusal(files=[{"format": "html", "path": str(desk.report)}])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no whole JSON"),
        ("[]", "is no JSON object"),
        ('{"schema": 1}', "lacks collection_version"),
        ('{"schema": 2}', "has schema 2, this release reads 1"),
        (json.dumps(small())[:-20], "is no whole JSON"),
        ('{"schema": 1, "schema": 1}', "is no whole JSON"),
        (json.dumps(small()).replace(': "critical"', ': "harmless\\u001b[2J"'), "is not what stands there"),
        (json.dumps(small()).replace("null", "NaN"), "is no whole JSON"),
        ('{"kind": "api_keys", "schema": 1, "facts": []}', "lacks collection_version"),
    ],
)
def test_a_report_that_is_none(desk: Desk, content: str, said: str) -> None:
    desk.report.write_text(content, encoding="ascii")
    sentence = desk.refusal("html")
    assert said in sentence
    assert str(desk.report) in sentence
    assert sentence.isprintable()


def test_one_path_that_cannot_be_written_stops_them_all(desk: Desk) -> None:
    files = [{"format": "html", "path": str(desk.path("html"))}, {"format": "json", "path": "/proc/x"}]
    desk.refusal(files=files)


def test_no_half_file_stays_where_the_disk_is_full(tmp_path: Path) -> None:
    good = File(tmp_path / "good", b"x", 0o600)
    full = File(Path("/dev/full/x"), b"x", 0o600)
    with pytest.raises(InputError, match="files '/dev/full/x': cannot be written"):
        _files.write_all([good, full], field="files")
    assert list(tmp_path.iterdir()) == []


def _refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_names: t.Any, **_options: t.Any) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("links", [True, False])
def test_what_was_replaced_is_put_back_where_another_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    there, new, stuck = (tmp_path / name for name in ("there", "new", "stuck"))
    there.write_bytes(b"old")
    there.chmod(0o640)
    os.utime(there, (1, 1))
    stuck.mkdir()
    if not links:
        _refuse_links(monkeypatch)
    with pytest.raises(InputError, match=f"^files '{stuck}': cannot be written"):
        _files.write_all([File(path, b"x", 0o600) for path in (there, new, stuck)], field="files")
    assert there.read_bytes() == b"old"
    assert (stat.S_IMODE(there.stat().st_mode), there.stat().st_mtime) == (0o640, 1)
    assert sorted(os.listdir(tmp_path)) == ["stuck", "there"]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("stuck", ["a", "b", "c"])
def test_all_files_are_those_of_before_whichever_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: str, links: bool
) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths:
        path.write_bytes(b"old")
    replace = os.replace

    def immutable(source: t.Any, target: t.Any) -> None:
        if Path(target).name == stuck:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(source), None, str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", immutable)
    if not links:
        _refuse_links(monkeypatch)
    with pytest.raises(InputError, match=f"^files '{tmp_path / stuck}': cannot be written"):
        _files.write_all([File(path, b"x", 0o600) for path in paths], field="files")
    assert {path.read_bytes() for path in paths} == {b"old"}
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_what_cannot_be_put_back_is_said_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"old")
    replace = os.replace
    done: list[t.Any] = []

    def once(source: t.Any, target: t.Any) -> None:
        if done:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        done.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(InputError, match=f"^files '{first}': .* cannot be put back") as caught:
        _files.write_all([File(path, b"x", 0o600) for path in (first, second)], field="files")
    (kept,) = set(tmp_path.iterdir()) - {first}
    assert kept.read_bytes() == b"old"
    assert str(kept) in str(caught.value)


@pytest.mark.parametrize("links", [True, False])
def test_nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        _refuse_links(monkeypatch)
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for content in (b"1", b"2"):
        _files.write_all([File(path, content, 0o600) for path in paths], field="files")
        assert {path.read_bytes() for path in paths} == {content}
        assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_two_runs_at_once_never_mix(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    stop = threading.Event()
    mixed: list[t.Any] = []

    def write(mark: bytes) -> None:
        for _turn in range(60):
            _files.write_all([File(path, mark * 5000, 0o600) for path in paths], field="files")

    def look() -> None:
        while not stop.is_set():
            for path in paths:
                content = path.read_bytes()
                if len(content) != 5000 or len(set(content)) != 1:
                    mixed.append(content[:10])

    _files.write_all([File(path, b"0" * 5000, 0o600) for path in paths], field="files")
    looker = threading.Thread(target=look)
    looker.start()
    writers = [threading.Thread(target=write, args=(mark,)) for mark in (b"1", b"2", b"3")]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    looker.join()
    assert mixed == []
    assert len({path.read_bytes()[:1] for path in paths}) == 1, "the files of one run stand together"
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_evidence_says_who_judged_what_and_how_much(desk: Desk) -> None:
    bundle = desk.evidence(started_at="2026-11-22T07:10:00Z")
    jsonschema.Draft202012Validator(EVIDENCE).validate(bundle)
    assert (bundle["started_at"], bundle["judged_at"], bundle["ended_at"]) == ("2026-11-22T07:10:00Z", AT, NOW)
    assert bundle["operator"] == "Ada"
    assert bundle["coverage"]["hosts_seen"] == 1
    assert bundle["coverage"]["hosts_declared"] == 2
    assert bundle["policy_digest"] == small()["policy_digest"]
    assert set(bundle["versions"]) == {"collection", "ansible_core", "python"}
    assert bundle["report"] == small()
    assert bundle["previous"] is None


def test_evidence_without_a_fleet_knows_no_coverage(desk: Desk) -> None:
    document = small()
    del document["fleet"]
    desk.report.write_text(json.dumps(document), encoding="ascii")
    bundle = desk.evidence()
    jsonschema.Draft202012Validator(EVIDENCE).validate(bundle)
    assert bundle["coverage"] is None


def test_evidence_is_a_chain(desk: Desk) -> None:
    desk.evidence()
    first = desk.directory / "first.json"
    desk.path("evidence").rename(first)
    bundle = desk.evidence(previous_evidence=str(first))
    printed = subprocess.run(["sha256sum", first], capture_output=True, text=True, check=True).stdout.split()[0]
    assert bundle["previous"] == {"digest": f"sha256:{printed}", "ended_at": NOW}


def test_evidence_is_never_replaced(desk: Desk) -> None:
    desk.evidence()
    before = desk.path("evidence").read_bytes()
    assert "is there already" in desk.refusal("evidence", operator="Grace")
    assert desk.path("evidence").read_bytes() == before
    with pytest.raises(InputError, match="is there already"):
        _files.write_all([File(desk.path("evidence"), b"other", 0o600, once=True)], field="files")
    assert desk.path("evidence").read_bytes() == before


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"kind": "trading.hosts evidence", "ended_at": "now"}'])
def test_a_chain_needs_its_last_link(desk: Desk, content: str | None) -> None:
    last = desk.directory / "last.json"
    if content is not None:
        last.write_text(content, encoding="ascii")
    sentence = desk.refusal("evidence", operator="Ada", previous_evidence=str(last))
    assert sentence.startswith(f"previous_evidence {str(last)!r}: ")


LINKS: dict[str, dict[str, t.Any]] = {
    "no bundle but its name and its end": {"report": None, "versions": None},
    "of another schema": {"schema": 2},
    "nobody's": {"operator": ""},
    "of a report that is none": {"report": {}},
    "of no digest": {"policy_digest": "sha256:0"},
    "of an instant that never was": {"judged_at": "2026-02-30T00:00:00Z"},
    "of a name too long": {"operator": "x" * 201},
}


@pytest.mark.parametrize("name", LINKS)
def test_a_false_link_is_refused(desk: Desk, name: str) -> None:
    last = desk.directory / "last.json"
    last.write_text(json.dumps({**desk.evidence(), **LINKS[name]}), encoding="ascii")
    desk.path("evidence").unlink()
    sentence = desk.refusal("evidence", operator="Ada", now=NOW, previous_evidence=str(last))
    assert "is no whole bundle of evidence" in sentence


def test_a_link_from_the_future_is_refused(desk: Desk) -> None:
    last = desk.directory / "last.json"
    desk.evidence(now="2026-11-22T07:20:01Z")
    desk.path("evidence").rename(last)
    sentence = desk.refusal("evidence", operator="Ada", now=NOW, previous_evidence=str(last))
    assert f"ended at 2026-11-22T07:20:01Z, which is after this one ends ({NOW})" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("operator", ["", " ", "\u200b", "\u2060 \x00\n\u202e"])
def test_evidence_is_somebodys(desk: Desk, operator: str) -> None:
    assert "operator: is missing" in desk.refusal("evidence", operator=operator, now=NOW)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"started_at": "yesterday"}, "started_at 'yesterday': is no instant"),
        ({"started_at": "2026-11-22T07:15:00Z"}, "are not one after the other"),
        ({"now": "2026-11-22T07:00:00Z"}, "are not one after the other"),
    ],
)
def test_evidence_has_its_times_in_order(desk: Desk, options: dict[str, str], said: str) -> None:
    assert said in desk.refusal("evidence", **{"operator": "Ada", "now": NOW, **options})


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("keys")
    for name, phrase in (("open", ""), ("locked", "canary-phrase")):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-C", "ada", "-f", str(directory / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    public = (directory / "open.pub").read_text(encoding="ascii")
    (directory / "signers").write_text(f"ada@example.org {public}", encoding="ascii")
    return directory


def _verifies(desk: Desk, keys: Path) -> bool:
    """Check a signature by the command of docs/reports.md."""
    command = ["ssh-keygen", "-Y", "verify", "-f", str(keys / "signers"), "-I", "ada@example.org", "-n", NAMESPACE]
    path = desk.path("evidence")
    with path.open("rb") as content:
        done = subprocess.run([*command, "-s", f"{path}.sig"], stdin=content, capture_output=True, check=False)
    return done.returncode == 0


def test_evidence_is_signed(desk: Desk, keys: Path) -> None:
    result = desk.write("evidence", operator="Ada", now=NOW, sign_with=str(keys / "open"))
    assert [each["format"] for each in result["files"]] == ["evidence", "signature"]
    assert stat.S_IMODE(Path(result["files"][1]["path"]).stat().st_mode) == 0o600
    assert _verifies(desk, keys)
    path = desk.path("evidence")
    path.write_text(path.read_text(encoding="ascii").replace("Ada", "Eve"), encoding="ascii")
    assert not _verifies(desk, keys)


def test_a_locked_key_is_not_asked_for(desk: Desk, keys: Path) -> None:
    sentence = desk.refusal("evidence", operator="Ada", now=NOW, sign_with=str(keys / "locked"))
    assert "give a key without a passphrase, or the public key of one that is in the agent" in sentence
    assert "is no file" in desk.refusal("evidence", operator="Ada", now=NOW, sign_with=str(keys / "none"))


def test_the_documentation_is_the_actions() -> None:
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    spec = ActionModule.argument_spec
    assert set(options) == set(spec)
    for name, option in options.items():
        assert option["type"] == spec[name]["type"], name
        assert option.get("choices") == spec[name].get("choices"), name
        assert option.get("default") == spec[name].get("default"), name
    assert options["files"]["suboptions"]["format"]["choices"] == sorted(FORMATS)


def test_the_modules_page_names_every_member(desk: Desk) -> None:
    result = desk.write("json")
    returned = yaml.safe_load(module.RETURN)
    assert set(returned) | {"changed"} == set(result)
    assert list(returned["files"]["contains"]) == list(result["files"][0])
