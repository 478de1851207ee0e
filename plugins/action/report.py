# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a judged report in other formats, on the controller."""

from __future__ import annotations

import platform
import typing as t
from pathlib import Path

from ansible.release import __version__ as ansible_core_version

from ..module_utils._errors import InputError
from ..plugin_utils._facts_files import read_json
from ..plugin_utils._judge_action import JudgeAction, instant_text, now_of
from ..plugin_utils._reports import _evidence
from ..plugin_utils._reports._files import File, check_path, differs, write_all
from ..plugin_utils._reports._formats import EVIDENCE, FORMATS, NONE, PUBLIC, writer
from ..plugin_utils._reports._public import public
from ..plugin_utils._reports._schema import Document, read
from ..plugin_utils._reports._words import summary

_OF_EVIDENCE = ("operator", "started_at", "previous_evidence", "sign_with")
#: Names and addresses are for their owner; what is public may be read by the program that shows it.
_MODE = {NONE: 0o600, PUBLIC: 0o644}


class ActionModule(JudgeAction):
    argument_spec: t.ClassVar[dict[str, t.Any]] = {
        "report_path": {"type": "path", "required": True},
        "files": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "format": {"type": "str", "required": True, "choices": sorted(FORMATS)},
                "path": {"type": "path", "required": True},
            },
        },
        "redact": {"type": "str", "choices": [NONE, PUBLIC], "default": NONE},
        "operator": {"type": "str"},
        "started_at": {"type": "str"},
        "previous_evidence": {"type": "path"},
        "sign_with": {"type": "path"},
        "now": {"type": "str"},
    }

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write, and say whether anything is another than before."""
        result = super().run(tmp, task_vars)
        result["changed"] = any(each["changed"] for each in result["files"])
        return result

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Read the report and write it in each format, all files or none."""
        wanted = [(each["format"], Path(each["path"]).expanduser()) for each in options["files"]]
        _check(wanted, options)
        document = read(
            read_json(options["report_path"], field="report_path"), where=f"report_path {options['report_path']!r}"
        )
        shown = public(document) if options["redact"] == PUBLIC else document
        files = []
        for name, path in wanted:
            if name == EVIDENCE:
                files += _bundle(document, path=path, options=options)
            else:
                content = writer(name, redact=options["redact"])(shown).encode()
                files.append((name, File(path, content, _MODE[options["redact"]])))
        changing = [file for _name, file in files if differs(file)]
        if changing and not self._task.check_mode:
            write_all(changing, field="files")
        return {
            "files": [
                {
                    "format": name,
                    "path": str(file.path),
                    "digest": _evidence.digest(file.content),
                    "changed": file in changing,
                }
                for name, file in files
            ],
            "summary": summary(shown),
        }


def _check(wanted: t.Sequence[tuple[str, Path]], options: t.Mapping[str, t.Any]) -> None:
    """Refuse what cannot be done before anything is read or written."""
    evidence = [name for name, _path in wanted].count(EVIDENCE)
    if not wanted:
        raise InputError(field="files", problem="is empty", mend="name at least one format and its path")
    if evidence > 1:
        raise InputError(field="files", problem="asks for evidence twice", mend="ask for it once")
    if evidence and options["redact"] == PUBLIC:
        mend = "write it by a task of its own without redact"
        raise InputError(field="redact", value=PUBLIC, problem="would leave evidence without its subjects", mend=mend)
    for name in _OF_EVIDENCE if not evidence else ():
        if options[name] is not None:
            mend = "add a file of this format, or leave the option out"
            raise InputError(field=name, problem="is for the format evidence, which is not asked for", mend=mend)
    if evidence and not _evidence.operator_of(options["operator"]):
        problem = "is missing: evidence says who had the keys judged"
        raise InputError(field="operator", problem=problem, mend="give a person's name")
    report = Path(options["report_path"]).expanduser().resolve()
    seen = {report: "report_path"}
    for index, (name, path) in enumerate(wanted):
        field = f"files[{index}].path"
        for each in (path, _signature(path)) if name == EVIDENCE and options["sign_with"] else (path,):
            check_path(each, field=field, once=name == EVIDENCE)
            other = seen.setdefault(each.resolve(), field)
            if other != field:
                raise InputError(
                    field=field, value=str(each), problem=f"is the file of {other} too", mend="give each its own"
                )


def _signature(path: Path) -> Path:
    return path.with_name(f"{path.name}.sig")


def _bundle(document: Document, *, path: Path, options: t.Mapping[str, t.Any]) -> list[tuple[str, File]]:
    now = now_of(options["now"])
    judged = now_of(document["judged_at"])
    started = now_of(options["started_at"], field="started_at") if options["started_at"] else judged
    if not started <= judged <= now:
        order = f"{instant_text(started)}, {document['judged_at']} and {instant_text(now)}"
        raise InputError(
            field="started_at",
            problem=f"start, judgement and end are not one after the other ({order})",
            mend="give the instant at which this run began to learn, and check the clock",
        )
    last = options["previous_evidence"]
    frame = _evidence.Frame(
        operator=_evidence.operator_of(options["operator"]),
        started_at=instant_text(started),
        ended_at=instant_text(now),
        versions={"ansible_core": ansible_core_version, "python": platform.python_version()},
        previous=_evidence.read_previous(last, until=instant_text(now)) if last else None,
    )
    content = _evidence.write(document, frame=frame).encode()
    files = [(EVIDENCE, File(path, content, _MODE[NONE], once=True))]
    if options["sign_with"]:
        signature = _evidence.sign(content, key=options["sign_with"])
        files.append(("signature", File(_signature(path), signature, _MODE[NONE], once=True)))
    return files
