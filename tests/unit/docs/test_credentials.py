# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/credentials.md shows the documents that programs get, and the sentences that people see at night."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import FIELDS, render
from ansible_collections.trading.hosts.plugins.module_utils._credential._store import MAX_CONTENT
from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import WITH_KEY

_CHECKOUT = Path(__file__).resolve().parents[3]
_DOCS = _CHECKOUT / "docs"
GUIDE = (_DOCS / "credentials.md").read_text(encoding="utf-8")
ONE = {"api_key": "KEY", "secret": "SECRET", "passphrase": "PASSPHRASE"}
SEVERAL = {
    "grid": {"api_key": "KEY", "secret": "SECRET"},
    "hedge": {"api_key": "KEY2", "secret": "SECRET2", "passphrase": "PASSPHRASE2"},
}


def test_the_documents_are_those_that_are_placed() -> None:
    shown = re.findall(r"^```json\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    made = [render(form=form, fields=ONE, accounts={}, text=None, field="x") for form in ("json", "ccxt", "freqtrade")]
    made.append(render(form="ccxt", fields={}, accounts=SEVERAL, text=None, field="x"))
    assert shown == [document.decode("ascii") for document in made]


def spelled(field: str, form: str) -> str:
    """The field's name in a document of this form, or ``none``."""
    if form == "freqtrade" and field in ("login", "token"):
        return "none"
    document = json.loads(render(form=form, fields={field: "VALUE"}, accounts={}, text=None, field="x"))
    (name,) = document.get("exchange", document)
    return f"`{name}`"


def test_the_table_of_fields_is_complete() -> None:
    rows = GUIDE.partition("<!-- fields -->\n\n")[2].partition("\n\n<!-- end of fields -->")[0].splitlines()[2:]
    expected = [
        f"| `{field}` | " + " | ".join(spelled(field, form) for form in ("json", "ccxt", "freqtrade")) + " |"
        for field in FIELDS
    ]
    assert rows == expected


def test_every_kind_of_key_is_told() -> None:
    for kind in WITH_KEY:
        assert f"| `{kind}` |" in GUIDE
    assert MAX_CONTENT == 1024 * 1024, "the guide says 1 MB"


def sentences() -> str:
    """All text of the plugins, with string literals that continue on the next line joined."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((_CHECKOUT / "plugins").rglob("*.py")))
    return re.sub(r'"\s*\n\s*f?"', "", source)


@pytest.mark.parametrize("page", ["credentials.md", "public_ip.md"])
def test_the_sentences_of_the_night_are_the_products_own(page: str) -> None:
    table = (_DOCS / page).read_text(encoding="utf-8").partition("3 a.m.")[2].partition("\n\n##")[0]
    quoted = re.findall(r"`([^`]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line[:1]))
    assert len(quoted) >= 5
    source = (
        sentences()
        .replace("{SECRET_PATH}", "...")
        .replace("{MACHINE_ID_PATH}", "/etc/machine-id")
        .replace("{quorum}", "3")
    )
    for sentence in quoted:
        words = sentence.strip(". ")
        parts = [part.strip(" .") for part in words.split("...")]
        if not words.isidentifier():
            assert all(part in source for part in parts), sentence
