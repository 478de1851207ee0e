# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What strangers write reaches people through every format, and never becomes more than text in any of them."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import typing as t
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser

import jsonschema
import pytest
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif

from ansible_collections.trading.hosts.plugins.plugin_utils import _report
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _formats, _sarif
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._public import public
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._schema import REPORT, read

from .build import HOSTILE, hostile

Document = dict[str, t.Any]


@functools.cache
def _document(text: str) -> Document:
    return read(hostile(text), where="report_path")


def _texts(document: t.Any) -> set[str]:
    if isinstance(document, str):
        return {document}
    if isinstance(document, (dict, list)):
        return {one for each in (document.values() if isinstance(document, dict) else document) for one in _texts(each)}
    return set()


# --- one real parser for each format; each returns what is in the file apart from its texts, and its texts ---


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[t.Any] = []
        self.texts: list[str] = []
        self.within: dict[str, list[str]] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs) if tag in ("meta", "script", "style", "html") else tuple(dict(attrs))))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._open = ""

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.tags.append(decl)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        self.within.setdefault(self._open, []).append(data)


def _name(attribute: str | tuple[str, str | None]) -> str:
    return attribute if isinstance(attribute, str) else attribute[0]


def _html(text: str) -> tuple[t.Any, set[str]]:
    page = _Page()
    page.feed(text)
    page.close()
    data, script = page.within["script"]
    (style,) = page.within["style"]
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    for inline in (script, style):
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    outside = text.replace(script, "").replace(style, "")
    assert not re.search(r"\{\{|\{%|\$\{|#\{", outside), "a template engine would find its marks"
    attributes = {name for tag in page.tags if isinstance(tag, tuple) for name in map(_name, tag[1])}
    assert not attributes & {"src", "href"}, "it must need nothing from elsewhere"
    assert not re.search(r"url\(|@import", style)
    return page.tags, _texts(json.loads(data))


def _json(text: str) -> tuple[t.Any, set[str]]:
    document = json.loads(text)
    jsonschema.Draft202012Validator(REPORT).validate(document)
    assert text.isascii()
    return list(document), _texts(document)


def _sarif_log(text: str) -> tuple[t.Any, set[str]]:
    log = json.loads(text)
    Sarif.model_validate(log)
    (run,) = log["runs"]
    said = set()
    for result in run["results"]:
        message = result["message"]["text"]
        bare = re.sub(r"\\[\\\[\]]|\{\{|\}\}", "", message)
        assert not set(bare) & set("[]{}\\"), "a reader would make a link or a placeholder of it"
        said.add(re.sub(r"\\([\\\[\]])", r"\1", message).replace("{{", "{").replace("}}", "}"))
        assert re.fullmatch(
            r"[A-Za-z0-9/%._~-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        )
    return [(each["ruleId"], each["kind"], each["level"]) for each in run["results"]], said


def _junit(text: str) -> tuple[t.Any, set[str]]:
    root = ET.fromstring(text)
    elements = list(root.iter())
    said = {one for each in elements for one in (*each.attrib.values(), each.text or "")}
    return [(each.tag, sorted(each.attrib)) for each in elements], said


def _markdown(text: str) -> tuple[t.Any, set[str]]:
    tokens = MarkdownIt("gfm-like", {"linkify": True, "html": True}).parse(text)
    inline = [token for token in tokens if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children or []}
    assert kinds <= {"text", "text_special"}, "only text may be in it"
    assert "@" not in text
    assert not re.search(r"\{\{|\{%|\$\{|#\{", text)
    said = {"".join(child.content for child in token.children or []) for token in inline}
    return [token.type for token in tokens if token.type != "inline"], said


def _prometheus(text: str) -> tuple[t.Any, set[str]]:
    families = list(text_string_to_metric_families(text))
    samples = [sample for family in families for sample in family.samples]
    names = [(sample.name, sorted(sample.labels), sample.value) for sample in samples]
    return names, {value for sample in samples for value in sample.labels.values()}


def _text(text: str) -> tuple[t.Any, set[str]]:
    return None, set(text.split("\n"))


#: GitHub's runner trims a line before it looks for ``::``; the others look anywhere, or at a line's beginning.
_COMMAND = re.compile(r"^\s*::|##\[|##(?:vso|teamcity)\[", re.MULTILINE | re.IGNORECASE)

PARSERS: dict[str, Callable[[str], tuple[t.Any, set[str]]]] = {
    "html": _html,
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
    "prometheus": _prometheus,
    "sarif": _sarif_log,
    "text": _text,
}


def test_every_format_has_a_parser() -> None:
    assert sorted(PARSERS) == sorted(_formats.WRITERS)


@functools.cache
def _harmless(name: str) -> t.Any:
    return PARSERS[name](_formats.writer(name, redact="none")(_document("plain")))[0]


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", PARSERS)
def test_foreign_text_stays_text(name: str, kind: str) -> None:
    write, parse = _formats.writer(name, redact="none"), PARSERS[name]
    content = write(_document(HOSTILE[kind]))
    bad = {c for c in content if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and c != "\n"}
    assert not _COMMAND.search(content), "a runner would take it for a command"
    # The page's own style and script are not foreign.
    assert not bad, "nothing that a terminal or a reader does not show"
    shape, _said = parse(content)
    assert shape == _harmless(name), "what is in the file must not depend on what a stranger wrote"


@pytest.mark.parametrize(
    "kind", ["a script", "Markdown links", "Prometheus labels", "templating", "a trailing backslash"]
)
@pytest.mark.parametrize("name", [name for name in PARSERS if name != "text"])
def test_what_was_written_is_still_read(name: str, kind: str) -> None:
    document = _document(HOSTILE[kind])
    finding = document["findings"][0]
    _shape, said = PARSERS[name](_formats.writer(name, redact="none")(document))
    wanted = finding["subject"]["host"] if name in ("prometheus", "markdown") else finding["evidence"]
    assert any(wanted.replace("@", "\uff20") in one.replace("@", "\uff20") for one in said)


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_public_names_nobody(name: str) -> None:
    mark = "canary 91.198.115.77 2001:db8::77 uid-12345"
    given = hostile(mark)
    for each in [*given["findings"], *given["blocking"]]:
        each.update(rule="canary", root="canary", code="canary")
    document = public(read(given, where="report_path"))
    jsonschema.Draft202012Validator(REPORT).validate(document)
    content = _formats.writer(name, redact="public")(document)
    PARSERS[name](content)
    for word in ("canary", "115.77", "2001:db8", "12345", "91.198", "hedge"):
        assert word not in content, word


@pytest.mark.parametrize("width", range(20, 200, 7))
@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind.startswith(("CI", "addresses"))])
def test_no_width_of_a_table_makes_a_command(kind: str, width: int) -> None:
    document = _document(HOSTILE[kind])
    for head in ("", "x" * (width % 9), "x " * (width % 9)):
        each = read(hostile(head + HOSTILE[kind]), where="r")
        for lines in (_report.table(each, width=width), _report.table(_keyless(document), width=width)):
            assert not _COMMAND.search("\n".join(lines))


def _keyless(document: Document) -> Document:
    """Return a report in which a table's first columns are blank or the address of this host."""
    lines = [{**line, "key": "", "host": "::1", "seen_from": ["::1"]} for line in document["lines"]]
    return {**document, "lines": lines}


def test_addresses_stay_readable() -> None:
    text = _formats.writer("text", redact="none")(_document(HOSTILE["addresses"]))
    assert "2001:db8::1" in text
    assert "::ffff:91.198.115.11" in text


def test_public_hosts_and_keys_stay_apart() -> None:
    document = public(_document("plain"))
    places = {(line["host"], line["key"]) for line in document["lines"]}
    assert places == {("host-1", "key-1"), ("host-1", "key-2")}
    assert document["findings"][0]["subject"] == {"host": "host-1", "key": "key-1", "service": None}
    assert document["counts"] == _document("plain")["counts"]
    assert "key_in_order" not in _formats.writer("prometheus", redact="public")(document)


@pytest.mark.parametrize("text", ["[a](b)", "{0}", "\\[", "{{x}}", "a\\"])
def test_a_message_is_read_as_it_was(text: str) -> None:
    escaped = _sarif.text(text)
    assert re.sub(r"\\([\\\[\]])", r"\1", escaped).replace("{{", "{").replace("}}", "}") == text
