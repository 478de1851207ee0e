# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module ``egress_firewall``, and the configuration that they make. Private to this collection."""

from __future__ import annotations

import ipaddress
import typing as t

from .._errors import InputError
from ._apt import apt_mirrors
from ._config import (
    MODES,
    OBSERVE,
    PROTOCOLS,
    RESOLV_CONF,
    RESOLVER_PORTS,
    Config,
    Endpoint,
    Group,
    Inbound,
    as_address,
    check,
    endpoint,
    network,
)
from ._ssh import Connection

ARGUMENT_SPEC: t.Mapping[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "confirmed", "absent"], "default": "present"},
    "mode": {"type": "str", "choices": list(MODES), "default": OBSERVE},
    "exchanges": {"type": "list", "elements": "str", "default": []},
    "destinations": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "to": {"type": "list", "elements": "str", "required": True},
            "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "tcp"},
            "users": {"type": "list", "elements": "str", "default": []},
        },
    },
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "mirrors": {"type": "list", "elements": "str"},
    "mirror_users": {"type": "list", "elements": "str", "default": ["root", "_apt"]},
    "ip_sources": {"type": "list", "elements": "str", "default": []},
    "ip_source_users": {"type": "list", "elements": "str", "default": []},
    "time_users": {
        "type": "list",
        "elements": "str",
        "default": ["_chrony", "chrony", "systemd-timesync", "ntpsec", "ntp"],
    },
    "ipv4_only_users": {"type": "list", "elements": "str", "default": []},
    "ssh_ports": {"type": "list", "elements": "int", "default": []},
    "ssh_from": {"type": "list", "elements": "str", "default": []},
    "inbound": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "ports": {"type": "list", "elements": "int", "required": True},
            "protocol": {"type": "str", "choices": list(PROTOCOLS), "default": "tcp"},
            "sources": {"type": "list", "elements": "str", "default": []},
        },
    },
    "extra_input": {"type": "list", "elements": "str", "default": []},
    "extra_output": {"type": "list", "elements": "str", "default": []},
    "refresh_seconds": {"type": "float", "default": 5.0},
    "rollback_after": {"type": "int", "default": 60},
}


def read_options(
    params: t.Mapping[str, t.Any], *, ssh_ports: t.Sequence[int], came_by: Connection | None, sources: t.Sequence[str]
) -> Config:
    """Return the configuration; raises ``InputError``.

    ``ssh_ports`` and ``came_by`` are what was found on the host; ``sources`` are the texts of its apt sources, of the
    lists of mirrors that these name, and of apt's whole configuration, which may name proxies.
    """
    groups = [
        _resolvers(params["resolvers"]),
        Group("exchanges", _endpoints(params["exchanges"], field="exchanges")),
        Group("mirrors", _mirrors(params["mirrors"], sources), tuple(params["mirror_users"])),
        *_ip_sources(params),
        *(
            Group(
                f"destinations_{number}",
                _endpoints(given["to"], field=f"destinations[{number}].to", protocol=given["protocol"]),
                tuple(given["users"]),
            )
            for number, given in enumerate(params["destinations"])
        ),
    ]
    config = Config(
        mode=params["mode"],
        groups=tuple(group for group in groups if group.to),
        inbound=(
            Inbound(
                "tcp",
                tuple(sorted({*ssh_ports, *params["ssh_ports"]})),
                _networks(params["ssh_from"], field="ssh_from"),
            ),
            *(
                Inbound(
                    given["protocol"],
                    tuple(given["ports"]),
                    _networks(given["sources"], field=f"inbound[{number}].sources"),
                )
                for number, given in enumerate(params["inbound"])
            ),
        ),
        time_users=tuple(params["time_users"]),
        ipv4_only_users=tuple(params["ipv4_only_users"]),
        extra_input=tuple(rule.strip() for rule in params["extra_input"]),
        extra_output=tuple(rule.strip() for rule in params["extra_output"]),
        interval=params["refresh_seconds"],
    )
    _check_client(config.inbound[0].sources, came_by)
    if not 10 <= params["rollback_after"] <= 3600:
        raise InputError(
            field="rollback_after",
            value=str(params["rollback_after"]),
            problem="is no usable time",
            mend="use 10 to 3600 seconds",
        )
    check(config)
    return config


def _resolvers(given: t.Sequence[str]) -> Group:
    hosts = [RESOLV_CONF]
    if given:
        hosts = [endpoint(each, field="resolvers", port=53).host for each in given]
        for host in hosts:
            if not as_address(host):
                raise InputError(
                    field="resolvers",
                    value=host,
                    problem="is no address",
                    mend="name servers have no name before there are name servers; write their addresses",
                )
    return Group(
        "resolvers", tuple(Endpoint(host, protocol, port) for host in hosts for protocol, port in RESOLVER_PORTS)
    )


def _ip_sources(params: t.Mapping[str, t.Any]) -> t.Iterator[Group]:
    """Yield the group; none for nobody, because a group without users is everybody's."""
    if params["ip_source_users"]:
        to = _endpoints(params["ip_sources"], field="ip_sources")
        yield Group("ip_sources", to, tuple(params["ip_source_users"]))


def _mirrors(given: t.Sequence[str] | None, sources: t.Sequence[str]) -> tuple[Endpoint, ...]:
    if given is not None:
        return _endpoints(given, field="mirrors")
    return tuple(endpoint(each, field="apt's sources or proxies on this host") for each in apt_mirrors(sources))


def _endpoints(given: t.Sequence[str], *, field: str, protocol: str = "tcp") -> tuple[Endpoint, ...]:
    port = 443 if protocol == "tcp" else None
    return tuple(dict.fromkeys(endpoint(each, field=field, protocol=protocol, port=port) for each in given))


def _networks(given: t.Sequence[str], *, field: str) -> tuple[str, ...]:
    return tuple(network(each, field=field) for each in given)


def _check_client(networks: t.Sequence[str], came_by: Connection | None) -> None:
    """Refuse rules that are known to cut off whoever brings them."""
    if not networks or came_by is None:
        return
    try:
        client = ipaddress.ip_address(came_by.client)
    except ValueError:
        return
    client = getattr(client, "ipv4_mapped", None) or client
    if not any(client in ipaddress.ip_network(each) for each in networks):
        raise InputError(
            field="ssh_from",
            value=", ".join(networks),
            problem=f"does not hold {client}, from where this connection comes",
            mend="add it",
        )
