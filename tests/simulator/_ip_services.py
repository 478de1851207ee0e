# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IP echo services in the real ones' answer shapes, honest and not."""

from __future__ import annotations

import ipaddress
import json

# What a service can do instead of telling the caller's address.
ECHO_KINDS = (
    "honest",
    "lying",
    "two",
    "slow",
    "huge",
    "endless",
    "redirecting",
    "captive",
    "private",
    "mapped",
    "empty",
    "rotating",
    "error",
)

# Names that tests of many sources use at once: each is a service of its own on loopback.
HONEST = ("plain", "json", "trace", *(f"echo{number}" for number in range(1, 13)))
MISBEHAVING = tuple(kind for kind in ECHO_KINDS if kind != "honest")
SERVICES = HONEST + MISBEHAVING

# The names real services have, for the certificate.
NAMES = (
    "www.cloudflare.com",
    "one.one.one.one",
    "checkip.amazonaws.com",
    "checkip.global.api.aws",
    "whatismyip.akamai.com",
    "ip.hetzner.com",
    "stat.ripe.net",
    "ip.me",
    "am.i.mullvad.net",
    "ipv4.am.i.mullvad.net",
    "ipv6.am.i.mullvad.net",
    "ifconfig.me",
    "ifconfig.co",
    "myip.dnsomatic.com",
    "ident.me",
    "v4.ident.me",
    "v6.ident.me",
    "api.ipify.org",
    "api4.ipify.org",
    "api6.ipify.org",
    "api64.ipify.org",
    "icanhazip.com",
    "ipv4.icanhazip.com",
    "ipv6.icanhazip.com",
    "ipinfo.io",
    "v6.ipinfo.io",
    "wtfismyip.com",
)

# Globally routable, and nobody's in the lab: what a service says that does not tell the caller's own address.
LIES = {4: "91.198.115.250", 6: "2a01:4f8:0:a0a1::250"}
PRIVATE = {4: "192.168.1.10", 6: "fd00::10"}

CAPTIVE_PORTAL = """<!DOCTYPE html>
<html><head><title>Welcome to Airport WiFi</title></head>
<body><h1>Please sign in</h1><p>Your address is 10.20.30.40.</p><a href="/login">Continue</a></body></html>
"""

RIPE_PATH = "/data/whats-my-ip/data.json"
LANDING = {RIPE_PATH, "/", "/ip", "/text", "/raw", "/ip.txt", "/json", "/all.json", "/cdn-cgi/trace", "/ip/"}


def shape_of(*, service: str, path: str, query: str) -> str | None:
    """Return `trace`, `json`, `ripe` or `plain`; None: there is no such page."""
    if path not in LANDING:
        return None
    if path == RIPE_PATH:
        return "ripe"
    if path == "/cdn-cgi/trace" or (service == "trace" and path == "/"):
        return "trace"
    if path in ("/json", "/all.json") or "format=json" in query or (service == "json" and path == "/"):
        return "json"
    return "plain"


def render(*, addresses: list[str], shape: str, host: str, at_ms: int) -> tuple[str, str]:
    """Return (body, media type) of an answer that names these addresses."""
    if shape == "json":
        return json.dumps({"ip": ", ".join(addresses)}), "application/json"
    if shape == "ripe":
        return json.dumps({"status": "ok", "data": {"ip": ", ".join(addresses)}}), "application/json"
    if shape == "trace":
        lines = ["fl=463f111", f"h={host}", *(f"ip={address}" for address in addresses)]
        lines += [f"ts={at_ms / 1000:.3f}", "visit_scheme=https", "uag=simulated", "colo=FRA", "sliver=none"]
        lines += ["http=http/1.1", "loc=DE", "tls=TLSv1.3", "sni=plaintext", "warp=off", "gateway=off", "rbi=off"]
        return "\n".join([*lines, "kex=X25519"]) + "\n", "text/plain"
    return "".join(f"{address}\n" for address in addresses), "text/plain"


def named_addresses(*, kind: str, seen: str, given: list[str], turn: int) -> list[str]:
    """Return the addresses an answer of this kind names to a caller seen as `seen`; `turn` counts its answers."""
    version = ipaddress.ip_address(seen).version
    if kind == "two":
        return given or [seen, LIES[version]]
    if kind == "rotating":
        base = ipaddress.ip_address(LIES[version])
        return [given[turn % len(given)] if given else str(base - 200 + turn % 200)]
    if kind == "mapped":
        return given[:1] or [f"::ffff:{seen}" if version == 4 else "::ffff:91.198.115.11"]
    defaults = {"lying": LIES[version], "private": PRIVATE[version]}
    return given[:1] or [defaults.get(kind, seen)]
