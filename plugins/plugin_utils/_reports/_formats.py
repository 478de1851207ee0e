# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every format by its name. Private to this collection."""

from __future__ import annotations

import functools
import typing as t

from . import _html, _json, _junit, _markdown, _prometheus, _sarif, _text
from ._schema import Document

EVIDENCE = "evidence"
NONE, PUBLIC = "none", "public"

#: Pure: a report that ``_schema.read`` returned, to the text of a file.
WRITERS: t.Mapping[str, t.Callable[[Document], str]] = {
    "html": _html.write,
    "json": _json.write,
    "junit": _junit.write,
    "markdown": _markdown.write,
    "prometheus": _prometheus.write,
    "sarif": _sarif.write,
    "text": _text.write,
}
FORMATS = (*WRITERS, EVIDENCE)


def writer(name: str, *, redact: str) -> t.Callable[[Document], str]:
    """Return the writer of a format; with redaction metrics lose the series of single keys."""
    if name == "prometheus" and redact == PUBLIC:
        return functools.partial(_prometheus.write, names=False)
    return WRITERS[name]
