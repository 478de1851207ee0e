# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strict grammar of one allowlist entry, as people type it and exchanges show it.

Exactly one text denotes each address for us, but other programs read more: ``010.1.1.1`` is 8.1.1.1 or 10.1.1.1,
``2130706433`` is 127.0.0.1. Such text is malformed and never covers anything; what a lenient reader might take it
for is kept in ``Entry.readings``, so that a judge answers "unknown" where an exchange could have let it through.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional, Union

from .._errors import InputError
from ._rule import AllowlistGrammar

ADDRESS_BITS = {4: 32, 6: 128}

#: One address: canonical text, or an object of the standard library.
AddressLike = Union[str, ipaddress.IPv4Address, ipaddress.IPv6Address]
#: (version, first, last), both ends included.
Span = tuple[int, int, int]

# The longest sensible entry is a range of two IPv6 addresses with an IPv4 tail, 2 * 45 + 1 characters.
_LONGEST = 128
_SHOWN = 60

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")
_V6_CHARACTERS = re.compile(r"[0-9A-Fa-f:.]+")
_DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
_NUMBERS = re.compile(r"(0[xX][0-9A-Fa-f]+|[0-9]+)(\.(0[xX][0-9A-Fa-f]+|[0-9]+))*\.?")
_WILDCARD = re.compile(r"(?:[0-9]{1,3}\.){0,3}\*(?:\.\*){0,3}")
_MASKED = re.compile(
    r"[0-9A-Fa-f:.]*(?:\*[0-9A-Fa-f:.]*)+|(?=.*[xX])(?:[0-9]{1,3}|[xX]{1,3})(?:\.(?:[0-9]{1,3}|[xX]{1,3})){3}"
)
_ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f:.]{2,}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.*")
_HOST_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*\.?")
_SEPARATORS = re.compile(r"[\s,;|]+")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")


_TAKES_ALL = AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True, ranges=True)


@dataclass(frozen=True)
class Mask:
    """What a hidden entry still shows: the text before its first and after its last hidden character."""

    prefix: str
    suffix: str
    version: int | None


@dataclass(frozen=True)
class Entry:
    """One entry of an allowlist, classified.

    text: as it was given.
    kind: ``address``, ``network``, ``range``, ``masked``, ``everything`` or ``malformed``.
    problem: why it is malformed (a slug of ``PROBLEMS``), else "".
    message: one sentence that names the value and the mend; "" when there is nothing to say.
    version, first, last: the addresses that it denotes, both ends included; None when it denotes none (``malformed``,
        ``masked``) or both families (``*``).
    accepted: does the exchange take this form? None: not known.
    readings: for malformed text, and for the empty address (0.0.0.0), what a lenient reader might take it for, the
        likeliest first. Never evidence that a host is covered.
    mask: for hidden text, what is still visible.
    """

    text: str
    kind: str
    problem: str = ""
    message: str = ""
    version: int | None = None
    first: int | None = None
    last: int | None = None
    accepted: bool | None = True
    readings: tuple[Span, ...] = ()
    mask: Mask | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        """The addresses that it denotes: none, one span, or all of both families for ``*``."""
        if self.version is not None and self.first is not None and self.last is not None:
            return ((self.version, self.first, self.last),)
        return _BOTH_FAMILIES if self.kind == "everything" else ()

    @property
    def canonical(self) -> str:
        """The one way to write it; the given text where it denotes nothing."""
        if self.version is None or self.first is None or self.last is None:
            return self.text
        first = format_address(version=self.version, value=self.first)
        if self.kind == "address":
            return first
        size = self.last - self.first + 1
        if self.kind != "range" and size & (size - 1) == 0:
            return f"{first}/{ADDRESS_BITS[self.version] - size.bit_length() + 1}"
        return f"{first}-{format_address(version=self.version, value=self.last)}"


#: Every slug that ``Entry.problem`` can hold.
PROBLEMS = frozenset(
    {
        "brackets",
        "empty",
        "hex-form",
        "host-bits-set",
        "host-name",
        "integer-form",
        "invisible-character",
        "ipv6-malformed",
        "ipv6-not-accepted",
        "leading-zero",
        "mapped",
        "netmask-form",
        "network-not-accepted",
        "non-ascii",
        "non-ascii-digit",
        "not-an-address",
        "not-text",
        "octet-out-of-range",
        "port",
        "prefix-malformed",
        "prefix-out-of-range",
        "quotes",
        "range",
        "range-malformed",
        "range-reversed",
        "separator",
        "several-addresses",
        "short-form",
        "too-long",
        "too-many-parts",
        "trailing-dot",
        "url",
        "whitespace",
        "wildcard",
        "zone-id",
    }
)


def _everything(version: int) -> Span:
    return (version, 0, (1 << ADDRESS_BITS[version]) - 1)


_BOTH_FAMILIES = (_everything(4), _everything(6))


def format_address(*, version: int, value: int) -> str:
    """Return the canonical text of an address."""
    return str(ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value))


def read_address(address: AddressLike) -> tuple[int, int]:
    """Return (version, value) of exactly one address.

    Raises ``InputError`` for anything else: white space, a port, a zone, brackets, a network, leading zeros.
    """
    if isinstance(address, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return address.version, int(address)
    found = _plain_address(address) if isinstance(address, str) and len(address) <= _LONGEST else None
    if found is None:
        raise InputError(
            field="address",
            value=shown(address),
            problem="this is not one IP address",
            mend="write one such as 8.8.8.8 or 2606:4700::1111",
        )
    return found


def shown(text: object) -> str:
    """Return text fit for a message: short, on one line, with invisible and foreign characters spelled out."""
    whole = str(text)
    plain = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in whole[:_SHOWN])
    return plain if len(whole) <= _SHOWN and len(plain) <= 2 * _SHOWN else plain[:_SHOWN] + "..."


def parse_entry(text: object, *, rule: AllowlistGrammar) -> Entry:
    """Classify one entry by what the exchange accepts. Never raises for bad text, never drops it.

    ``text`` is a string; whatever else a YAML file may hold (a number, nothing) is malformed, ``not-text``.
    """
    if not isinstance(text, str):
        return _malformed(str(text)[:_LONGEST], "not-text", "is not text", "put it in quotes")
    found = _V4.fullmatch(text)
    if found is not None:  # nearly every entry, so it goes first
        value = _octets_value(found)
        return Entry(text=text, kind="address", version=4, first=value, last=value, readings=_unspecified(4, value))
    if len(text) > _LONGEST:
        return _malformed(text, "too-long", f"has {len(text)} characters", "write one address per entry")
    for check in _CHECKS:
        entry = check(text, rule)
        if entry is not None:
            return entry
    mend = "write one such as 8.8.8.8"
    return _malformed(text, "not-an-address", "is not an IP address", mend, readings=_addresses_in(text))


# --- pieces ---------------------------------------------------------------------------------------------------------


def _octets_value(found: re.Match[str]) -> int:
    a, b, c, d = found.groups()
    return (int(a) << 24) | (int(b) << 16) | (int(c) << 8) | int(d)


def _plain_address(text: str) -> tuple[int, int] | None:
    """Return (version, value) of one address in plain form, mapped ones included, or None."""
    found = _V4.fullmatch(text)
    if found is not None:
        return 4, _octets_value(found)
    if ":" not in text or _V6_CHARACTERS.fullmatch(text) is None:
        return None
    head, colon, tail = text.rpartition(":")
    if "." in tail:
        # Our own grammar reads the IPv4 tail too: the standard library's leniency there changed between versions.
        found = _V4.fullmatch(tail)
        if found is None:
            return None
        value = _octets_value(found)
        text = f"{head}{colon}{value >> 16:x}:{value & 0xFFFF:x}"
    try:
        return 6, int(ipaddress.IPv6Address(text))
    except ValueError:
        return None


def _addresses_in(text: str) -> tuple[Span, ...]:
    """Return the addresses that somebody sees in text of which nothing else can be made: ``8.8.8.8#office``."""
    pieces = _ADDRESS_LIKE.findall(text)
    found = (_plain_address(each) for piece in pieces for each in (piece, piece.strip("."), piece.rstrip(".:")))
    return tuple(dict.fromkeys((version, value, value) for version, value in filter(None, found)))


def _unspecified(version: int, value: int) -> tuple[Span, ...]:
    """Return what some programs take the empty address for: every address."""
    return (_everything(version),) if value == 0 else ()


def _sentence(text: str, what: str, mend: str) -> str:
    return f'"{shown(text)}" {what}; {mend}.'


def _malformed(
    text: str,
    problem: str,
    what: str,
    mend: str,
    *,
    accepted: bool | None = False,
    readings: tuple[Span, ...] = (),
    mask: Mask | None = None,
) -> Entry:
    return Entry(
        text=text,
        kind="malformed",
        problem=problem,
        message=_sentence(text, what, mend),
        accepted=accepted,
        readings=readings,
        mask=mask,
    )


def _malformed_around(text: str, problem: str, what: str, mend: str, *, inner: str) -> Entry:
    """Malformed text around something that a lenient reader would see: keep what that is."""
    seen = parse_entry(inner, rule=_TAKES_ALL)
    return _malformed(text, problem, what, mend, readings=seen.spans + seen.readings, mask=seen.mask)


def _all_of(*flags: bool | None) -> bool | None:
    """Three-valued and: False beats not known, not known beats True."""
    if False in flags:
        return False
    return None if None in flags else True


def _is_mapped(version: int, value: int) -> bool:
    return version == 6 and value >> 32 == 0xFFFF


def _mapped(text: str, first: int, last: int) -> Entry:
    low = (4, first & 0xFFFFFFFF, last & 0xFFFFFFFF)
    mend = f"write the IPv4 address: {format_address(version=4, value=low[1])}"
    return _malformed(text, "mapped", "is an IPv4 address in IPv6 form", mend, readings=((6, first, last), low))


# --- the checks, in order; each returns an entry when the text is its business ----------------------------------------


def _check_blank(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if text.strip():
        return None
    return _malformed(text, "empty", "is an empty entry", "delete it or write the address that is missing")


def _check_foreign(text: str, _rule: AllowlistGrammar) -> Entry | None:
    foreign = [c for c in text if not " " <= c <= "~"]
    if not foreign:
        return None
    inner = "".join(_as_ascii(c) for c in unicodedata.normalize("NFKC", text.translate(_DASHES))).strip()
    if any(unicodedata.category(c) == "Nd" for c in foreign):
        problem, what = "non-ascii-digit", "has digits that are not 0 to 9"
    elif any(c.isspace() for c in foreign):
        problem, what = "whitespace", "has white space in it"
    elif any(unicodedata.category(c) in {"Cc", "Cf"} for c in foreign):
        problem, what = "invisible-character", "has an invisible character in it"
    else:
        problem, what = "non-ascii", "has a character that no address has"
    return _malformed_around(text, problem, what, "type the address again by hand", inner=inner)


def _as_ascii(character: str) -> str:
    if " " <= character <= "~":
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return " " if character.isspace() else ""


def _check_several(text: str, _rule: AllowlistGrammar) -> Entry | None:
    pieces = [piece for piece in _SEPARATORS.split(text) if piece]
    punctuated = any(c in text for c in ",;|")
    if len(pieces) < 2 and not punctuated:
        return None
    seen = [parse_entry(piece, rule=_TAKES_ALL) for piece in pieces]
    several = sum(bool(entry.spans) for entry in seen) > 1
    if not several and not punctuated:
        return None
    problem, what = (
        ("several-addresses", "holds more than one address") if several else ("separator", "has a separator in it")
    )
    # There is room for one mask: where a piece is hidden, everything is possible.
    mask = Mask(prefix="", suffix="", version=None) if any(entry.mask for entry in seen) else None
    readings = tuple(span for entry in seen for span in entry.spans + entry.readings)
    return _malformed(text, problem, what, "write each address as an entry of its own", readings=readings, mask=mask)


def _check_space(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if " " not in text:
        return None
    mend = "write it without spaces"
    return _malformed_around(text, "whitespace", "has white space in it", mend, inner=text.replace(" ", ""))


def _check_quotes(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if not any(c in text for c in "\"'`"):
        return None
    inner = text.translate(dict.fromkeys(map(ord, "\"'`")))
    return _malformed_around(text, "quotes", "has quotation marks in it", "write it without them", inner=inner)


def _check_url(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if _URL.fullmatch(text) is None:
        return None
    inner = text.partition("://")[2].partition("/")[0]
    return _malformed_around(text, "url", "is a web address", "write the IP address alone", inner=inner)


def _check_brackets(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if "[" not in text and "]" not in text:
        return None
    inside, closing, rest = text.lstrip("[").partition("]")
    if closing and re.fullmatch(r":[0-9]*", rest):
        return _malformed_around(text, "port", "has a port", "write the address alone", inner=inside)
    inner = text.replace("[", "").replace("]", "")
    return _malformed_around(text, "brackets", "has brackets", "write the address without them", inner=inner)


def _check_star(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if text == "*":
        message = _sentence(text, "lets every address in", "list single addresses")
        return Entry(text=text, kind="everything", message=message)
    if _WILDCARD.fullmatch(text) is not None:
        return _wildcard(text)
    if ":" in text and text.endswith(":*") and text.count("*") == 1:
        # No reader is known that takes this form, so what it would mean is open.
        mend = "list single addresses"
        return _malformed(text, "wildcard", "is a wildcard", mend, mask=Mask(prefix="", suffix="", version=6))
    if _MASKED.fullmatch(text) is None:
        return None
    shown = re.split(r"[*xX]+", text)
    version = 6 if ":" in text else 4 if any(shown) else None
    what, mend = "is partly hidden by the exchange", "look the full address up on the exchange's page"
    mask = Mask(prefix=shown[0], suffix=shown[-1], version=version)
    return Entry(text=text, kind="masked", message=_sentence(text, what, mend), mask=mask)


def _wildcard(text: str) -> Entry:
    known = [part for part in text.split(".") if part != "*"]
    if any(int(part) > 255 for part in known):
        return _malformed(text, "octet-out-of-range", "has a number above 255", "look the address up again")
    what, mend = "is a wildcard", "list single addresses"
    bits = 32 - 8 * len(known)
    base = 0
    for part in known:
        base = (base << 8) | int(part)
    span = (4, base << bits, ((base + 1) << bits) - 1)
    if not known:
        message = _sentence(text, what + " for every address", mend)
        return Entry(text, "everything", "wildcard", message, *span, accepted=None)
    return _malformed(text, "wildcard", what, mend, readings=(span,))


def _check_zone(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if "%" not in text:
        return None
    inner, _percent, zone = text.partition("%")
    slash = zone.find("/")
    inner += zone[slash:] if slash >= 0 else ""
    mend = "write the address that the internet sees, without the interface"
    return _malformed_around(text, "zone-id", "names a network interface", mend, inner=inner)


def _check_network(text: str, rule: AllowlistGrammar) -> Entry | None:
    base, slash, prefix = text.partition("/")
    if not slash:
        return None
    address = _plain_address(base)
    if address is None:
        return _odd_base(text, parse_entry(base, rule=_TAKES_ALL), prefix)
    if re.fullmatch(r"0|[1-9][0-9]{0,2}", prefix) is None:
        return _odd_prefix(text, *address, prefix)
    return _network_entry(text, rule, *address, int(prefix))


def _network_entry(text: str, rule: AllowlistGrammar, version: int, value: int, prefix: int) -> Entry:
    bits = ADDRESS_BITS[version]
    alone = (version, value, value)
    if prefix > bits:
        what, mend = f"has the prefix length {prefix}", f"write a length from 0 to {bits}"
        return _malformed(text, "prefix-out-of-range", what, mend, readings=(alone,))
    first, last = _network(version, value, prefix)
    if _is_mapped(version, first) and _is_mapped(version, last):
        return _mapped(text, first, last)
    if prefix == 0:
        return _zero_prefix(text, rule, version, value)
    if first != value:
        mend = f"write {format_address(version=version, value=first)}/{prefix} or the single address"
        readings = ((version, first, last), alone)
        return _malformed(text, "host-bits-set", "names a host inside a network", mend, readings=readings)
    return _network_by_rule(text, rule, version, first, last)


def _odd_base(text: str, base: Entry, prefix: str) -> Entry:
    if base.kind == "masked" and base.mask is not None:
        # How much of what is shown belongs to the network is hidden too.
        return Entry(text=text, kind="masked", message=base.message, mask=Mask("", "", base.mask.version))
    seen = base.spans + base.readings
    problem = base.problem if base.problem and seen else "not-an-address"
    mend = "write one such as 8.8.8.0/24"
    return _malformed(text, problem, "is not a network", mend, readings=seen + _networks_of(seen, prefix))


def _network(version: int, value: int, prefix: int) -> tuple[int, int]:
    size = 1 << (ADDRESS_BITS[version] - prefix)
    first = value // size * size
    return first, first + size - 1


def _networks_of(readings: tuple[Span, ...], prefix: str) -> tuple[Span, ...]:
    """Return the networks around lenient readings of a network's address."""
    if re.fullmatch(r"[0-9]{1,3}", prefix) is None:
        return ()
    length = int(prefix)
    return tuple(
        (version, *_network(version, first, length))
        for version, first, _last in readings
        if length <= ADDRESS_BITS[version]
    )


def _odd_prefix(text: str, version: int, value: int, prefix: str) -> Entry:
    mask = _V4.fullmatch(prefix)
    alone = (version, value, value)
    if version == 4 and mask is not None:
        # Read as a netmask or as Cisco's inverse of one; both are in use, so both are possible.
        bits = _octets_value(mask)
        ends = {((value & m), (value & m) | (m ^ 0xFFFFFFFF)) for m in (bits, bits ^ 0xFFFFFFFF) if _is_netmask(m)}
        readings = (*((4, first, last) for first, last in sorted(ends)), alone)
        return _malformed(
            text, "netmask-form", "has a netmask", "write a prefix length, such as /24", readings=readings
        )
    readings = (alone, *_networks_of((alone,), prefix))
    mend = "write one such as /24, or the address alone"
    return _malformed(text, "prefix-malformed", f'has the prefix length "{shown(prefix)}"', mend, readings=readings)


def _is_netmask(bits: int) -> bool:
    inverse = bits ^ 0xFFFFFFFF
    return inverse & (inverse + 1) == 0


def _zero_prefix(text: str, rule: AllowlistGrammar, version: int, value: int) -> Entry:
    accepted = _takes_network(rule, version)
    problem = "network-not-accepted" if accepted is False else ""
    if value != 0:
        accepted, problem = (None if accepted else accepted), "host-bits-set"
    message = _sentence(text, f"lets every IPv{version} address in", "list single addresses")
    return Entry(text, "everything", problem, message, *_everything(version), accepted=accepted)


def _takes_network(rule: AllowlistGrammar, version: int) -> bool | None:
    return rule.networks_v4 if version == 4 else _all_of(rule.ipv6, rule.networks_v6)


def _network_by_rule(text: str, rule: AllowlistGrammar, version: int, first: int, last: int) -> Entry:
    accepted = _takes_network(rule, version)
    if accepted is False:
        mend = "list single addresses" if version == 4 or rule.ipv6 is not False else "list IPv4 addresses"
        what = f"is an IPv{version} network, which this exchange does not take"
        readings = ((version, first, last), *_unspecified(version, last))
        return _malformed(text, "network-not-accepted", what, mend, readings=readings)
    message = "" if accepted else _not_known(text, f"IPv{version} networks")
    return Entry(
        text, "network", "", message, version, first, last, accepted=accepted, readings=_unspecified(version, last)
    )


def _not_known(text: str, form: str) -> str:
    return _sentence(
        text,
        f"may not work: it is not known whether this exchange takes {form}",
        "list single IPv4 addresses if you can",
    )


def _check_range(text: str, rule: AllowlistGrammar) -> Entry | None:
    left, dash, right = text.partition("-")
    if not dash or (_DIGITS_AND_DOTS.fullmatch(left) is None and ":" not in left):
        return None
    start, end = _plain_address(left), _plain_address(right)
    if start is None or end is None or start[0] != end[0]:
        mend = "write both ends in full, or list single addresses"
        readings = _short_range(start, end, right)
        return _malformed(text, "range-malformed", "is not a range of addresses", mend, readings=readings)
    return _range_entry(text, rule, start[0], start[1], end[1])


def _range_entry(text: str, rule: AllowlistGrammar, version: int, first: int, last: int) -> Entry:
    span = (version, min(first, last), max(first, last))
    if _is_mapped(version, first) or _is_mapped(version, last):
        return _mapped(text, span[1], span[2])
    if first > last:
        what = "is a range that ends before it begins"
        return _malformed(text, "range-reversed", what, "swap its ends", readings=(span,))
    accepted = _all_of(rule.ranges, True if version == 4 else rule.ipv6)
    if accepted is not True:
        what = "is a range, which this exchange does not take"
        if accepted is None:
            what = "is a range, and it is not known whether this exchange takes ranges"
        return _malformed(text, "range", what, "list single addresses", accepted=accepted, readings=(span,))
    if span == _everything(version):
        message = _sentence(text, f"lets every IPv{version} address in", "list single addresses")
        return Entry(text, "everything", "", message, *span)
    return Entry(text, "range", "", "", *span)


def _short_range(start: tuple[int, int] | None, end: tuple[int, int] | None, right: str) -> tuple[Span, ...]:
    """Return what 8.8.8.8-10 and other broken ranges might be taken for."""
    readings = [(version, value, value) for version, value in filter(None, (start, end))]
    if start is not None and start[0] == 4 and re.fullmatch(r"[0-9]{1,3}", right) and int(right) <= 255:
        other = start[1] & ~0xFF | int(right)
        readings.append((4, min(start[1], other), max(start[1], other)))
    return tuple(readings)


def _check_port(text: str, _rule: AllowlistGrammar) -> Entry | None:
    left, colon, right = text.partition(":")
    if not colon or ":" in right or "." not in left:
        return None
    return _malformed_around(text, "port", "has a port", "write the address alone", inner=left)


def _check_v6(text: str, rule: AllowlistGrammar) -> Entry | None:
    if ":" not in text:
        return None
    address = _plain_address(text)
    if address is None:
        mend = "write one such as 2606:4700::1111"
        readings = _addresses_in(text)
        return _malformed(text, "ipv6-malformed", "is not an IPv6 address", mend, readings=readings)
    version, value = address
    if _is_mapped(version, value):
        return _mapped(text, value, value)
    if rule.ipv6 is False:
        what = "is an IPv6 address, and this exchange takes IPv4 only"
        mend = "make the host use IPv4 for this exchange and list its IPv4 address"
        readings = ((6, value, value), *_unspecified(6, value))
        return _malformed(text, "ipv6-not-accepted", what, mend, readings=readings)
    message = "" if rule.ipv6 else _not_known(text, "IPv6")
    return Entry(text, "address", "", message, 6, value, value, accepted=rule.ipv6, readings=_unspecified(6, value))


def _check_numbers(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if _NUMBERS.fullmatch(text) is None:
        return None
    body = text.removesuffix(".")
    parts = body.split(".")
    problem, what = _number_problem(text, parts)
    readings = _number_readings(parts)
    mend = "write four numbers from 0 to 255 without leading zeros, such as 8.8.8.8"
    return _malformed(text, problem, what, mend, readings=readings)


def _number_problem(text: str, parts: list[str]) -> tuple[str, str]:
    faults = (
        ("hex-form", "is in hexadecimal form", any(part[:2] in {"0x", "0X"} for part in parts)),
        ("integer-form", "is one number, not an address", len(parts) == 1),
        ("short-form", f"has {len(parts)} numbers only", len(parts) < 4),
        ("too-many-parts", f"has {len(parts)} numbers", len(parts) > 4),
        ("octet-out-of-range", "has a number above 255", any(_is_above_255(part) for part in parts)),
        (
            "leading-zero",
            "has a number with a leading zero, which some programs read as octal",
            any(part != _unpadded(part) for part in parts),
        ),
    )
    # Four plain numbers are an address; only the dot at the end can have brought the text here.
    return next(((slug, what) for slug, what, is_so in faults if is_so), ("trailing-dot", f'ends with "{text[-1]}"'))


def _unpadded(number: str) -> str:
    return number.lstrip("0") or "0"


def _is_above_255(number: str) -> bool:
    # int() cannot be asked: the faults are all worked out first, and a part may be hexadecimal.
    plain = _unpadded(number)
    return len(plain) > 3 or (len(plain) == 3 and plain > "255")


def _number_readings(parts: list[str]) -> tuple[Span, ...]:
    """Return what C's inet_aton and readers that ignore leading zeros make of one to four numbers."""
    found: dict[Span, None] = {}
    for octal in (True, False):
        values = [_number(part, octal=octal) for part in parts]
        numbers = [value for value in values if value is not None]
        if len(numbers) != len(parts) or len(parts) > 4:
            continue
        *high, low = numbers
        bits = 32 - 8 * len(high)
        base = 0
        for number in high:
            base = (base << 8) | number
        if all(number <= 255 for number in high) and low < 1 << bits:
            found[(4, (base << bits) | low, (base << bits) | low)] = None
        if 1 < len(parts) < 4 and all(number <= 255 for number in numbers):  # 8.8.8 taken for 8.8.8.0/24
            bits -= 8
            base = (base << 8) | low
            found[(4, base << bits, ((base + 1) << bits) - 1)] = None
    return tuple(found)


def _number(part: str, *, octal: bool) -> int | None:
    try:
        if part[:2] in {"0x", "0X"}:
            return int(part, 16)
        return int(part, 8 if octal and len(part) > 1 and part.startswith("0") else 10)
    except ValueError:  # an 8 or 9 in what would be octal
        return None


def _check_host_name(text: str, _rule: AllowlistGrammar) -> Entry | None:
    if _HOST_NAME.fullmatch(text) is None:
        return None
    return _malformed(text, "host-name", "is a name", "write the IP address, allowlists do not look names up")


_Check = Callable[[str, AllowlistGrammar], Optional[Entry]]

_CHECKS: tuple[_Check, ...] = (
    _check_blank,
    _check_foreign,
    _check_several,
    _check_space,
    _check_quotes,
    _check_url,
    _check_brackets,
    _check_star,
    _check_zone,
    _check_network,
    _check_range,
    _check_port,
    _check_v6,
    _check_numbers,
    _check_host_name,
)
