# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for passivbot's src/main.py: finds settings, account, key and other files where passivbot 8 does.

It asks Bybit for the balance once. A refusal ends it with status 0, as passivbot ends when it gives up.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import importlib
import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("config_path")
parser.add_argument("-u", "--live.user", dest="user")
options = parser.parse_args()

settings = json.loads(Path(options.config_path).read_text())
codes = Path(__file__).resolve().parents[1] / "broker_codes.hjson"
account = json.loads(Path("api-keys.json").read_text())[options.user]
caches = Path("caches/bybit")
caches.mkdir(parents=True, exist_ok=True)
(caches / "markets.json").write_text("{}")
print(f"passivbot_rust {importlib.import_module('passivbot_rust').VERSION}, broker codes {codes.is_file()}", end=", ")
print(f"max_n_restarts_per_day {settings['live']['max_n_restarts_per_day']}, skip {os.environ['SKIP_RUST_COMPILE']}")

query, moment = "accountType=UNIFIED", str(int(time.time() * 1000))
signed = hmac.new(account["secret"].encode(), f"{moment}{account['key']}5000{query}".encode(), hashlib.sha256)
request = urllib.request.Request(
    f"https://api.bybit.com/v5/account/wallet-balance?{query}",
    headers={
        "X-BAPI-API-KEY": account["key"],
        "X-BAPI-TIMESTAMP": moment,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": signed.hexdigest(),
    },
)
with urllib.request.urlopen(request, timeout=10) as response:
    answer = json.load(response)
if answer["retCode"] != 0:
    print(f"fatal: {answer['retCode']}")
    sys.exit(0)
print(f"balance {answer['result']['list'][0]['coin'][0]['walletBalance']}")
signal.pause()
