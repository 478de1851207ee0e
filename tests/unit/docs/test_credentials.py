# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/credentials.md shows the documents that programs get, and the sentences that people see at night."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _programs
from ansible_collections.trading.hosts.plugins.module_utils._credential._files import MAX_CONTENT
from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import (
    FIELDS,
    FORMATS,
    NAMED,
    SINGLE,
    render,
)
from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import WITH_KEY

_CHECKOUT = Path(__file__).resolve().parents[3]
_DOCS = _CHECKOUT / "docs"
GUIDE = (_DOCS / "credentials.md").read_text(encoding="utf-8")
ONE = {"api_key": "KEY", "secret": "SECRET", "passphrase": "PASSPHRASE"}
SEVERAL = {
    "grid": {"api_key": "KEY", "secret": "SECRET"},
    "hedge": {"api_key": "KEY2", "secret": "SECRET2", "passphrase": "PASSPHRASE2"},
}


#: What the guide shows, in its order: the format, its exchange or exchanges, and whether there are several accounts.
SHOWN: list[tuple[str, str | dict[str, str] | None, bool]] = [
    ("json", None, False),
    ("ccxt", None, False),
    ("freqtrade", None, False),
    ("octobot", "okx", False),
    ("hummingbot", "okx_perpetual", False),
    ("nautilus", "okx", False),
    ("dotenv", None, False),
    ("ccxt", None, True),
    ("passivbot", {"grid": "bybit", "hedge": "okx"}, True),
    ("roq", None, True),
    ("jesse", {"grid": "Bybit USDT Perpetual", "hedge": "KuCoin USDT Perpetual"}, True),
]
FORMS = GUIDE.partition("\n## Forms\n")[2].partition("\n## ")[0]


def test_the_documents_are_those_that_are_placed() -> None:
    shown = re.findall(r"^```(?:json|sh|toml|csv)\n(.*?)^```$", FORMS, flags=re.MULTILINE | re.DOTALL)
    made = [
        render(
            form=form,
            fields={} if several else ONE,
            accounts=SEVERAL if several else {},
            text=None,
            field="x",
            exchange=exchange if isinstance(exchange, str) else None,
            exchanges=exchange if isinstance(exchange, dict) else None,
        )
        for form, exchange, several in SHOWN
    ]
    assert shown == [document.decode("ascii") for document in made]
    for form, exchange, _several in SHOWN:
        if isinstance(exchange, str):
            assert f"`{form}`, with `exchange: {exchange}`:" in FORMS
        elif exchange:
            assert f"`{form}`, with `exchanges: {{{', '.join(f'{k}: {v}' for k, v in exchange.items())}}}`" in FORMS


def test_the_table_of_programs_is_complete() -> None:
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]]
        for row in FORMS.partition("<!-- programs -->\n\n")[2].partition("\n\n<!-- end")[0].splitlines()[2:]
    ]
    assert {row[0] for row in rows} == {f"`{form}`" for form in FORMATS}
    for form, _program, one, several, *_rest in rows:
        assert (one == "as an account") == (form.strip("`") in NAMED), form
        assert (several == "no") == (form.strip("`") in SINGLE), form


NAMES = {
    "json": _programs.OWN,
    "ccxt": _programs.CCXT,
    "freqtrade": _programs.FREQTRADE,
    "octobot": _programs.OCTOBOT,
    "passivbot": _programs.PASSIVBOT,
    "roq": _programs.ROQ,
    "jesse": _programs.JESSE,
}


def test_the_table_of_fields_is_complete() -> None:
    table = FORMS.partition("<!-- fields -->\n\n")[2].partition("\n\n<!-- end of fields -->")[0].splitlines()
    assert table[0] == "| field | " + " | ".join(f"`{form}`" for form in NAMES) + " |"
    for row, field in itertools.zip_longest(table[2:], FIELDS):
        spelled = [f"`{names[field]}`" if field in names else "none" for names in NAMES.values()]
        assert row == f"| `{field}` | " + " | ".join(spelled) + " |"


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
