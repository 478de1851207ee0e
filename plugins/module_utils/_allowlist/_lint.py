# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with each entry of an allowlist, and the text to paste instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from .._errors import InputError
from ._blocks import Block, special_part
from ._cover import SpanUnion, is_everything
from ._grammar import ADDRESS_BITS, Entry, Span, parse_entry, shown
from ._rule import AllowlistGrammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: How exchanges separate entries, in their forms and in their answers.
SEPARATOR = ","

#: One entry, as text or parsed.
EntryLike = Union[str, Entry]

# How many addresses an entry may hold at most for each severity; what holds more is "high". "" is no finding.
# IPv6 networks longer than /64 are in no source: they let in fewer strangers than the /64, hence "low".
_WIDTHS: dict[int, tuple[tuple[int, str], ...]] = {
    4: ((1, ""), (1 << (32 - 29), "low"), (1 << (32 - 25), "medium")),
    6: ((1, ""), ((1 << 64) - 1, "low"), (1 << 64, "medium")),
}
_SEVERITIES = ("", "low", "medium", "high")


@dataclass(frozen=True)
class EntryReport:
    """What is wrong with one entry. A field that is empty ("" or None) has nothing to say.

    position: its place in the list, from 0.
    entry: the parsed entry.
    not_public: the special-purpose block that it lies in, or that a part of it lies in.
    malformed: the slug of the problem. Where ``entry.accepted`` is None the problem is that nobody knows whether the
        exchange takes this form.
    too_wide: ``low``, ``medium`` or ``high``, for malformed text by the likeliest way to read it.
    duplicate_of: the position of an earlier entry that denotes the same addresses, or is the same text.
    inside_of: the position of another entry that holds all of this one and more.
    overlaps: the position of another entry that shares some addresses with this one (ranges only).
    messages: one sentence for each of the above.
    """

    position: int
    entry: Entry
    not_public: Block | None = None
    malformed: str = ""
    too_wide: str = ""
    duplicate_of: int | None = None
    inside_of: int | None = None
    overlaps: int | None = None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paste:
    """The text to paste into an exchange's form.

    text: for a person: what to add, what to keep, what to take out later, what was left out and why, the whole list.
    line: the whole list on one line, or "" where no complete and safe list can be written. Entries to take out later
        are still in it: pasting it takes nobody's access away today.
    left_out: (entry as given, why it is not in the list).
    """

    text: str
    line: str
    left_out: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.text


def lint(
    entries: Iterable[EntryLike], *, grammar: AllowlistGrammar, owned_prefixes: Iterable[str] = ()
) -> tuple[EntryReport, ...]:
    """Report on every entry, in the order given; none is left out.

    ``owned_prefixes``: IPv6 prefixes that their owner attests to be theirs alone; entries up to a /64 inside them are
    not too wide. Raises ``InputError`` for an owned prefix that cannot be read.
    """
    parsed = [entry if isinstance(entry, Entry) else parse_entry(entry, rule=grammar) for entry in entries]
    owned = _owned_spans(owned_prefixes)
    same, inside, shared = _relations(parsed)
    return tuple(
        _report(
            position,
            entry,
            owned,
            duplicate_of=same.get(position),
            inside_of=inside.get(position),
            overlaps=shared.get(position),
        )
        for position, entry in enumerate(parsed)
    )


def paste_text(
    *,
    keep: Sequence[EntryLike],
    add: Sequence[EntryLike],
    remove_later: Sequence[EntryLike],
    grammar: AllowlistGrammar,
    owned_prefixes: Iterable[str] = (),
) -> Paste:
    """Write what to paste: three parts, what was left out, and the final list on one line.

    Malformed, hidden and not public entries and those that let everybody in are never written. What is added must be
    single addresses, or networks inside ``owned_prefixes``: other networks would let strangers in. The caller says in
    ``remove_later`` only what the whole fleet was seen not to use.
    """
    owned = _owned_spans(owned_prefixes)
    left_out: list[tuple[str, str]] = []
    seen: set[tuple[Span, ...]] = set()
    taken: list[Entry] = []
    parts: dict[str, list[Entry]] = {}
    unclear = open_today = False
    for name, texts in (("keep", keep), ("add", add), ("remove_later", remove_later)):
        parts[name] = []
        for given in texts:
            entry = given if isinstance(given, Entry) else parse_entry(given, rule=grammar)
            reason = _why_not(entry, owned if name == "add" else None)
            if reason:
                left_out.append((entry.text, reason))
                # A person's new entry can wait; one that the exchange holds today would be lost by pasting.
                unclear = unclear or (name != "add" and _may_be_in_use(entry))
                open_today = open_today or (name != "add" and _may_be_all(entry))
            elif entry.spans not in seen:
                seen.add(entry.spans)
                parts[name].append(entry)
                taken.append(entry)
    line = SEPARATOR.join(entry.canonical for entry in taken)
    notes = _notes(taken, grammar, unclear=unclear, open_today=open_today)
    if any(blocking for blocking, _note in notes):
        line = ""
    text = _text(parts, left_out, [note for _blocking, note in notes], line)
    return Paste(text=text, line=line, left_out=tuple(left_out))


# --- one entry ------------------------------------------------------------------------------------------------------


def _owned_spans(prefixes: Iterable[str]) -> SpanUnion:
    rule = AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True, ranges=False)
    found: list[Span] = []
    for prefix in prefixes:
        entry = parse_entry(prefix, rule=rule)
        if entry.kind not in {"address", "network"}:
            raise InputError(
                field="owned_prefixes",
                value=prefix,
                problem="this is not a prefix",
                mend="write one such as 2a01:4f8:1:2::/64",
            )
        found.extend(entry.spans)
    return SpanUnion(found)


def _report(position: int, entry: Entry, owned: SpanUnion, **relations: int | None) -> EntryReport:
    block = _not_public(entry)
    too_wide = _too_wide(entry, owned)
    messages = [entry.message] if entry.message else []
    if block is not None:
        messages.append(_not_public_message(entry, block))
    if too_wide and entry.kind != "everything":
        verb = "lets in" if entry.spans else "could let in"
        messages.append(f'"{shown(entry.text)}" {verb} {_count(entry)}; list single addresses.')
    messages.extend(
        f'"{shown(entry.text)}" {what} entry {other + 1}; one of the two is enough.'
        for what, other in (
            ("is the same as", relations["duplicate_of"]),
            ("lies inside", relations["inside_of"]),
            ("shares addresses with", relations["overlaps"]),
        )
        if other is not None
    )
    return EntryReport(
        position=position,
        entry=entry,
        not_public=block,
        malformed=entry.problem,
        too_wide=too_wide,
        messages=tuple(messages),
        **relations,
    )


def _not_public(entry: Entry) -> Block | None:
    if entry.kind == "everything":
        return None  # too wide says it all
    if entry.problem == "mapped":
        return special_part(version=entry.readings[0][0], first=entry.readings[0][1], last=entry.readings[0][2])
    blocks = [
        special_part(version=version, first=first, last=last) for version, first, last in entry.spans or entry.readings
    ]
    # Of malformed text every reading must agree, or it may well be a public address badly written.
    return blocks[0] if blocks and None not in blocks else None


def _not_public_message(entry: Entry, block: Block) -> str:
    part = "holds" if any(first != last for _version, first, last in entry.spans) else "is"
    where = f"addresses of {block.prefix}" if part == "holds" else f"in {block.prefix}"
    return f'"{shown(entry.text)}" {part} {where}, {block.why}; list the address that the internet sees.'


def _too_wide(entry: Entry, owned: SpanUnion) -> str:
    if entry.kind == "everything":
        return "high"
    return max((_width(span, owned) for span in _likely(entry)), key=_SEVERITIES.index, default="")


def _likely(entry: Entry) -> tuple[Span, ...]:
    return entry.spans or entry.readings[:1]


def _width(span: Span, owned: SpanUnion) -> str:
    version, first, last = span
    count = last - first + 1
    severity = next((severity for limit, severity in _WIDTHS[version] if count <= limit), "high")
    # Only up to a /64: no provider's customer can know who else is in more than that.
    return "" if version == 6 and severity != "high" and owned.holds(*span) else severity


def _count(entry: Entry) -> str:
    version, first, last = max(_likely(entry), key=lambda span: span[2] - span[1])
    size = last - first + 1
    if size < 1 << 20:
        return f"{size} addresses"
    if size & (size - 1) == 0:
        return f"a whole /{ADDRESS_BITS[version] - size.bit_length() + 1} of IPv{version}"
    return f"more than a million IPv{version} addresses"


# --- entries among each other -----------------------------------------------------------------------------------------

_Found = dict[int, int]


def _relations(entries: Sequence[Entry]) -> tuple[_Found, _Found, _Found]:
    """Return who duplicates, lies inside and overlaps whom, by position; one sweep over sorted spans."""
    same: _Found = {}
    firsts: dict[object, int] = {}
    spans: list[tuple[int, int, int, int]] = []
    for position, entry in enumerate(entries):
        earlier = firsts.setdefault(entry.spans or entry.text, position)
        if earlier != position:
            same[position] = earlier
        else:
            spans.extend((version, first, -last, position) for version, first, last in entry.spans)
    inside: _Found = {}
    shared: _Found = {}
    reach = (0, -1, -1)  # (version, last address, position) of the entry that reaches furthest so far
    for version, first, minus_last, position in sorted(spans):
        last = -minus_last
        if version != reach[0] or first > reach[1]:
            reach = (version, last, position)
        elif last <= reach[1]:
            inside[position] = reach[2]
        else:
            shared[position] = reach[2]
            reach = (version, last, position)
    return same, inside, shared


# --- the text to paste ------------------------------------------------------------------------------------------------


def _why_not(entry: Entry, owned: SpanUnion | None) -> str:
    """Return why an entry must not be pasted, or "". ``owned`` is given for entries that are added."""
    if entry.kind in {"malformed", "masked", "everything"} or entry.problem:
        return entry.message
    block = _not_public(entry)
    if block is not None:
        return _not_public_message(entry, block)
    if owned is not None and _too_wide(entry, owned):
        return f'"{shown(entry.text)}" lets in {_count(entry)}, strangers among them; add single addresses.'
    return ""


def _may_be_in_use(entry: Entry) -> bool:
    """Tell whether an entry that is left out may be what lets some host in today."""
    if _may_be_all(entry):
        return False  # it is to go, and a note of its own says what that takes
    return bool(entry.readings) or entry.mask is not None or any(first != last for _version, first, last in entry.spans)


def _may_be_all(entry: Entry) -> bool:
    """Tell whether an entry lets everybody in, or is the empty address, which some programs read so."""
    return entry.kind == "everything" or bool(entry.spans and entry.readings)


def _notes(
    taken: Sequence[Entry], grammar: AllowlistGrammar, *, unclear: bool, open_today: bool
) -> list[tuple[bool, str]]:
    """Return what a person must know, and whether it forbids writing the list on one line."""
    notes: list[tuple[bool, str]] = []
    if unclear:
        notes.append(
            (True, "The exchange holds entries that cannot be written here: add to its list, do not replace it.")
        )
    if open_today:
        notes.append(
            (False, "The list lets everybody in today: see that every host is on the new one before you replace it.")
        )
    if is_everything(taken):
        notes.append((True, "Together these entries let everybody in: list single addresses instead."))
    if grammar.max_entries is not None and len(taken) > grammar.max_entries:
        notes.append(
            (True, f"These are {len(taken)} entries and the exchange takes {grammar.max_entries}: free some first.")
        )
    notes.extend((False, entry.message) for entry in taken if entry.message)
    return notes


def _text(parts: dict[str, list[Entry]], left_out: Sequence[tuple[str, str]], notes: Sequence[str], line: str) -> str:
    lines: list[str] = []
    for name, title in (
        ("add", "Add"),
        ("keep", "Keep"),
        ("remove_later", "Remove later, when nobody uses it any more"),
    ):
        if parts[name]:
            lines.append(f"{title}:")
            lines.extend(f"  {entry.canonical}" for entry in parts[name])
        elif name != "remove_later":
            lines.append(f"{title}: nothing")
    if left_out:
        lines.append("Left out:")
        lines.extend(f"  {reason}" for _text, reason in left_out)
    lines.extend(f"Note: {note}" for note in notes)
    if line:
        lines.append(f"The whole list: {line}")
    return "\n".join(lines)
