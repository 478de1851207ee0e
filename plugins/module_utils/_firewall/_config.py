# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's firewall is told: a JSON document, read strictly. Private: not an interface for other collections."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
import typing as t

from .._errors import InputError

OBSERVE, ENFORCE = "observe", "enforce"
MODES = (OBSERVE, ENFORCE)
PROTOCOLS = ("tcp", "udp")

#: Stands for whatever name servers the host's own resolver is set to, as a name whose addresses change.
RESOLV_CONF = "resolv.conf"

#: What name servers are asked by: plain DNS, and DNS over TLS.
RESOLVER_PORTS = (("udp", 53), ("tcp", 53), ("tcp", 853))

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_GROUP = re.compile(r"[a-z][a-z0-9_]{0,40}")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One name, or one address, with a port."""

    host: str
    protocol: str
    port: int


@dataclasses.dataclass(frozen=True)
class Group:
    """Destinations that are allowed together; for these ``users`` only, or for everybody where there are none."""

    name: str
    to: tuple[Endpoint, ...]
    users: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Inbound:
    """Ports that are open; to these networks only, or to everybody where there are none."""

    protocol: str
    ports: tuple[int, ...]
    sources: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Config:
    """All that decides the rules. ``interval`` is in seconds."""

    mode: str
    groups: tuple[Group, ...]
    inbound: tuple[Inbound, ...]
    time_users: tuple[str, ...] = ()
    ipv4_only_users: tuple[str, ...] = ()
    extra_input: tuple[str, ...] = ()
    extra_output: tuple[str, ...] = ()
    interval: float = 5.0

    def names(self) -> tuple[str, ...]:
        """Return each name once, in order. What is declared as an address needs no answer."""
        hosts = dict.fromkeys(endpoint.host for group in self.groups for endpoint in group.to)
        return tuple(host for host in hosts if not as_address(host))


def read_config(text: str) -> Config:
    """Return the configuration of a document that :func:`write_config` wrote; raises ``InputError``."""
    try:
        data = json.loads(text)
        groups = tuple(
            Group(
                name=group["name"],
                to=tuple(
                    Endpoint(host, protocol, int(port))
                    for protocol, host, port in (each.split() for each in group["to"])
                ),
                users=tuple(group["users"]),
            )
            for group in data["groups"]
        )
        inbound = tuple(
            Inbound(protocol=each["protocol"], ports=tuple(each["ports"]), sources=tuple(each["sources"]))
            for each in data["inbound"]
        )
        lists = {name: tuple(data[name]) for name in ("time_users", "ipv4_only_users", "extra_input", "extra_output")}
        found = Config(mode=data["mode"], groups=groups, inbound=inbound, interval=float(data["interval"]), **lists)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            field="the firewall's configuration",
            problem=f"cannot be read ({type(error).__name__})",
            mend="run the role egress_firewall again",
        ) from None
    check(found)
    return found


def write_config(config: Config) -> str:
    """Return the document, which a person can read and compare too."""
    data = dataclasses.asdict(config)
    data["groups"] = [
        {"name": group.name, "users": group.users, "to": [f"{to.protocol} {to.host} {to.port}" for to in group.to]}
        for group in config.groups
    ]
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def endpoint(text: str, *, field: str, protocol: str = "tcp", port: int | None = None) -> Endpoint:
    """Read ``name``, ``name:port`` or ``[address]:port``; raises ``InputError`` that names the field."""
    mend = "write a host name or one address, with the port behind it, such as api.bybit.com:443"
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/\s]+))(?::([0-9]{1,5}))?", text.strip())
    bare = text.strip() if as_address(text.strip()) else None
    if not match and not bare:
        raise InputError(field=field, value=text, problem="is no host with a port", mend=mend)
    host = bare or (match and (match[1] or match[2])) or ""
    number = int(match[3]) if match and match[3] and not bare else port
    if number is None:
        raise InputError(field=field, value=text, problem="has no port", mend=mend)
    found = Endpoint(as_address(host) or host.lower().rstrip("."), protocol, number)
    _check_endpoint(found, field=field)
    return found


def check(config: Config) -> None:
    """Raise ``InputError`` for what no rules can be made of."""
    if config.mode not in MODES:
        raise InputError(field="mode", value=config.mode, problem="is no mode", mend=f"use one of {', '.join(MODES)}")
    if not 1 <= config.interval <= 3600:
        raise InputError(
            field="refresh_seconds",
            value=str(config.interval),
            problem="is no usable interval",
            mend="use 1 to 3600 seconds",
        )
    names = [group.name for group in config.groups]
    for group in config.groups:
        if not _GROUP.fullmatch(group.name) or names.count(group.name) > 1:
            raise InputError(
                field="groups.name",
                value=group.name,
                problem="is no name of its own",
                mend="use small letters, digits and _, beginning with a letter, once each",
            )
        for each in group.to:
            _check_endpoint(each, field=f"the group {group.name}")
    for user in (
        *config.time_users,
        *config.ipv4_only_users,
        *(user for group in config.groups for user in group.users),
    ):
        if not _USER.fullmatch(user):
            raise InputError(field="users", value=user, problem="is no user name", mend="name a local user")
    for inbound in config.inbound:
        _check_inbound(inbound)
    for name, rules in (("extra_input", config.extra_input), ("extra_output", config.extra_output)):
        for rule in rules:
            _check_rule(rule, field=name)


def _check_endpoint(given: Endpoint, *, field: str) -> None:
    if given.protocol not in PROTOCOLS:
        raise InputError(field=field, value=given.protocol, problem="is no protocol", mend="use tcp or udp")
    _check_port(given.port, field=field)
    if not as_address(given.host) and (not _NAME.fullmatch(given.host) or re.fullmatch(r"[0-9.]+", given.host)):
        raise InputError(
            field=field,
            value=given.host,
            problem="is neither a host name nor one address",
            mend="write it as api.bybit.com, 192.0.2.1 or [2001:db8::1]; networks go into an extra rule",
        )


def _check_inbound(given: Inbound) -> None:
    if given.protocol not in PROTOCOLS:
        raise InputError(field="inbound", value=given.protocol, problem="is no protocol", mend="use tcp or udp")
    for port in given.ports:
        _check_port(port, field="inbound")
    for source in given.sources:
        network(source, field="inbound")


def _check_port(port: int, *, field: str) -> None:
    if not isinstance(port, int) or not 1 <= port <= 65535:
        raise InputError(field=field, value=str(port), problem="is no port", mend="use 1 to 65535")


def network(text: str, *, field: str) -> str:
    """Return a network as nftables reads it; raises ``InputError``, also where bits behind the prefix are set."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise InputError(
            field=field,
            value=text,
            problem="is no network",
            mend="write it like 192.0.2.0/24 or 2001:db8::/32, with no bits behind the prefix",
        ) from None


def _check_rule(rule: str, *, field: str) -> None:
    """Refuse what would be more than one rule of its chain; whether it is a rule at all, nft says."""
    depth = 0
    for character in rule:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0 or character in "\r\n;#\\" or not character.isprintable():
            depth = -1
            break
    if depth or not rule.strip() or rule.split(maxsplit=1)[0] in ("include", "define", "undefine", "redefine"):
        raise InputError(
            field=field,
            value=rule,
            problem="is not one nftables rule",
            mend="write one rule on one line, without semicolon, comment or backslash, with its braces closed",
        )


def as_address(text: str) -> str | None:
    """Return an address in its usual form (without the zone of a link-local one), or ``None`` for a name."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def addresses(found: t.Iterable[str]) -> tuple[str, ...]:
    """Return addresses in their usual form, sorted, each once; what is none is left out."""
    usual = {address for each in found if (address := as_address(each))}
    return tuple(sorted(usual, key=lambda each: (":" in each, each)))
