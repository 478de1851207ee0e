# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One source's answer: exactly one global address of the asked family, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._egress._answer import global_address, read_answer
from ansible_collections.trading.hosts.plugins.module_utils._egress._sources import Source
from ansible_collections.trading.hosts.plugins.module_utils._errors import AnswerError
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer

PLAIN = Source("plain", "https://ip.example.net/", "Example")
TRACE = Source("trace", "https://WWW.example.net:8443/cdn-cgi/trace", "Example", shape="trace")
JSON = Source("json", "https://ip.example.net/json", "Example", shape="json", field="data.ip")


def answer(body: bytes | str, *, status: int = 200) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    return Answer(status=status, headers={}, body=raw, host="ip.example.net")


GOOD = [
    (PLAIN, "ipv4", "91.198.115.11\n", "91.198.115.11"),
    (PLAIN, "ipv4", " 91.198.115.11\r\n", "91.198.115.11"),
    (PLAIN, "ipv6", "2A01:4F8:0:0::11", "2a01:4f8::11"),
    (TRACE, "ipv4", "fl=1\nh=www.example.net\nip=91.198.115.11\nts=1.5\n", "91.198.115.11"),
    (TRACE, "ipv4", "fl=1\nh=www.example.net:8443\nip=91.198.115.11\nts=1.5\n", "91.198.115.11"),
    (JSON, "ipv4", '{"status": "ok", "data": {"ip": "91.198.115.11"}}', "91.198.115.11"),
]


@pytest.mark.parametrize(("source", "family", "body", "expected"), GOOD)
def test_one_global_address_is_read(source: Source, family: str, body: str, expected: str) -> None:
    assert read_answer(answer(body), source=source, family=family) == expected


BAD = [
    (PLAIN, "ipv4", "", 200, "answered nothing"),
    (PLAIN, "ipv4", "\n", 200, "answered nothing"),
    (PLAIN, "ipv4", "<html>91.198.115.11</html>", 200, "answered HTML"),
    (PLAIN, "ipv4", "91.198.115.11, 91.198.115.12", 200, "more than one address"),
    (PLAIN, "ipv4", "91.198.115.11\n91.198.115.12\n", 200, "more than one address"),
    (PLAIN, "ipv4", "91.198.115.11 91.198.115.11", 200, "more than one address"),
    (PLAIN, "ipv4", "Your IP is 91.198.115.11 and you are welcome to it, friend", 200, "characters where one address"),
    (PLAIN, "ipv4", "IP: 91.198.115.11", 200, "not one IP address"),
    (PLAIN, "ipv4", "091.198.115.11", 200, "not one IP address"),
    (PLAIN, "ipv4", "1539732235", 200, "not one IP address"),
    (PLAIN, "ipv4", "91.198.115.11:443", 200, "not one IP address"),
    (PLAIN, "ipv4", "91.198.115.0/24", 200, "not one IP address"),
    (PLAIN, "ipv6", "[2a01:4f8::11]", 200, "not one IP address"),
    (PLAIN, "ipv6", "fe80::1%eth0", 200, "not one IP address"),
    (PLAIN, "ipv4", "\u0669\u0661.198.115.11", 200, "not one IP address"),
    (PLAIN, "ipv4", b"\xff\xfe9", 200, "bytes that are no text"),
    (PLAIN, "ipv4", "192.168.1.10", 200, "no public address (192.168.0.0/16"),
    (PLAIN, "ipv4", "100.64.3.4", 200, "no public address (100.64.0.0/10"),
    (PLAIN, "ipv4", "127.0.0.1", 200, "no public address (127.0.0.0/8"),
    (PLAIN, "ipv6", "fd00::10", 200, "no public address"),
    (PLAIN, "ipv6", "::ffff:91.198.115.11", 200, "no public address"),
    (PLAIN, "ipv4", "2a01:4f8::11", 200, "the IPv6 address 2a01:4f8::11 when asked over IPv4"),
    (PLAIN, "ipv6", "91.198.115.11", 200, "the IPv4 address 91.198.115.11 when asked over IPv6"),
    (PLAIN, "ipv4", "91.198.115.11", 302, "redirected (HTTP 302)"),
    (PLAIN, "ipv4", "91.198.115.11", 304, "redirected (HTTP 304)"),
    (PLAIN, "ipv4", "91.198.115.11", 503, "answered HTTP 503"),
    (PLAIN, "ipv4", "91.198.115.11", 201, "answered HTTP 201"),
    (TRACE, "ipv4", "ip=91.198.115.11\n", 200, "no trace"),
    (TRACE, "ipv4", "h=www.example.net\n", 200, "no trace"),
    (TRACE, "ipv4", "h=www.example.net\nip=91.198.115.11\nip=91.198.115.12\n", 200, "no trace"),
    (
        TRACE,
        "ipv4",
        "h=portal.example.org\nip=91.198.115.11\n",
        200,
        "a trace of 'portal.example.org', not of www.example",
    ),
    (TRACE, "ipv4", "91.198.115.11", 200, "no trace"),
    (JSON, "ipv4", "91.198.115.11", 200, "no valid JSON (HTTP 200) where JSON was"),
    (JSON, "ipv4", "<html></html>", 200, "HTML (HTTP 200) where JSON"),
    (JSON, "ipv4", "", 200, "nothing (HTTP 200) where JSON"),
    (JSON, "ipv4", '{"ip": "91.198.115.11"}', 200, "JSON without data.ip"),
    (JSON, "ipv4", '["91.198.115.11"]', 200, "list where an object"),
    (JSON, "ipv4", '{"data": ["91.198.115.11"]}', 200, "JSON without data.ip"),
    (JSON, "ipv4", '{"data": {"ip": 1539732235}}', 200, "int for data.ip"),
    (JSON, "ipv4", '{"data": {"ip": "91.198.115.11", "ip": "91.198.115.12"}}', 200, "no valid JSON"),
    (JSON, "ipv4", '{"data": {"ip": "91.198.115.11, 91.198.115.12"}}', 200, "not one IP address"),
]


@pytest.mark.parametrize(("source", "family", "body", "status", "reason"), BAD)
def test_anything_else_is_evidence_against_its_source(
    source: Source, family: str, body: bytes | str, status: int, reason: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        read_answer(answer(body, status=status), source=source, family=family)
    assert reason in str(caught.value)


def test_foreign_text_reaches_people_as_one_short_line() -> None:
    with pytest.raises(AnswerError) as caught:
        read_answer(answer("::error::\u202e\x1b[31mown3d"), source=PLAIN, family="ipv4")
    shown = str(caught.value)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "::error" not in shown


@given(st.binary(max_size=200), st.sampled_from([PLAIN, TRACE, JSON]), st.sampled_from(["ipv4", "ipv6"]))
def test_random_bytes_never_raise_anything_else(body: bytes, source: Source, family: str) -> None:
    try:
        read = read_answer(answer(body), source=source, family=family)
    except AnswerError:
        return
    assert global_address(read, family=family) == read
