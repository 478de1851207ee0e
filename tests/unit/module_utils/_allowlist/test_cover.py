# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set algebra: nothing is called covered that is not, nothing unused that may be in use."""

from __future__ import annotations

import ipaddress
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._allowlist._cover import (
    covers,
    is_everything,
    missing,
    size,
    undecided,
    unused,
)
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._grammar import (
    Entry,
    parse_entry,
)
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._lint import lint
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._rule import AllowlistGrammar
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

TAKES_ALL = AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True, ranges=True)
NOT_KNOWN = AllowlistGrammar()
V4_ONLY = AllowlistGrammar(networks_v4=False, networks_v6=False, ipv6=False, ranges=False)


def entries(*texts: str, rule: AllowlistGrammar = TAKES_ALL) -> list[Entry]:
    return [parse_entry(text, rule=rule) for text in texts]


@pytest.mark.parametrize(
    ("texts", "address", "answer"),
    [
        ([], "8.8.8.8", False),
        (["8.8.8.8"], "8.8.8.8", True),
        (["8.8.8.9"], "8.8.8.8", False),
        (["8.8.8.0/24"], "8.8.8.8", True),
        (["8.8.8.0/24"], "8.8.9.0", False),
        (["8.8.8.8-8.8.8.10"], "8.8.8.10", True),
        (["8.8.8.8-8.8.8.10"], "8.8.8.11", False),
        (["8.8.8.8", "2606:4700::1"], "2606:4700::1", True),
        (["8.8.8.8"], "2606:4700::1", False),
        (["2606:4700::1"], "8.8.8.8", False),
        (["*"], "8.8.8.8", True),
        (["*"], "2606:4700::1", True),
        (["0.0.0.0/0"], "8.8.8.8", True),
        (["0.0.0.0/0"], "2606:4700::1", False),
        # The same number in the other family is another address.
        (["0.0.0.8"], "::8", False),
        # Hidden: only what can be behind the mask is open.
        (["203.**.154"], "203.0.113.154", None),
        (["203.**.154"], "203.0.113.155", False),
        (["203.**.154"], "204.0.113.154", False),
        (["203.**.154"], "2606:4700::1", False),
        (["203.**.154", "203.0.113.154"], "203.0.113.154", True),
        (["2001:****:1"], "8.8.8.8", False),
        (["2001:****:1"], "2606:4700::1", None),
        (["****"], "8.8.8.8", None),
        (["****"], "2606:4700::1", None),
        (["203.**.154 "], "203.0.113.154", None),
        (["203.**.154/32"], "203.0.113.155", None),
        (["203.**.154,9.9.9.9"], "203.0.113.154", None),
        (["9.9.9.9,"], "9.9.9.9", None),
        # Malformed: never covered, and open only where a lenient reader could let the address in.
        (["8.8.8.8 "], "8.8.8.8", None),
        (["8.8.8.8 "], "8.8.8.9", False),
        (["010.1.1.1"], "8.1.1.1", None),
        (["010.1.1.1"], "10.1.1.1", None),
        (["010.1.1.1"], "9.1.1.1", False),
        (["::ffff:8.8.8.8"], "8.8.8.8", None),
        (["8.8.8.8/24"], "8.8.8.8", None),
        (["8.8.8.8/24"], "8.8.8.9", None),
        (["8.8.8.8/0"], "9.9.9.9", None),
        (["8.8.8.*"], "8.8.8.8", None),
        (["2001:db8::*"], "2001:db8::1", None),
        (["example.org"], "8.8.8.8", False),
        (["0.0.0.0"], "8.8.8.8", None),
        (["0.0.0.0"], "2606:4700::1", False),
        (["::"], "2606:4700::1", None),
        (["8.8.8.8 # office"], "8.8.8.8", None),
        (["8.8.8.8 # office"], "8.8.8.9", False),
        ([""], "8.8.8.8", False),
    ],
)
def test_covers(texts: list[str], address: str, answer: bool | None) -> None:
    assert covers(entries(*texts), address) is answer
    assert missing(entries(*texts), [address]) == ((address,) if answer is False else ())
    assert undecided(entries(*texts), [address]) == ((address,) if answer is None else ())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8.8.8.0/24", "8.8.8.8"),
        ("0.0.0.0/0", "8.8.8.8"),
        ("2606:4700::1", "2606:4700::1"),
        ("8.8.8.8-8.8.8.9", "8.8.8.8"),
    ],
)
@pytest.mark.parametrize("rule", [NOT_KNOWN, V4_ONLY])
def test_a_form_that_the_exchange_may_not_take_is_no_proof(text: str, address: str, rule: AllowlistGrammar) -> None:
    assert covers(entries(text, rule=rule), address) is None


@pytest.mark.parametrize(
    "address", ["", "8.8.8.8 ", "8.8.8.0/24", "010.1.1.1", "::ffff:8.8.8.8", "fe80::1%eth0", "example.org"]
)
def test_a_question_that_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(InputError):
        covers(entries("*"), address)


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        ([], False),
        (["8.8.8.8"], False),
        (["*"], True),
        (["0.0.0.0/0"], True),
        (["::/0"], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"], True),
        (["0.0.0.0/1"], False),
        (["0.0.0.0/1", "128.0.0.0/2"], False),
        (["::/1", "8000::/1"], True),
        # All that a host can be seen from is everything.
        (["2000::/3"], True),
        (["2000::/4"], False),
        (["1.0.0.0-9.255.255.255", "11.0.0.0-223.255.255.255"], True),
        (["1.0.0.0-9.255.255.255", "12.0.0.0-223.255.255.255"], False),
        # Half of each family is neither.
        (["0.0.0.0/1", "8000::/1"], False),
        # As leniently as anybody might read it.
        (["1.2.3.4/0"], True),
        (["*.*.*.*"], True),
        ([" *"], True),
        (["0/0"], True),
        # Some programs read the empty address as "every address".
        (["0.0.0.0"], True),
        (["::"], True),
        (["9.9.9.9", "0.0.0.0/32"], True),
        (["10.0.0.0/8", "fc00::/7"], False),
        (["****"], False),
    ],
)
def test_is_everything(texts: list[str], answer: bool) -> None:
    assert is_everything(entries(*texts)) is answer
    assert is_everything(entries(*texts, rule=V4_ONLY)) is answer


@pytest.mark.parametrize(
    ("texts", "v4", "v6"),
    [
        ([], 0, 0),
        (["8.8.8.8", "8.8.8.8/32"], 1, 0),
        (["8.8.8.0/24", "8.8.8.8", "8.8.9.0/24"], 512, 0),
        (["8.8.8.8-8.8.8.9", "8.8.8.9-8.8.8.10", "2606:4700::/64"], 3, 1 << 64),
        (["8.8.8.8 ", "203.**.154"], 0, 0),
        (["*"], 1 << 32, 1 << 128),
    ],
)
def test_size(texts: list[str], v4: int, v6: int) -> None:
    assert (size(entries(*texts), version=4), size(entries(*texts), version=6)) == (v4, v6)


def test_unused_names_only_what_denotes_addresses() -> None:
    listed = entries(
        "8.8.8.8", "9.9.9.0/24", "1.1.1.1", "2606:4700::/64", "203.**.154", "7.7.7.7 ", "8.8.4.4-8.8.4.8", "::/0"
    )
    idle = unused(listed, ["8.8.8.8", "9.9.9.9", "8.8.4.5"])
    assert [entry.text for entry in idle] == ["1.1.1.1", "2606:4700::/64", "::/0"]
    assert unused(listed, ["2606:4700::5", "1.1.1.1", "8.8.8.8", "8.8.4.8", "9.9.9.0"]) == ()


NETWORKS = st.builds(
    lambda address, length: ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False),
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(network="2600::/16")),
    st.integers(1, 128),
).filter(lambda network: int(network.broadcast_address) > 0)  # the empty address is more than one to some programs


@given(st.lists(NETWORKS, max_size=8), st.data())
def test_agreement_with_the_standard_library(
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network], data: st.DataObject
) -> None:
    near = [st.ip_addresses(network=network) for network in networks]
    address = data.draw(st.one_of(st.ip_addresses(v=4), st.ip_addresses(network="2600::/16"), *near))
    listed = entries(*map(str, networks))
    assert covers(listed, address) is any(address in network for network in networks)
    kept = [ipaddress.ip_network(entry.text) for entry in unused(listed, [address])]
    assert kept == [network for network in networks if address not in network]


@given(
    st.lists(st.one_of(st.text(max_size=50), st.text(alphabet="0123456789.:/-*x%[] ,", max_size=30)), max_size=5),
    st.sampled_from([TAKES_ALL, NOT_KNOWN, V4_ONLY]),
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(network="2600::/16")),
)
def test_no_malformed_or_hidden_text_ever_covers(
    texts: list[str], rule: AllowlistGrammar, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> None:
    bad = [entry for entry in entries(*texts, rule=rule) if entry.kind in {"malformed", "masked"}]
    assert covers(bad, address) is not True


WRAPPERS = [
    "{} ",
    " {}",
    "{}\n",
    "[{}]",
    "[{}]:443",
    "'{}'",
    "{}%eth0",
    "https://{}/",
    "{}\u200b",
    "{},",
    "{}/",
    "{}/999",
    "{} (office)",
    "{}#home",
    "<{}>",
    "{}!",
    "vps={}",
]


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(network="2600::/16")), st.sampled_from(WRAPPERS))
def test_text_around_the_right_address_is_neither_covered_nor_certainly_missing(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, wrapper: str
) -> None:
    assert covers(entries(wrapper.format(address)), address) is None


@given(st.randoms(use_true_random=False), st.sampled_from(["0.0.0.0/0", "::/0"]))
def test_pieces_of_everything_are_everything_until_a_routable_one_is_gone(rnd: random.Random, whole: str) -> None:
    pieces = [ipaddress.ip_network(whole)]
    for _turn in range(12):
        pieces.extend(pieces.pop(rnd.randrange(len(pieces))).subnets())
    rnd.shuffle(pieces)
    assert is_everything(entries(*map(str, pieces)))
    routable = ipaddress.ip_address("8.8.8.8" if whole == "0.0.0.0/0" else "2606:4700::1")
    rest = [piece for piece in pieces if routable not in piece]
    assert not is_everything(entries(*map(str, rest)))


def test_long_lists_are_not_quadratic() -> None:
    rnd = random.Random(20261122)
    count = 100_000
    texts = [str(ipaddress.IPv4Address(rnd.getrandbits(32))) for _turn in range(count)]
    texts += [f"{number % 256}.**.{number // 256 % 256}" for number in range(count // 10)]
    texts += ["bad"] * (count // 10)
    start = time.perf_counter()
    listed = entries(*texts)
    assert unused(listed, texts[:count]) == ()
    assert missing(listed, texts[:count]) == ()
    assert not is_everything(listed)
    assert len(
        lint(listed, grammar=TAKES_ALL, owned_prefixes=[f"2606:{number:x}::/64" for number in range(1000)])
    ) == len(texts)
    # About three seconds on a slow core; anything quadratic needs hours.
    assert time.perf_counter() - start < 60
