# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options to facts, against exchanges that check signatures, clocks, passphrases and addresses for real."""

from __future__ import annotations

import datetime
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._learn import learn
from ansible_collections.trading.hosts.plugins.module_utils._facts import KeyFacts, key_facts, to_json
from tests.simulator._asymmetric import private_pem
from tests.simulator._registry import EXCHANGES as SIMULATED
from tests.unit.module_utils._exchanges.test_answers import EXPECTED, TABLES

if TYPE_CHECKING:
    from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import Placed
    from tests.simulator.client import SimulatedKey, Simulator

HERE = "91.198.115.11"
EXCHANGES = (
    "binance",
    "bingx",
    "bitget",
    "bitmex",
    "blofin",
    "bybit",
    "deribit",
    "gate",
    "htx",
    "kucoin",
    "okx",
    "woo",
)


def not_opened(_placed: Placed, _field: str) -> Credential:
    raise AssertionError("nothing is placed here")


def given(simulator: Simulator, key: SimulatedKey, **changes: Any) -> dict[str, Any]:
    return {
        "name": f"{key.exchange}-{key.label}",
        "exchange": key.exchange,
        "environment": {"live": "mainnet"}.get(key.environment, key.environment),
        "api_key": key.key,
        "secret": key.secret,
        "passphrase": key.passphrase,
        "nonce": {"shared": False} if key.exchange in ("bitfinex", "gemini", "kraken") else None,
        "base_url": simulator.base_url(key.exchange, environment=key.environment, region=key.region),
        **changes,
    }


def ask(
    simulator: Simulator, *api_keys: dict[str, Any], open_placed: Any = not_opened, **options: Any
) -> list[KeyFacts]:
    whole = {"api_keys": list(api_keys), "ca_path": simulator.ca_file, "timeout": 5.0, **options}
    facts = learn(whole, host="trader-1", open_placed=open_placed)
    text = json.dumps([to_json(fact) for fact in facts], ensure_ascii=False)
    for key in api_keys:
        for name in ("api_key", "secret", "passphrase"):
            assert not key.get(name) or key[name] not in text, f"{name} is in the facts"
    # What is written can be read: the judges get the same.
    assert [key_facts(data, where="x") for data in json.loads(text)] == facts_of(text)
    return list(facts)


def facts_of(text: str) -> list[KeyFacts]:
    return [key_facts(data, where="x") for data in json.loads(text)]


WORDS = {
    "binance": {"read", "spot_trade", "margin_trade"},
    "bitget": {"read", "spot_trade"},
    "bybit": {"read", "spot_trade", "margin_trade"},
    "okx": {"read", "spot_trade", "margin_trade", "futures_trade", "options_trade", "transfer_own"},
    # Only that it does more than read.
    "blofin": set(),
    "gate": {"read", "spot_trade", "margin_trade"},
    "bingx": {"read", "spot_trade", "margin_trade"},
    "bitmex": {"read", "spot_trade", "futures_trade"},
    "deribit": {"read", "spot_trade", "futures_trade", "options_trade"},
    "htx": {"read", "spot_trade", "margin_trade", "futures_trade", "transfer_own"},
    "kucoin": {"read", "spot_trade"},
    "woo": {"read", "spot_trade", "margin_trade", "futures_trade"},
}
#: How many questions a good key takes, where it is not one.
QUESTIONS = {"bingx": 2, "deribit": 2, "gate": 2, "htx": 2}
#: Options without which an exchange does not tell what it can.
MORE = {"deribit": {"ask_key_list": True}}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_good_key_is_learned(simulator: Simulator, exchange: str) -> None:
    key = simulator.create_key(exchange, allowlist=[HERE], label="bot")
    declared = {"access": "read_write", "label": None}
    fact = ask(simulator, given(simulator, key, declared=declared, **MORE.get(exchange, {})))[0]
    assert fact.access.status == "accepted"
    assert fact.observed is not None
    assert set(fact.observed.permissions or ()) == WORDS[exchange]
    assert fact.observed.allowlist.state == ("hidden" if exchange == "binance" else "entries")
    assert fact.observed.allowlist.entries == (() if exchange == "binance" else (HERE,))
    assert not fact.official
    assert fact.declared == {"access": "read_write"}
    assert fact.path.proxy == "none"
    assert fact.key_type == "hmac"
    assert fact.passphrase is not None
    assert fact.passphrase.given is (key.passphrase is not None)
    seen = simulator.requests(exchange=exchange)
    assert len(seen) == QUESTIONS.get(exchange, 1)
    assert seen[0].user_agent.startswith("trading.hosts/")


@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        ("binance", "rsa"),
        ("binance", "ed25519"),
        ("deribit", "ed25519"),
        ("bybit", "rsa"),
        ("bitget", "rsa"),
        ("htx", "ed25519"),
    ],
)
def test_a_private_key_is_learned(simulator: Simulator, exchange: str, kind: str) -> None:
    key = simulator.create_key(exchange, allowlist=[HERE], secret=private_pem(kind))
    fact = ask(simulator, given(simulator, key))[0]
    assert (fact.access.status, fact.key_type) == ("accepted", kind)
    stranger = simulator.create_key(exchange, allowlist=[HERE])
    refused = ask(simulator, given(simulator, stranger, secret=private_pem(kind)))[0]
    # Deribit has one code for a wrong key and a wrong signature.
    status = "ambiguous" if exchange == "deribit" else "bad_signature"
    assert (refused.access.status, refused.key_type) == (status, kind)


def test_an_encrypted_private_key_that_is_placed(simulator: Simulator) -> None:
    loaded = serialization.load_pem_private_key(private_pem("ed25519").encode(), password=None)
    lock = serialization.BestAvailableEncryption(b"pass word")
    locked = loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()
    key = simulator.create_key("binance", allowlist=[HERE], secret=private_pem("ed25519"))
    placed = {**given(simulator, key), "credential": {"name": "bot.json"}, "api_key": None, "secret": None}

    def opened(_placed: Placed, _field: str) -> Credential:
        return Credential(key.key, locked)

    fact = ask(simulator, {**placed, "key_password": "pass word"}, open_placed=opened)[0]
    assert (fact.access.status, fact.key_type) == ("accepted", "ed25519")
    assert "pass word" not in json.dumps(to_json(fact))
    with pytest.raises(InputError, match=r"credential\.key_password: is missing"):
        ask(simulator, placed, open_placed=opened)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_key_without_restriction(simulator: Simulator, exchange: str) -> None:
    key = simulator.create_key(exchange, allowlist=None)
    fact = ask(simulator, given(simulator, key, **MORE.get(exchange, {})))[0]
    assert fact.observed is not None
    assert fact.observed.allowlist.state == "unrestricted"
    if exchange in ("bybit", "blofin", "htx"):
        assert fact.observed.expiry.state == "at"


@pytest.mark.parametrize("exchange", sorted(set(EXCHANGES) - {"blofin"}))
@pytest.mark.parametrize(("preset", "word"), [("withdraw", "withdraw"), ("read-only", "read")])
def test_presets_are_read(simulator: Simulator, exchange: str, preset: str, word: str) -> None:
    fact = ask(simulator, given(simulator, simulator.create_key(exchange, permissions=preset, allowlist=[HERE])))[0]
    assert fact.observed is not None
    assert word in (fact.observed.permissions or ())
    assert ("withdraw" in (fact.observed.permissions or ())) == (preset == "withdraw")


def wrong_address(simulator: Simulator, key: SimulatedKey) -> dict[str, Any]:
    simulator.update_key(key, allowlist=["9.9.9.9"])
    return {}


def wrong_secret(_simulator: Simulator, key: SimulatedKey) -> dict[str, Any]:
    return {"secret": "0" + key.secret[1:] if key.secret[0] != "0" else "1" + key.secret[1:]}


def wrong_clock(simulator: Simulator, key: SimulatedKey) -> dict[str, Any]:
    simulator.set_clock_skew(120_000, exchange=key.exchange)
    return {}


def revoked(simulator: Simulator, key: SimulatedKey) -> dict[str, Any]:
    simulator.update_key(key, revoked=True)
    return {}


def ended(simulator: Simulator, key: SimulatedKey) -> dict[str, Any]:
    simulator.update_key(key, expires_at=int(time.time() * 1000) - 1000)
    return {}


def wrong_passphrase(_simulator: Simulator, _key: SimulatedKey) -> dict[str, Any]:
    return {"passphrase": "Not-The-Right-1"}


CAUSES: list[tuple[Any, str, str]] = [
    (wrong_address, "bybit", "ip_refused"),
    (wrong_address, "bitget", "ip_refused"),
    (wrong_address, "okx", "ip_refused"),
    (wrong_address, "binance", "ambiguous"),
    (wrong_secret, "bybit", "bad_signature"),
    (wrong_secret, "bitget", "bad_signature"),
    (wrong_secret, "okx", "bad_signature"),
    (wrong_secret, "binance", "bad_signature"),
    (wrong_clock, "bybit", "clock_skew"),
    (wrong_clock, "bitget", "clock_skew"),
    (wrong_clock, "okx", "clock_skew"),
    (wrong_clock, "binance", "clock_skew"),
    (revoked, "bybit", "invalid_key"),
    (revoked, "bitget", "invalid_key"),
    (revoked, "okx", "invalid_key"),
    (revoked, "binance", "invalid_key"),
    (ended, "bybit", "expired"),
    (wrong_passphrase, "okx", "bad_passphrase"),
    (wrong_passphrase, "bitget", "ambiguous"),
    (wrong_address, "blofin", "ip_refused"),
    (wrong_address, "gate", "ip_refused"),
    (wrong_address, "kucoin", "ip_refused"),
    (wrong_address, "woo", "ambiguous"),
    (wrong_secret, "blofin", "bad_signature"),
    (wrong_secret, "gate", "bad_signature"),
    (wrong_secret, "kucoin", "bad_signature"),
    (wrong_secret, "woo", "ambiguous"),
    (wrong_clock, "gate", "clock_skew"),
    (wrong_clock, "kucoin", "clock_skew"),
    (revoked, "blofin", "invalid_key"),
    (revoked, "gate", "invalid_key"),
    (revoked, "kucoin", "invalid_key"),
    (revoked, "woo", "ambiguous"),
    (ended, "blofin", "expired"),
    (wrong_passphrase, "blofin", "bad_passphrase"),
    (wrong_address, "bingx", "ip_refused"),
    (wrong_address, "htx", "ip_refused"),
    (wrong_secret, "bingx", "bad_signature"),
    (wrong_secret, "bitmex", "bad_signature"),
    (wrong_secret, "deribit", "ambiguous"),
    (wrong_secret, "htx", "bad_signature"),
    (wrong_clock, "bingx", "clock_skew"),
    (wrong_clock, "bitmex", "clock_skew"),
    (revoked, "bingx", "invalid_key"),
    (revoked, "bitmex", "invalid_key"),
    (revoked, "deribit", "ambiguous"),
    (revoked, "htx", "invalid_key"),
    (wrong_passphrase, "kucoin", "bad_passphrase"),
    (wrong_address, "bitmart", "ip_refused"),
    (wrong_address, "bitstamp", "ip_refused"),
    (wrong_address, "cryptocom", "ip_refused"),
    (wrong_address, "mexc", "ip_refused"),
    (wrong_address, "phemex", "ip_refused"),
    (wrong_secret, "bitmart", "ambiguous"),
    (wrong_secret, "bitstamp", "bad_signature"),
    (wrong_secret, "cryptocom", "ambiguous"),
    (wrong_secret, "mexc", "ambiguous"),
    (wrong_secret, "phemex", "bad_signature"),
    (wrong_clock, "bitmart", "clock_skew"),
    (wrong_clock, "mexc", "clock_skew"),
    (revoked, "bitmart", "invalid_key"),
    (revoked, "bitstamp", "invalid_key"),
    (revoked, "cryptocom", "ambiguous"),
    (revoked, "mexc", "invalid_key"),
    (revoked, "phemex", "invalid_key"),
    (ended, "bitmart", "expired"),
    (ended, "mexc", "ambiguous"),
    (wrong_passphrase, "bitmart", "ambiguous"),
]


@pytest.mark.parametrize(("cause", "exchange", "status"), CAUSES)
def test_each_refusal_by_its_real_cause(simulator: Simulator, cause: Any, exchange: str, status: str) -> None:
    key = simulator.create_key(exchange, allowlist=[HERE])
    fact = ask(simulator, given(simulator, key, **cause(simulator, key)))[0]
    assert fact.access.status == status
    assert fact.access.next_step
    assert fact.observed is None
    signed = [seen for seen in simulator.requests(exchange=exchange) if seen.had.get("signature")]
    assert len(signed) == 1, "a refusal is not asked again"
    if exchange in ("okx", "bingx", "gate", "htx", "kucoin", "mexc") and cause is wrong_address:
        assert fact.access.seen_address == HERE
    if cause is wrong_clock:
        assert "120 s behind" in str(fact.access.next_step)


#: Every code that a simulated exchange has, in its own status and words, and that this collection has a class for.
PROVOKED = [
    (name, code) for name, exchange in SIMULATED.items() for code in exchange.refusals if (name, code) in EXPECTED
]


def test_every_code_is_provoked() -> None:
    known = {(name, code) for name, table in TABLES.items() for code in table}
    assert known - {("hyperliquid", "missing")} <= set(PROVOKED)


@pytest.mark.parametrize(("exchange", "code"), PROVOKED)
def test_each_code_in_its_exchanges_own_words(simulator: Simulator, exchange: str, code: str) -> None:
    key = simulator.create_key(exchange, allowlist=[HERE])
    simulator.refuse_next(exchange, code)
    fact = ask(simulator, given(simulator, key))[0]
    status = EXPECTED[exchange, code]
    if status == "clock_skew":
        # This host's clock is right, so it is not to blame: what is depends on what else the exchange says so of.
        status = "ambiguous" if TABLES[exchange][code].next_step else "unreachable"
    assert (fact.access.status, fact.access.code) == (status, code)
    assert fact.access.message
    assert fact.access.next_step


def test_a_unified_bitget_account_is_sent_on_to_its_own_form(simulator: Simulator) -> None:
    key = simulator.create_key("bitget", allowlist=[HERE])
    simulator.refuse_next("bitget", "40085")
    ask(simulator, given(simulator, key))
    assert [seen.path for seen in simulator.requests(exchange="bitget")] == [
        "/api/v2/spot/account/info",
        "/api/v3/account/info",
    ]


def test_kucoins_unified_form_is_asked_after_an_unknown_refusal(simulator: Simulator) -> None:
    key = simulator.create_key("kucoin", allowlist=[HERE])
    simulator.refuse_next("kucoin", "404")
    fact = ask(simulator, given(simulator, key))[0]
    assert fact.access.status == "accepted"
    assert fact.observed is not None
    assert fact.observed.allowlist.state == "unknown"
    assert "allowlist" in fact.observed.not_told
    assert [seen.path for seen in simulator.requests(exchange="kucoin")] == [
        "/api/v1/user/api-key",
        "/api/ua/v1/user/api-key",
    ]


@pytest.mark.parametrize("made", [{"permissions": "spot-only"}, {"parent_id": "7"}])
def test_a_gate_key_without_sight_of_the_list_is_known_by_its_addresses(
    simulator: Simulator, made: dict[str, Any]
) -> None:
    key = simulator.create_key("gate", allowlist=[HERE], **made)
    fact = ask(simulator, given(simulator, key))[0]
    assert fact.access.status == "accepted"
    assert fact.observed is not None
    assert fact.observed.permissions is None
    assert fact.observed.allowlist.entries == (HERE,)


def test_a_sub_users_key_of_htx_is_accepted_and_tells_nothing(simulator: Simulator) -> None:
    fact = ask(simulator, given(simulator, simulator.create_key("htx", parent_id="7", allowlist=[HERE])))[0]
    assert fact.access.status == "accepted"
    assert fact.observed is not None
    assert (fact.observed.permissions, fact.observed.allowlist.state) == (None, "unknown")


def test_the_days_that_htx_leaves_become_a_date(simulator: Simulator) -> None:
    fact = ask(simulator, given(simulator, simulator.create_key("htx", days_left=7)))[0]
    assert fact.observed is not None
    until = datetime.datetime.fromisoformat(str(fact.observed.expiry.at)) - datetime.datetime.now(datetime.UTC)
    assert until.days in (6, 7)


def test_a_key_of_bingxs_demo_site_is_accepted_and_tells_nothing(simulator: Simulator) -> None:
    key = simulator.create_key("bingx", environment="demo", allowlist=[HERE])
    fact = ask(simulator, given(simulator, key))[0]
    assert fact.access.status == "accepted"
    assert fact.observed is not None
    assert fact.observed.permissions is None


@pytest.mark.parametrize("exchange", ["bitmex", "deribit"])
def test_no_secret_of_another_key_is_kept(simulator: Simulator, exchange: str) -> None:
    key = simulator.create_key(exchange, allowlist=[HERE], label="bot")
    fact = ask(simulator, given(simulator, key, **MORE.get(exchange, {})))[0]
    assert fact.observed is not None
    assert (fact.observed.label, fact.observed.allowlist.entries) == ("bot", (HERE,))
    assert "canary" not in json.dumps(to_json(fact))


@pytest.mark.parametrize("exchange", ["bitmex", "deribit", "gate", "htx", "woo"])
def test_the_other_keys_of_an_account_are_told_as_their_own_facts_tell_them(
    simulator: Simulator, exchange: str
) -> None:
    own, friend = (simulator.create_key(exchange, account_id="40000007", label=label) for label in ("own", "friend"))
    options = {**MORE.get(exchange, {}), "tell_other_keys": True}
    fact, friends = ask(simulator, given(simulator, own, **options), given(simulator, friend, **options))
    assert fact.observed is not None
    assert fact.observed.other_keys is not None
    assert friends.observed is not None
    text = json.dumps(to_json(fact))
    assert "canary" not in text
    assert "another-key" not in text
    assert friend.key not in text
    ends = friends.observed.masked_id.partition("…")[0]
    alike = [other for other in fact.observed.other_keys if other.masked_id.startswith(ends)]
    assert (alike[0].permissions, alike[0].created_at) == (friends.observed.permissions, friends.observed.created_at)
    # The others are the simulator's own, of somebody who withdraws.
    strangers = [other for other in fact.observed.other_keys if other not in alike]
    assert strangers
    assert all("withdraw" in other.permissions for other in strangers)


def test_deribits_list_is_left_alone_unless_the_owner_wants_it(simulator: Simulator) -> None:
    key = simulator.create_key("deribit", allowlist=[HERE])
    fact = ask(simulator, given(simulator, key))[0]
    assert fact.observed is not None
    assert fact.observed.allowlist.state == "unknown"
    assert [seen.path for seen in simulator.requests(exchange="deribit")] == ["/api/v2/public/auth"]
    simulator.update_key(key, permissions="none")
    fact = ask(simulator, given(simulator, key, ask_key_list=True))[0]
    assert fact.access.status == "accepted"
    assert fact.observed is not None
    assert fact.observed.allowlist.state == "unknown"


def test_the_wrong_environment_of_okx(simulator: Simulator) -> None:
    key = simulator.create_key("okx", environment="demo", allowlist=[HERE])
    assert ask(simulator, given(simulator, key))[0].access.status == "accepted"
    assert ask(simulator, given(simulator, key, environment="mainnet"))[0].access.status == "wrong_environment"


def test_binances_futures_host_tells_the_address(simulator: Simulator) -> None:
    key = simulator.create_key("binance", allowlist=["9.9.9.9"])
    fact = ask(
        simulator,
        given(simulator, key, ask_futures_host=True, futures_base_url=simulator.base_url("binance")),
    )[0]
    assert (fact.access.status, fact.access.seen_address) == ("ambiguous", HERE)


def test_after_a_refusal_the_later_keys_of_that_exchange_are_held_back(simulator: Simulator) -> None:
    good = simulator.create_key("bybit", allowlist=[HERE], label="good")
    bad = simulator.create_key("bybit", allowlist=["9.9.9.9"], label="bad")
    later = simulator.create_key("bybit", allowlist=[HERE], label="later")
    other = simulator.create_key("okx", allowlist=[HERE], label="other")
    facts = ask(simulator, *(given(simulator, key) for key in (good, bad, later, other)))
    assert [fact.access.status for fact in facts] == ["accepted", "ip_refused", "held_back", "accepted"]
    assert "bybit-bad" in str(facts[2].access.next_step)
    assert len(simulator.requests(exchange="bybit")) == 2


def test_an_audit_with_a_bad_key_trips_no_ban(simulator: Simulator) -> None:
    simulator.set_bans(enabled=True)
    keys = [simulator.create_key("bybit", allowlist=[HERE], label=f"k{number}") for number in range(20)]
    simulator.update_key(keys[0], revoked=True)
    facts = ask(simulator, *(given(simulator, key) for key in keys))
    assert [fact.access.status for fact in facts] == ["invalid_key"] + ["held_back"] * 19
    assert simulator.bans()["banned"] == []
    assert simulator.bans()["locked"] == []
    assert ask(simulator, given(simulator, keys[1]))[0].access.status == "accepted"
    simulator.set_bans(enabled=False)


def test_nobody_waits_for_another_exchange(simulator: Simulator) -> None:
    simulator.set_latency(2000, exchange="bybit")
    names = ("bybit", "okx", "gate", "okx", "gate")
    keys = [simulator.create_key(name, allowlist=[HERE], label=f"k{number}") for number, name in enumerate(names)]
    facts = ask(simulator, *(given(simulator, key) for key in keys))
    assert [(fact.exchange, fact.access.status) for fact in facts] == [(name, "accepted") for name in names]
    seen = simulator.requests()
    answered_at = next(request.at_ms for request in seen if request.exchange == "bybit") + 2000
    assert all(request.at_ms < answered_at for request in seen)
    for name, gap in (("okx", 0.2), ("gate", 0.1)):
        times = [request.at_ms for request in seen if request.exchange == name]
        # The first one came later by the opening of its connection.
        assert times[-1] - times[0] >= (len(times) - 1) * gap * 1000 - 150


def test_after_the_deadline_the_answers_that_came_are_kept(simulator: Simulator) -> None:
    simulator.fault("okx", "slow")
    keys = [
        simulator.create_key(name, allowlist=[HERE], label=f"k{n}") for n, name in enumerate(("okx", "bybit", "okx"))
    ]
    facts = ask(simulator, *(given(simulator, key) for key in keys), timeout=30.0, deadline=2.0)
    assert [fact.access.status for fact in facts] == ["unreachable", "accepted", "held_back"]
    assert facts[1].observed is not None


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("empty", {}, "unreachable"),
    ("truncated", {}, "unreachable"),
    ("cut", {}, "unreachable"),
    ("html", {}, "unreachable"),
    ("wrong_type", {}, "unreachable"),
    ("huge", {}, "unreachable"),
    ("gzip_bomb", {}, "unreachable"),
    ("endless", {}, "unreachable"),
    ("reset", {}, "unreachable"),
    ("slow", {"delay_s": 30}, "unreachable"),
    ("status", {"status": 503}, "unreachable"),
    ("status", {"status": 429}, "rate_limited"),
    ("status", {"status": 429, "retry_after": "30"}, "rate_limited"),
    ("status", {"status": 418}, "rate_limited"),
    ("status", {"status": 403}, "ambiguous"),
    ("status", {"status": 404}, "unreachable"),
]


@pytest.mark.parametrize(("kind", "options", "status"), FAULTS)
def test_spoiled_answers(simulator: Simulator, kind: str, options: dict[str, Any], status: str) -> None:
    key = simulator.create_key("okx", allowlist=[HERE])
    simulator.fault("okx", kind, **options)
    started = time.monotonic()
    fact = ask(simulator, given(simulator, key), timeout=1.5)[0]
    assert time.monotonic() - started < 6
    assert fact.access.status == status
    assert fact.observed is None
    assert fact.access.retry_after == (30 if "retry_after" in options else None)
    assert len(simulator.requests(exchange="okx")) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_redirect_hands_nothing_to_its_target(simulator: Simulator, exchange: str, status: int) -> None:
    key = simulator.create_key(exchange, allowlist=[HERE])
    with socket.create_server(("127.0.0.1", 0)) as target:
        heard: list[Any] = []

        def listen() -> None:
            try:
                heard.append(target.accept())
            except OSError:
                return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        location = f"https://127.0.0.1:{target.getsockname()[1]}/"
        simulator.fault(exchange, "redirect", location=location, status=status)
        fact = ask(simulator, given(simulator, key))[0]
        target.shutdown(socket.SHUT_RDWR)
        listener.join(5)
    assert fact.access.status == "unreachable"
    assert fact.access.code == f"HTTP {status}"
    assert heard == []


def test_the_environment_of_the_process_is_ignored(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login stranger password stranger\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    key = simulator.create_key("okx", allowlist=[HERE])
    assert ask(simulator, given(simulator, key))[0].access.status == "accepted"
    assert "authorization" not in simulator.requests(exchange="okx")[0].headers


def test_an_untrusted_certificate_is_no_answer(simulator: Simulator) -> None:
    key = simulator.create_key("okx", allowlist=[HERE])
    fact = ask(simulator, given(simulator, key), ca_path=None)[0]
    assert fact.access.status == "unreachable"
    assert "TLS" in str(fact.access.message)
    assert simulator.requests() == []
    fact = ask(simulator, given(simulator, key), ca_path=None, validate_certs=False)[0]
    assert fact.access.status == "accepted"
    assert not fact.official


def test_the_source_address_and_the_family_are_those_that_the_exchange_sees(simulator: Simulator) -> None:
    key = simulator.create_key("okx", allowlist=["91.198.115.12"])
    assert ask(simulator, given(simulator, key))[0].access.seen_address == HERE
    fact = ask(simulator, given(simulator, key), source_address="127.0.0.2")[0]
    assert fact.access.status == "accepted"
    assert fact.path.source_address == "127.0.0.2"
    v6 = given(simulator, key, base_url=simulator.base_url("okx", family=6))
    assert ask(simulator, v6, ip_family="ipv6")[0].access.seen_address == "2a01:4f8:c17::11"
    assert ask(simulator, v6, ip_family="ipv4")[0].access.status == "unreachable"


def test_a_placed_credential_is_used_and_named(simulator: Simulator) -> None:
    key = simulator.create_key("okx", allowlist=[HERE])

    def open_placed(placed: Placed, field: str) -> Credential:
        assert (placed.name, placed.entry, field) == ("bot.json", "okx", "api_keys[0] (bot).credential")
        return Credential(key.key, key.secret, key.passphrase)

    asked = {
        "name": "bot",
        "exchange": "okx",
        "credential": {"name": "bot.json", "entry": "okx"},
        "base_url": simulator.base_url("okx"),
    }
    fact = ask(simulator, asked, open_placed=open_placed)[0]
    assert (fact.access.status, fact.credential) == ("accepted", "bot.json")


@pytest.mark.parametrize(
    ("found", "error", "text"),
    [
        (Credential("k" * 18, "s" * 36), InputError, r"\(bot\)\.credential\.passphrase: is missing"),
        (Credential("k" * 18, "short"), InputError, r"\(bot\)\.credential\.secret: is shorter"),
        (StoreError("it does not decrypt"), StoreError, "it does not decrypt"),
    ],
)
def test_a_placed_credential_that_cannot_be_used_stops_before_anything_is_sent(
    simulator: Simulator, found: Any, error: type[Exception], text: str
) -> None:
    def open_placed(_placed: Placed, _field: str) -> Credential:
        if isinstance(found, Exception):
            raise found
        return Credential(found.api_key, found.secret, found.passphrase)

    first = given(simulator, simulator.create_key("bybit", allowlist=[HERE]))
    second = {"name": "bot", "exchange": "okx", "credential": {"name": "bot.json"}}
    with pytest.raises(error, match=text):
        ask(simulator, first, second, open_placed=open_placed)
    assert simulator.requests() == []


def test_other_is_never_asked(simulator: Simulator) -> None:
    declared = {"access": "read", "created_on": "2026-10-01"}
    bare, full = ask(
        simulator,
        {"name": "a", "exchange": "other", "declared": declared},
        {"name": "b", "exchange": "other", "api_key": "abcdefgh", "secret": "ijklmnop", "passphrase": "000000"},
    )
    assert bare.access.status == full.access.status == "not_asked"
    assert bare.declared == declared
    assert bare.passphrase is None
    assert full.passphrase is not None
    assert full.passphrase.guessable
    assert simulator.requests() == []


def test_official_is_only_what_the_exchange_alone_can_have_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def __init__(self, **options: Any) -> None:
            self.options = options

        def send(self, request: Any) -> Any:
            raise AssertionError(f"nothing may be sent: {request}")

        def close(self) -> None:
            """Nothing is open."""

    for options, official in (
        ({}, True),
        ({"ca_path": "/x.pem"}, False),
        ({"validate_certs": False}, False),
        ({"proxy": "http://u:canary@10.0.0.1:1"}, True),
    ):
        keys = [{"name": "o", "exchange": "other"}]
        fact = learn({"api_keys": keys, **options}, host="h", open_placed=not_opened, make_http=Nobody)[0]
        assert fact.official is official
        assert "canary" not in json.dumps(to_json(fact))
