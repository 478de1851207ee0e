# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts that the leak rules must find, and such that they must leave alone. Secrets are made up while tests run."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

from tests.unit.module_utils._exposed.build import ANY, made, pair

#: How a text names an exchange whose own id is a common word.
_NAMES = {"gate": "gateio", "woo": "woo_x", "cryptocom": "crypto_com"}


def with_name(exchange: str) -> tuple[str, Mapping[str, str]]:
    """Return a secret of an exchange, and texts that name the exchange and hold the secret, by what they are."""
    name = _NAMES.get(exchange, exchange)
    key, secret = pair(exchange)
    return secret, {
        "variable": f"{name.upper()}_API_SECRET={secret}\n",
        "export": f"export {name}_secret='{secret}'",
        "json": json.dumps({"exchange": {"name": name, "key": key, "secret": secret}}, indent=4),
        "yaml": f"{name}:\n  api_key: {key}\n  api_secret: {secret}\n",
        "call": f"ccxt.{name}(apiKey='{key}', secret='{secret}')",
        "toml": f'[accounts]\nexchange = "{name}"\nsecret_key = "{secret}"\n',
    }


def without_name(exchange: str) -> tuple[str, str]:
    """Return a secret of an exchange, and a text that holds it beside its key id and does not name the exchange."""
    key, secret = pair(exchange)
    return secret, json.dumps({"apiKey": key, "secret": secret})


_CHANCE = random.Random(3)
_OTHER = made(ANY, chance=_CHANCE)
WALLET = made("0x[0-9a-f]{64}", chance=_CHANCE)
WALLETS_TEXT = f"HYPERLIQUID_PK={WALLET}\n"

#: Quiet by the patterns alone.
QUIET = {
    "placeholder": '{"name": "binance", "key": "your_exchange_key", "secret": "your_exchange_secret"}',
    "vaulted": f"binance_secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {'3162' * 20}\n",
    "template": "binance_secret: '{{ vaulted_binance_secret_number_12 }}'",
    "program": "secret = self.binance_client.secret_of_account(name)",
    "other braces": json.dumps([{"name": "binance"}, {"secret": pair("binance")[1]}]),
    "another trade": f"client_secret: {_OTHER}",
    "key id alone": f"BINANCE_API_KEY={pair('binance')[0]}\n",
    "longer than the form": f"BINANCE_API_SECRET={pair('binance')[1]}{_OTHER}",
    "prose": "Binance shows the secret once; write it down.",
}
#: Quiet because words or too little chance in the secret end the matter.
FILTERED = {
    "placeholder of a known length": f"BINANCE_API_SECRET={'x' * 64}",
    "placeholder of any length": "BITSTAMP_API_SECRET=your_bitstamp_api_key_comes_here",
    "counted": f"BINANCE_API_SECRET={'01' * 32}",
}
