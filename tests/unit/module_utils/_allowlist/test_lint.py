# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with each entry, and the text to paste."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._allowlist._blocks import routable_spans
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._cover import covers
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._grammar import (
    format_address,
    parse_entry,
)
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._lint import EntryReport, lint, paste_text
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._rule import AllowlistGrammar
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

TAKES_ALL = AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True, ranges=True)
NOT_KNOWN = AllowlistGrammar()
V4_ONLY = AllowlistGrammar(networks_v4=False, networks_v6=False, ipv6=False, ranges=False, max_entries=3)


def report(text: str, *, grammar: AllowlistGrammar = TAKES_ALL, owned: tuple[str, ...] = ()) -> EntryReport:
    (found,) = lint([text], grammar=grammar, owned_prefixes=owned)
    return found


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("8.8.8.8", None),
        ("192.168.1.10", "private-use"),
        ("100.64.0.1", "shared-address-space"),
        ("127.0.0.1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fd00::1", "unique-local"),
        ("2002:a00:1::1", "6to4-of-special"),
        ("64:ff9b::10.0.0.1", "nat64"),
        ("::ffff:8.8.8.8", "v4-mapped"),
        ("::ffff:10.0.0.1", "v4-mapped"),
        ("10.0.0.0/8", "private-use"),
        ("9.0.0.0-10.0.0.0", "private-use"),
        ("192.168.001.010", "private-use"),
        ("192.168.1.10:443", "private-use"),
        # One of two readings is public, so it may be a public address badly written.
        ("010.1.1.1", None),
        ("012.1.1.1", None),
        ("203.**.154", None),
        ("0.0.0.0/0", None),
        ("example.org", None),
    ],
)
def test_not_public(text: str, block: str | None) -> None:
    found = report(text)
    assert (found.not_public.name if found.not_public else None) == block
    if found.not_public:
        assert any(found.not_public.why in message for message in found.messages)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("8.8.8.8", ""),
        ("8.8.8.8/32", ""),
        ("8.8.8.8/31", "low"),
        ("8.8.8.8/30", "low"),
        ("8.8.8.8/29", "low"),
        ("8.8.8.0/28", "medium"),
        ("8.8.8.0/25", "medium"),
        ("8.8.8.0/24", "high"),
        ("8.0.0.0/8", "high"),
        ("0.0.0.0/0", "high"),
        ("*", "high"),
        ("8.8.8.8-8.8.8.15", "low"),
        ("8.8.8.8-8.8.8.16", "medium"),
        ("8.8.8.0-8.8.8.128", "high"),
        ("2606:4700::1", ""),
        ("2606:4700::1/128", ""),
        ("2606:4700::/124", "low"),
        ("2606:4700::/65", "low"),
        ("2606:4700::/64", "medium"),
        ("2606:4700::/63", "high"),
        ("2000::/3", "high"),
        ("8.8.8.8/24", "high"),
        ("8.8.8.*", "high"),
        ("8.8.8.8/0.0.0.255", "high"),
        ("8.8.8", ""),
        ("203.**.154", ""),
    ],
)
def test_too_wide(text: str, severity: str) -> None:
    assert report(text).too_wide == severity


@pytest.mark.parametrize(
    ("text", "owned", "severity"),
    [
        ("2606:4700::/64", ("2606:4700::/64",), ""),
        ("2606:4700::/64", ("2606:4700::/48",), ""),
        ("2606:4700::/124", ("2606:4700::/64",), ""),
        ("2606:4700:1::/64", ("2606:4700::/64",), "medium"),
        ("2606:4700::/63", ("2606:4700::/48",), "high"),
        ("8.8.8.8/31", ("8.8.8.0/24",), "low"),
    ],
)
def test_attested_prefixes(text: str, owned: tuple[str, ...], severity: str) -> None:
    assert report(text, owned=owned).too_wide == severity


@pytest.mark.parametrize("prefix", ["", "2606:4700::1/64", "::/0", "*", "203.**.154", "example.org"])
def test_an_owned_prefix_that_cannot_be_read_is_refused(prefix: str) -> None:
    with pytest.raises(InputError, match="owned_prefixes"):
        lint([], grammar=TAKES_ALL, owned_prefixes=[prefix])


@pytest.mark.parametrize(
    ("text", "grammar", "problem", "accepted"),
    [
        ("8.8.8.8 ", TAKES_ALL, "whitespace", False),
        ("8.8.8.8-8.8.8.9", TAKES_ALL, "", True),
        ("8.8.8.8-8.8.8.9", V4_ONLY, "range", False),
        ("8.8.8.8-8.8.8.9", NOT_KNOWN, "range", None),
        ("2606:4700::1", V4_ONLY, "ipv6-not-accepted", False),
        ("203.**.154", TAKES_ALL, "", True),
    ],
)
def test_malformed(text: str, grammar: AllowlistGrammar, problem: str, accepted: bool | None) -> None:
    found = report(text, grammar=grammar)
    assert (found.malformed, found.entry.accepted) == (problem, accepted)


def test_relations_between_entries() -> None:
    texts = [
        "8.8.8.8",
        "8.8.8.8/32",
        "8.8.8.0/24",
        "bad",
        "bad",
        "9.9.9.1-9.9.9.5",
        "9.9.9.4-9.9.9.8",
        "1.1.1.1",
        "::8.8.8.8",
    ]
    found = lint(texts, grammar=TAKES_ALL)
    assert [one.position for one in found] == list(range(len(texts)))
    assert [one.duplicate_of for one in found] == [None, 0, None, None, 3, None, None, None, None]
    assert [one.inside_of for one in found] == [2, None, None, None, None, None, None, None, None]
    assert [one.overlaps for one in found] == [None, None, None, None, None, None, 5, None, None]
    ends = lint(["8.8.8.0/24", "8.8.8.255", "8.8.8.0", "8.8.8.128/25"], grammar=TAKES_ALL)
    assert [(one.inside_of, one.overlaps) for one in ends] == [(None, None), (0, None), (0, None), (0, None)]
    assert [one.inside_of for one in lint(["8.8.8.8", "2606:4700::1", "*"], grammar=TAKES_ALL)] == [2, 2, None]


def test_a_good_entry_has_nothing_to_say() -> None:
    assert report("8.8.8.8").messages == ()


def test_what_is_not_known_about_the_exchange_is_said() -> None:
    (message,) = report("2606:4700::1", grammar=NOT_KNOWN).messages
    assert "not known" in message


@given(st.lists(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789.:/-* ", max_size=20)), max_size=6))
def test_no_entry_is_dropped_and_messages_are_plain(texts: list[str]) -> None:
    found = lint(texts, grammar=TAKES_ALL)
    assert [one.entry.text for one in found] == texts
    for message in (message for one in found for message in one.messages):
        assert message.isprintable()
        assert message.isascii()
        assert "remove" not in message.lower()


# --- the text to paste ----------------------------------------------------------------------------------------------


def test_three_parts_and_one_line() -> None:
    paste = paste_text(keep=["8.8.8.8"], add=["9.9.9.9"], remove_later=["1.1.1.1"], grammar=TAKES_ALL)
    assert paste.line == "8.8.8.8,9.9.9.9,1.1.1.1"
    assert paste.left_out == ()
    assert str(paste) == paste.text
    assert paste.text.splitlines() == [
        "Add:",
        "  9.9.9.9",
        "Keep:",
        "  8.8.8.8",
        "Remove later, when nobody uses it any more:",
        "  1.1.1.1",
        "The whole list: 8.8.8.8,9.9.9.9,1.1.1.1",
    ]


def test_nothing_to_remove_is_not_mentioned() -> None:
    paste = paste_text(keep=["8.8.8.8"], add=[], remove_later=[], grammar=TAKES_ALL)
    assert paste.text.splitlines() == ["Add: nothing", "Keep:", "  8.8.8.8", "The whole list: 8.8.8.8"]


@pytest.mark.parametrize(
    "text",
    [
        "192.168.1.10",
        "fd00::1",
        "::ffff:8.8.8.8",
        "8.8.8.8 ",
        "010.1.1.1",
        "203.**.154",
        "0.0.0.0/0",
        "*",
        "8.8.8.0/24",
        "8.8.8.8-8.8.8.9",
        "2606:4700::/64",
        "example.org",
        "",
    ],
)
def test_what_is_never_added(text: str) -> None:
    paste = paste_text(keep=["9.9.9.9"], add=[text], remove_later=[], grammar=TAKES_ALL)
    assert paste.line == "9.9.9.9"
    assert [given for given, _reason in paste.left_out] == [text]
    assert all(reason in paste.text for _given, reason in paste.left_out)


def test_a_network_of_ones_own_can_be_added() -> None:
    paste = paste_text(
        keep=[], add=["2606:4700::/64"], remove_later=[], grammar=TAKES_ALL, owned_prefixes=["2606:4700::/48"]
    )
    assert paste.line == "2606:4700::/64"


def test_a_network_that_is_there_stays() -> None:
    # Narrowing it is a decision of its own: hosts may be seen from all over it.
    assert (
        paste_text(keep=["8.8.8.0/24"], add=["9.9.9.9"], remove_later=[], grammar=TAKES_ALL).line
        == "8.8.8.0/24,9.9.9.9"
    )


@pytest.mark.parametrize("text", ["203.**.154", "8.8.8.8 ", "8.8.8.*", "8.0.0.0/5", "8.8.8.8 (office)", "2600::1#vps"])
@pytest.mark.parametrize("part", ["keep", "remove_later"])
def test_no_whole_list_when_pasting_it_would_lose_an_entry(text: str, part: str) -> None:
    parts = {"keep": ["9.9.9.9"], "add": ["1.1.1.1"], "remove_later": ["4.4.4.4"]}
    parts[part].append(text)
    paste = paste_text(**parts, grammar=TAKES_ALL)
    assert paste.line == ""
    assert "do not replace it" in paste.text
    assert "The whole list" not in paste.text


@pytest.mark.parametrize("text", ["", "example.org", "192.168.1.10"])
def test_an_entry_that_lets_nobody_in_is_dropped_without_harm(text: str) -> None:
    paste = paste_text(keep=["9.9.9.9", text], add=[], remove_later=[], grammar=TAKES_ALL)
    assert paste.line == "9.9.9.9"
    assert [given for given, _reason in paste.left_out] == [text]


@pytest.mark.parametrize("text", ["*", "0.0.0.0/0", "::/0", "0.0.0.0", "::"])
def test_an_open_list_is_replaced_with_a_warning(text: str) -> None:
    paste = paste_text(keep=[text], add=["9.9.9.9"], remove_later=[], grammar=TAKES_ALL)
    assert paste.line == "9.9.9.9"
    assert "every host" in paste.text


def test_pieces_of_everything_are_not_written() -> None:
    spans = [(format_address(version=4, value=a), format_address(version=4, value=b)) for a, b in routable_spans(4)]
    pieces = [first if first == last else f"{first}-{last}" for first, last in spans]
    assert paste_text(keep=pieces[1:], add=[], remove_later=[], grammar=TAKES_ALL).line == ",".join(pieces[1:])
    paste = paste_text(keep=pieces[1:], add=[], remove_later=pieces[:1], grammar=TAKES_ALL)
    assert paste.line == ""
    assert "let everybody in" in paste.text


def test_a_list_that_does_not_fit_is_not_written() -> None:
    keep = ["8.8.8.1", "8.8.8.2", "8.8.8.3"]
    assert paste_text(keep=keep, add=[], remove_later=[], grammar=V4_ONLY).line == "8.8.8.1,8.8.8.2,8.8.8.3"
    paste = paste_text(keep=keep, add=["8.8.8.4"], remove_later=[], grammar=V4_ONLY)
    assert paste.line == ""
    assert "These are 4 entries and the exchange takes 3" in paste.text


def test_each_address_is_written_once_and_in_its_plain_form() -> None:
    paste = paste_text(
        keep=["2606:4700:0::1", "8.8.8.8"], add=["8.8.8.8", "2606:4700::1"], remove_later=["8.8.8.8"], grammar=TAKES_ALL
    )
    assert paste.line == "2606:4700::1,8.8.8.8"


def test_a_form_that_may_not_work_is_noted() -> None:
    paste = paste_text(keep=[], add=["2606:4700::1"], remove_later=[], grammar=NOT_KNOWN)
    assert paste.line == "2606:4700::1"
    assert "Note:" in paste.text
    assert paste_text(keep=[], add=["2606:4700::1"], remove_later=[], grammar=V4_ONLY).line == ""


TEXTS = st.lists(
    st.one_of(st.ip_addresses().map(str), st.text(alphabet="0123456789.:/-* ", max_size=20), st.just("8.8.8.0/24")),
    max_size=4,
)


@given(TEXTS, TEXTS, st.sampled_from([TAKES_ALL, NOT_KNOWN, V4_ONLY]))
def test_what_is_written_lets_in_only_what_was_there_or_asked_for(
    keep: list[str], add: list[str], grammar: AllowlistGrammar
) -> None:
    paste = paste_text(keep=keep, add=add, remove_later=[], grammar=grammar)
    given = [parse_entry(text, rule=grammar) for text in keep + add]
    for written in filter(None, paste.line.split(",")):
        (found,) = lint([written], grammar=grammar)
        assert (found.malformed, found.not_public) == ("", None)
        assert found.entry.spans in [entry.spans for entry in given]
        assert found.too_wide == "" or found.entry.spans in [parse_entry(text, rule=grammar).spans for text in keep]


def test_the_written_list_covers_what_was_added() -> None:
    paste = paste_text(keep=["8.8.8.8"], add=["9.9.9.9"], remove_later=["1.1.1.1"], grammar=TAKES_ALL)
    listed = [parse_entry(text, rule=TAKES_ALL) for text in paste.line.split(",")]
    assert [covers(listed, address) for address in ("8.8.8.8", "9.9.9.9", "1.1.1.1", "7.7.7.7")] == [
        True,
        True,
        True,
        False,
    ]
