# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of sources: the default one, and what a person may write."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._egress._sources import (
    DEFAULT_SOURCES,
    MAX_SOURCES,
    SHAPES,
    Source,
    owner,
    read_sources,
)
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._facts import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_the_default_has_at_least_six_network_owners_for_each_family(family: str) -> None:
    asked = [source for source in DEFAULT_SOURCES if family in source.families]
    assert len({owner(source.network) for source in asked}) >= 6


def test_every_default_source_is_https_and_complete() -> None:
    names = [source.name for source in DEFAULT_SOURCES]
    assert len(set(names)) == len(names)
    for source in DEFAULT_SOURCES:
        assert urlsplit(source.url).scheme == "https", source
        assert source.shape in SHAPES, source
        assert (source.shape == "json") == (source.field is not None), source


def test_an_exchange_source_on_a_content_network_is_no_further_vote() -> None:
    echo = {owner(source.network) for source in DEFAULT_SOURCES if source.kind == "echo"}
    assert {owner(source.network) for source in DEFAULT_SOURCES if source.kind == "exchange"} <= echo


@pytest.mark.parametrize(("one", "other"), [("Cloudflare", "cloudflare"), ("RIPE NCC", " ripe  ncc ")])
def test_spelling_makes_no_second_owner(one: str, other: str) -> None:
    assert owner(one) == owner(other)


def given(**changes: Any) -> dict[str, Any]:
    # Ansible fills in every sub-option that was not given.
    whole = {"name": "mine", "url": "https://ip.example.net/", "network": "Example", "families": None}
    return {**whole, "shape": "plain", "field": None, "kind": "echo", **changes}


def test_a_persons_source_is_read() -> None:
    assert read_sources([given(families=["ipv6"], shape="json", field="ip")], environment="live") == (
        Source("mine", "https://ip.example.net/", "Example", families=("ipv6",), shape="json", field="ip"),
    )


def test_an_empty_list_asks_nobody() -> None:
    assert read_sources([], environment="live") == ()


REFUSED = [
    ("live", {"url": "http://ip.example.net/"}, "is not HTTPS"),
    ("live", {"url": "http://127.0.0.1:8080/"}, "is not HTTPS"),
    ("custom", {"url": "http://ip.example.net/"}, "is not HTTPS"),
    ("custom", {"url": "http://127.0.0.1.example.net/"}, "is not HTTPS"),
    ("custom", {"url": "ftp://127.0.0.1/"}, "is not HTTPS"),
    ("live", {"url": "ip.example.net"}, "names no host"),
    ("live", {"url": "https:///ip"}, "names no host"),
    ("live", {"url": "https://[::1/"}, "is not a URL"),
    ("live", {"url": "https://ip.example.net:99999/"}, "is not a URL"),
    ("live", {"url": "https://me:hunter22@ip.example.net/"}, "holds a user name or password"),
    ("live", {"network": "  "}, "is empty"),
    ("live", {"name": ""}, "is empty"),
    ("live", {"shape": "json"}, "is missing"),
    ("live", {"field": "ip"}, "means nothing for shape plain"),
]


@pytest.mark.parametrize(("environment", "changes", "problem"), REFUSED)
def test_what_cannot_be_trusted_is_refused_in_one_sentence(
    environment: str, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_sources([given(), given(**{"name": "other", **changes})], environment=environment)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("sources[1].")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost/ip"])
def test_plain_http_reaches_loopback_in_environment_custom(url: str) -> None:
    assert read_sources([given(url=url)], environment="custom")[0].url == url


def test_a_name_is_used_once_and_a_list_is_bounded() -> None:
    with pytest.raises(InputError, match="is there twice"):
        read_sources([given(), given()], environment="live")
    with pytest.raises(InputError, match=f"list at most {MAX_SOURCES}"):
        read_sources([given(name=str(i)) for i in range(MAX_SOURCES + 1)], environment="live")
