# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a service's declaration says of its keys: where each stands in what the service loads, and never a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._agent._declaration import declaration_of
from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import FORMATS, render
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import Placed
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._placed import credential_in
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.credential_documents import credential_documents
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.service_declaration import service_declaration

KEYS: list[dict[str, Any]] = [
    {
        "name": name,
        "exchange": exchange,
        "api_key": f"{name}-key-CANARY",
        "secret": f"{name}-secret-CANARY",
        "declared": {"label": name, "access": "read"},
        **more,
    }
    for name, exchange, more in (
        ("grid", "bybit", {}),
        ("swing", "okx", {"passphrase": "Phrase-CANARY", "key_password": "Word-CANARY"}),
        ("old", "kraken", {"declared": {"lifecycle": "retired"}}),
    )
]
#: The program's own name of the exchange, where it has no key of our name.
NAMES = {"jesse": {"grid": "Bybit Spot", "swing": "KuCoin Spot"}}


def declared(*documents: dict[str, Any], **options: Any) -> dict[str, Any]:
    given = {"service": "grid-bot", "credentials": [each["name"] for each in documents], "host": "bot1", **options}
    return service_declaration(list(documents), KEYS, **given)


def document(form: str, *names: str, name: str = "trade") -> dict[str, Any]:
    return {"name": name, "format": form, "api_keys": list(names), "exchanges": NAMES.get(form)}


@pytest.mark.parametrize("names", [("grid",), ("grid", "swing")], ids=["one", "two"])
@pytest.mark.parametrize("form", [each for each in FORMATS if each not in ("raw", "template")])
def test_the_agent_finds_each_key_in_every_form(form: str, names: tuple[str, ...]) -> None:
    if form == "freqtrade":
        names = names[:1]  # it holds one key
    made = document(form, *names)
    (placed,) = credential_documents([made], KEYS)
    content = render(
        form=form,
        fields=placed.get("fields", {}),
        accounts=placed.get("accounts", {}),
        text=None,
        field="x",
        exchange=placed.get("exchange"),
        exchanges=placed.get("exchanges"),
    )
    told = declared(made)
    assert [key["name"] for key in told["api_keys"]] == list(names)
    for key in told["api_keys"]:
        where = key["credential"]
        found = credential_in(content, placed=Placed(where["name"], "", where.get("entry")), field="x")
        assert (found.api_key, found.secret) == (f"{key['name']}-key-CANARY", f"{key['name']}-secret-CANARY")


def test_no_secret_and_nothing_that_is_not_declared() -> None:
    told = declared(document("ccxt", "grid", "swing"), document("ccxt", "old", name="other"))
    assert "CANARY" not in json.dumps(told)
    assert [key["name"] for key in told["api_keys"]] == ["grid", "swing"]
    assert declaration_of(told, service="grid-bot", where="x").host == "bot1"
    assert declared(document("ccxt", "grid"), credentials=["another"])["api_keys"] == []


def test_a_key_in_two_documents_is_asked_once() -> None:
    told = declared(document("ccxt", "grid", name="a"), document("freqtrade", "grid", name="b"))
    assert [key["credential"] for key in told["api_keys"]] == [{"name": "a"}]


def test_only_waivers_of_this_host_and_these_keys_travel() -> None:
    waivers = [
        {"rule": rule, "host": host, "key": key}
        for rule, host, key in (
            ("a", "bot1", "grid"),
            ("b", "bot2", "grid"),
            ("c", "bot1", "swing"),
            ("d", "bot1", None),
        )
    ]
    told = declared(document("ccxt", "grid"), waivers=waivers)
    assert [waiver["rule"] for waiver in told["waivers"]] == ["a", "d"]


@pytest.mark.parametrize("proxy", ["http://user:CANARY@10.0.0.1:3128", "socks5://user@10.0.0.1:1080"])
def test_a_proxy_with_a_password_is_refused_without_showing_it(proxy: str) -> None:
    with pytest.raises(AnsibleFilterError, match="must not hold") as raised:
        declared(document("ccxt", "grid"), proxy=proxy)
    assert "CANARY" not in str(raised.value)
    assert declared(document("ccxt", "grid"), proxy="http://10.0.0.1:3128")["proxy"] == "http://10.0.0.1:3128"
