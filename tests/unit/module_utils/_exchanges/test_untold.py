# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchanges whose keys tell nothing: signed as ccxt signs, learned as accepted, and judged by what a person vouches."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import ccxt
import pytest
from bitmart.lib import cloud_utils
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Question
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._untold import Untold
from ansible_collections.trading.hosts.plugins.module_utils._facts import ObservedKey
from tests.unit.module_utils._exchanges.test_learn import HERE, ask, given
from tests.unit.module_utils._policy import build

if TYPE_CHECKING:
    from ansible_collections.trading.hosts.plugins.module_utils._message import Request
    from tests.simulator.client import Simulator

UNTOLD = ("bitmart", "bitstamp", "cryptocom", "mexc", "phemex")
KEY = "mx0aBYs33eIilxBWC5"
#: The path, ccxt's name for where it belongs, the method, and what is asked for there.
CALLS: dict[str, tuple[str, list[str], str, dict[str, Any]]] = {
    "bitstamp": ("account_balances/usd/", ["private"], "POST", {}),
    "cryptocom": ("private/user-balance", ["v1", "private"], "POST", {}),
    "mexc": ("account", ["spot", "private"], "GET", {}),
    "phemex": ("spot/wallets", ["private"], "GET", {"currency": "USDT"}),
}
CLIENTS = {name: getattr(ccxt, name)({"apiKey": KEY}) for name in CALLS}
CCXT_ONLY = {"source"}
ODD = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc"]), min_size=1, max_size=40)


def put(name: str, secret: str, *, at: int, memo: str | None = None) -> Request:
    exchange = _registry.get(name)
    instant = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=at)
    site = exchange.sites()["mainnet", "global"]
    return exchange.key_request(Question(Credential(KEY, secret, memo), instant, site, "mainnet"))


def test_these_are_all() -> None:
    assert {name for name, exchange in _registry.EXCHANGES.items() if isinstance(exchange, Untold)} == set(UNTOLD)


@pytest.mark.parametrize("name", CALLS)
@drawn(secret=ODD, at=st.integers(min_value=10**12, max_value=4 * 10**12))
@settings(max_examples=60, deadline=None)
def test_the_whole_request_equals_that_of_ccxt(name: str, secret: str, at: int) -> None:
    client = CLIENTS[name]
    ours = put(name, secret, at=at)
    client.secret = secret
    client.milliseconds = client.nonce = lambda: at
    client.seconds = lambda: at // 1000
    client.uuid = lambda: ours.headers["X-Auth-Nonce"]
    path, api, method, params = CALLS[name]
    theirs = client.sign(path, api, method, dict(params))
    assert (ours.method, ours.url) == (theirs["method"], theirs["url"].replace("{hostname}", "api.phemex.com"))
    assert ours.body.decode() == (theirs["body"] or "")
    assert ours.headers == {key: value for key, value in theirs["headers"].items() if key not in CCXT_ONLY}


@drawn(secret=ODD, memo=ODD, at=st.integers(min_value=10**12, max_value=4 * 10**12))
@settings(max_examples=60, deadline=None)
def test_bitmarts_signature_equals_that_of_its_own_sdk(secret: str, memo: str, at: int) -> None:
    ours = put("bitmart", secret, at=at, memo=memo)
    text = cloud_utils.pre_substring(str(at), memo, ours.body.decode())
    assert ours.headers["X-BM-SIGN"] == cloud_utils.sign(text, secret)
    assert ours.headers["X-BM-TIMESTAMP"] == str(at)


def test_the_documented_vectors() -> None:
    bitmart = cloud_utils.sign(
        '1589793796145#test001#{"symbol":"BTC_USDT","price":"8600","count":"100"}',
        "6c6c98544461bbe71db2bca4c6d7fd0021e0ba9efc215f9c6ad41852df9d9df9",
    )
    assert bitmart == "c31dc326bf87f38bfb49a3f8494961abfa291bd549d0d98d9578e87516cee46d"


def test_bitstamps_nonce_is_another_one_for_each_instant_and_key() -> None:
    nonces = {put("bitstamp", "secret-secret", at=at).headers["X-Auth-Nonce"] for at in range(10**12, 10**12 + 50)}
    assert len(nonces) == 50
    assert {len(nonce) for nonce in nonces} == {36}


@pytest.mark.parametrize("name", UNTOLD)
def test_a_good_key_is_accepted_and_nothing_more_is_known(simulator: Simulator, name: str) -> None:
    for permissions in ("read-only", "withdraw"):
        key = simulator.create_key(name, allowlist=[HERE], permissions=permissions)
        fact = ask(simulator, given(simulator, key))[0]
        assert fact.access.status == "accepted"
        assert fact.observed is not None
        assert fact.observed.permissions is None
        assert fact.observed.raw_permissions == ()
        assert (fact.observed.allowlist.state, fact.observed.expiry.state) == ("unknown", "unknown")
        assert {"permissions", "allowlist", "expiry", "account", "created_at"} <= set(fact.observed.not_told)
    asked = [(seen.method, seen.path) for seen in simulator.requests(exchange=name)]
    assert len(asked) == 2
    assert set(asked) <= _registry.get(name).reads()


#: What only a person can vouch for here.
VOUCHED = (
    "permissions",
    "ip_restriction",
    "allowlist",
    "created_on",
    "account",
    "label",
    "account_level",
    "owner_kind",
)
OPEN = (
    "account-as-declared",
    "ip-restriction-required",
    "key-management-forbidden",
    "key-named",
    "money-out-forbidden",
    "permissions-as-declared",
    "third-party-key",
    "unknown-permission",
    "withdrawal-forbidden",
)


@pytest.mark.parametrize("name", UNTOLD)
@pytest.mark.parametrize("vouched", [False, True])
def test_silence_is_no_pass_and_a_persons_word_is_one(name: str, vouched: bool) -> None:
    observed = ObservedKey(masked_id="ab…yz", not_told=tuple(sorted(_registry.get(name).cannot_tell())))
    words: dict[str, Any] = {"allowlist": [build.ADDRESS], "created_on": "2026-10-01"}
    words["attested"] = dict.fromkeys(VOUCHED, build.WORD) if vouched else {}
    key = build.key(exchange=name, observed=observed, key_type="hmac", declared=words)
    assert {rule: build.found(rule, key).status for rule in OPEN} == dict.fromkeys(
        OPEN, "pass" if vouched else "unknown"
    )


def test_no_call_that_writes_is_listed() -> None:
    paths = {path for name in UNTOLD for _method, path in _registry.get(name).reads()}
    for word in ("apiKeyInfo", "revoke", "order/test", "create", "cancel", "withdraw", "submit", "transfer"):
        assert not any(word.lower() in path.lower() for path in paths), word


def test_two_memos_that_differ_are_two_signatures() -> None:
    sent = {put("bitmart", "s" * 64, at=10**12, memo=memo).headers["X-BM-SIGN"] for memo in ("a", "b", None)}
    assert len(sent) == 3
