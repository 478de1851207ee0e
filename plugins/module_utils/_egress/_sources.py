# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is asked which address this host is seen from. Private to this collection.

A source is believed only together with others, and sources are counted by the owner of the network that answers,
not by their names: several well-known names are one content network.

The default sources were chosen on 2026-11-22 from public documentation and public programs that use them. They could
not be called from the machine they were chosen on: shape and owner are read, not measured. ``docs/public_ip.md`` has
the table with what was read where, and the names that were left out. A source that has changed costs nothing: its
answer is then no address, and it does not count.
"""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import urlsplit

from .._errors import InputError
from .._facts import FAMILIES

SHAPES = ("plain", "trace", "json")
#: More sources than this in one list is a mistake; each one is asked in a thread of its own.
MAX_SOURCES = 32
LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")


@dataclasses.dataclass(frozen=True)
class Source:
    """One place that answers with the caller's address.

    ``network`` is the owner of the network that answers, the unit that is counted. ``shape`` is ``plain`` (the
    address and nothing else), ``trace`` (Cloudflare's ``cdn-cgi/trace``: the lines ``ip=`` and ``h=`` are read, and
    ``h`` must be the host that was asked) or ``json`` (``field`` is the dotted path of the address). ``kind`` is
    ``echo``, or ``exchange`` for a host name of an exchange.
    """

    name: str
    url: str
    network: str
    families: tuple[str, ...] = FAMILIES
    shape: str = "plain"
    field: str | None = None
    kind: str = "echo"


#: Seven network owners for each family. The last one is no further vote: it is the path to an exchange's own name.
DEFAULT_SOURCES: tuple[Source, ...] = (
    Source("cloudflare", "https://www.cloudflare.com/cdn-cgi/trace", "Cloudflare", shape="trace"),
    Source("amazon", "https://checkip.amazonaws.com/", "Amazon", families=("ipv4",)),
    Source("amazon-dualstack", "https://checkip.global.api.aws/", "Amazon", families=("ipv6",)),
    Source("akamai", "https://whatismyip.akamai.com/", "Akamai"),
    Source("hetzner", "https://ip.hetzner.com/", "Hetzner"),
    Source("ripe", "https://stat.ripe.net/data/whats-my-ip/data.json", "RIPE NCC", shape="json", field="data.ip"),
    Source(
        "mullvad-ipv4",
        "https://ipv4.am.i.mullvad.net/json",
        "31173 Services",
        families=("ipv4",),
        shape="json",
        field="ip",
    ),
    Source(
        "mullvad-ipv6",
        "https://ipv6.am.i.mullvad.net/json",
        "31173 Services",
        families=("ipv6",),
        shape="json",
        field="ip",
    ),
    Source("ifconfig.me", "https://ifconfig.me/ip", "Google"),
    Source("okx", "https://www.okx.com/cdn-cgi/trace", "Cloudflare", shape="trace", kind="exchange"),
)


def owner(network: str) -> str:
    """Return the form of an owner's name by which votes are counted: case and spaces make no second owner."""
    return " ".join(network.split()).casefold()


def read_sources(data: t.Sequence[t.Mapping[str, t.Any]], *, environment: str) -> tuple[Source, ...]:
    """Return the sources that a person listed under ``sources``; raises ``InputError``."""
    if len(data) > MAX_SOURCES:
        raise InputError(field="sources", problem=f"has {len(data)} entries", mend=f"list at most {MAX_SOURCES}")
    sources: list[Source] = []
    for index, given in enumerate(data):
        source = _read(given, where=f"sources[{index}]", environment=environment)
        if any(source.name == other.name for other in sources):
            raise InputError(
                field=f"sources[{index}].name",
                value=source.name,
                problem="is there twice",
                mend="name each source once",
            )
        sources.append(source)
    return tuple(sources)


def _read(given: t.Mapping[str, t.Any], *, where: str, environment: str) -> Source:
    name, network = str(given["name"]).strip(), str(given["network"]).strip()
    for field, value in (("name", name), ("network", network)):
        if not value:
            raise InputError(
                field=f"{where}.{field}", problem="is empty", mend="votes are counted by it, so write it out"
            )
    url = str(given["url"])
    check_url(url, field=f"{where}.url", environment=environment)
    shape, path = given.get("shape") or "plain", given.get("field") or None
    if shape == "json" and not path:
        raise InputError(
            field=f"{where}.field",
            problem="is missing",
            mend="say where the address is in the JSON answer, like ip or data.ip",
        )
    if shape != "json" and path:
        raise InputError(
            field=f"{where}.field", value=str(path), problem=f"means nothing for shape {shape}", mend="leave it out"
        )
    families = tuple(f for f in FAMILIES if f in (given.get("families") or FAMILIES))
    return Source(name, url, network, families=families, shape=shape, field=path, kind=given.get("kind") or "echo")


def check_url(url: str, *, field: str, environment: str) -> None:
    """Refuse a URL that is not HTTPS (plain HTTP: to loopback only, and only in environment ``custom``)."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise InputError(field=field, problem="is not a URL", mend="write it like https://ip.example.net/") from None
    if parts.username is not None or parts.password is not None:
        # The value holds a password, so it is not shown.
        raise InputError(
            field=field, problem="holds a user name or password", mend="an IP source needs none, leave it out"
        )
    if not host:
        raise InputError(field=field, value=url, problem="names no host", mend="write it like https://ip.example.net/")
    if parts.scheme == "https":
        return
    if parts.scheme == "http" and environment == "custom" and host in LOOPBACK_NAMES:
        return
    raise InputError(
        field=field,
        value=url,
        problem="is not HTTPS, so anybody on the way could answer",
        mend="use https:// (plain http:// is for loopback only, with environment: custom)",
    )
