# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one HTML page that needs nothing else: no server, no network. Private to this collection.

What is foreign stands in one block of JSON, where everything that HTML or a template could read is escaped, and the
script (``page.js``) puts it on the page as text only. The page's own policy (CSP) lets in no other script or style.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import typing as t
from pathlib import Path

from ...module_utils._policy._finding import FAIL, PASSED, SEVERITIES, UNKNOWN
from ._schema import Document
from ._words import open_findings, summary, title

_HERE = Path(__file__).parent
_VERDICT = (FAIL, UNKNOWN, PASSED)


def data(value: list[t.Any]) -> str:
    """The door for what the script reads: return JSON that no parser of HTML or of templates takes for its own.

    ``value`` is made of lists, so that every brace stands in a text.
    """
    text_ = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&{}":
        text_ = text_.replace(character, f"\\u{ord(character):04x}")
    return text_


def text(value: str) -> str:
    """The door for what stands in the page itself, which readers without script see."""
    return html.escape(value).replace("{", "&#123;").replace("}", "&#125;")


def write(document: Document) -> str:
    """Return the page."""
    style, script = _read("page.css"), _read("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none';"
        " form-action 'none'"
    )
    fleet = document.get("fleet")
    lines = summary(document)
    partial = f'<p class="partial">{text(lines.pop(0))}</p>' if fleet and fleet["partial"] else ""
    said = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>Exchange API keys</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>Exchange API keys</h1>
<p class="quiet">Judged <time datetime="{text(document["judged_at"])}">{text(_day(document["judged_at"]))}</time></p>
{partial}
</header>
<main id="view" tabindex="-1"><noscript><p>Switch JavaScript on to see the keys one by one.</p></noscript></main>
<footer><h2>In short</h2><ul>{said}</ul></footer>
<script type="application/json" id="data">{data(_data(document))}</script>
<script>{script}</script>
</body>
</html>
"""


def _day(instant: str) -> str:
    return f"{instant[:10]} {instant[11:16]} UTC"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    """Return what the page's policy calls an inline script or style by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


class _Texts:
    """Every text once; 0 is the empty one, which stands for null too."""

    def __init__(self) -> None:
        self.all: list[str] = [""]
        self._places: dict[str, int] = {"": 0}

    def __call__(self, text_: str | None) -> int:
        place = self._places.get(text_ or "")
        if place is None:
            place = self._places[text_ or ""] = len(self.all)
            self.all.append(text_ or "")
        return place

    def many(self, texts: t.Iterable[str]) -> list[int]:
        return [self(each) for each in texts]


def _data(document: Document) -> list[t.Any]:
    """Return what ``page.js`` takes apart at its top, in the same order."""
    texts = _Texts()
    remedies: dict[tuple[int, ...], int] = {}
    findings = [_finding(finding, texts, remedies) for finding in open_findings(document)]
    keys = [
        [
            *texts.many((line["key"], line["host"], line["exchange"], line["service"])),
            _VERDICT.index(line["verdict"]),
            texts.many(line["seen_from"]),
        ]
        for line in document["lines"]
    ]
    fleet = document.get("fleet")
    lists, unseen, seen = [], [], []
    if fleet is not None:
        lists = [_allowlist(each, texts) for each in fleet["allowlists"]]
        coverage = fleet["coverage"]
        seen = [coverage[name] for name in ("hosts_seen", "hosts_declared", "keys_seen", "keys_declared")]
        unseen = [texts.many((each["host"], each["key"], each["why"])) for each in coverage["not_seen"]]
    rules = sorted({finding["rule"] for finding in document["findings"]})
    titles = [texts.many((rule, title(rule))) for rule in rules]
    severities = texts.many(SEVERITIES)
    return [texts.all, list(map(list, remedies)), keys, findings, lists, titles, severities, seen, unseen]


def _finding(finding: Document, texts: _Texts, remedies: dict[tuple[int, ...], int]) -> list[int]:
    subject = finding["subject"]
    remedy = finding["remedy"]
    place = -1
    if remedy is not None:
        parts = tuple(texts.many(remedy[name] for name in ("do_now", "then", "never", "where")))
        place = remedies.setdefault(parts, len(remedies))
    said = (finding[name] for name in ("evidence", "paste", "root", "waiver", "code", "spared"))
    return [
        *texts.many(finding[name] for name in ("rule", "status", "severity", "basis")),
        *texts.many((subject["host"], subject["key"], subject["service"])),
        *texts.many(said),
        place,
    ]


def _allowlist(each: Document, texts: _Texts) -> list[t.Any]:
    return [
        [texts.many((key["host"], key["key"])) for key in each["used_by"]],
        texts(each["state"]),
        *(texts.many(each[name]) for name in ("add", "keep", "remove_later", "unconfirmed", "why_not_whole")),
        [texts.many((idle["entry"], idle["since"])) for idle in each["idle"]],
        int(each["whole"]),
        texts(each["line"]),
    ]
