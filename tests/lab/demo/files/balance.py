# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A trading program for the lab: ccxt, which this project did not write, reads its balance with the placed credential.

    python3 balance.py FILE [EXCHANGE [SECONDS]]

FILE is a credential of the format ``ccxt``, EXCHANGE ccxt's name. One line goes to the journal for each reading.
"""

import json
import sys
import threading

sys.path.insert(0, "/opt/ccxt")

import ccxt


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    name = sys.argv[2] if len(sys.argv) > 2 else "bybit"
    every = float(sys.argv[3]) if len(sys.argv) > 3 else 20.0
    # The market and currency lists are not needed to read a balance.
    exchange = getattr(ccxt, name)({**settings, "has": {"fetchCurrencies": False}})
    while True:
        try:
            total = exchange.fetch_balance()["total"]
            print("balance " + " ".join(f"{amount:g} {coin}" for coin, amount in sorted(total.items())), flush=True)
        except ccxt.BaseError as error:
            print(f"refused {type(error).__name__}", flush=True)
        threading.Event().wait(every)


main()
