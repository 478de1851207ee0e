# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server in the lab's services namespace, for names whose addresses change or that stop resolving.

with Dns(lab) as dns:  # every host asks it for what is not in its /etc/hosts
    dns.answer("api.bybit.com", "91.198.120.40")
    dns.fail("api.bybit.com")
"""

from __future__ import annotations

import ipaddress
import json
import os
import socketserver
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Self

from . import _cgroup
from ._spec import CHECKOUT, RUN_DIR, SERVICES_NETNS, SERVICES_V4
from ._tools import run, wait_for

if TYPE_CHECKING:
    from types import TracebackType

    from ._lab import Lab

GROUP = "dns"
ADDRESS = SERVICES_V4[0]
#: More addresses of the simulator: a name can move from one to the other.
MOVES = tuple(f"91.198.120.{number}" for number in range(40, 60))
#: Another of its addresses, for a name that nobody declares.
ELSEWHERE = "91.198.120.60"

_ZONE = RUN_DIR / "zone.json"
_NOERROR, _SERVFAIL, _NXDOMAIN = 0, 2, 3
_TYPES = {1: 4, 28: 6}

_MOVED = f"""
table ip moved
delete table ip moved
table ip moved {{
  chain prerouting {{
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr {{ {MOVES[0]}-{MOVES[-1]}, {ELSEWHERE} }} dnat to {ADDRESS}
  }}
}}
"""
_ENTER = 'group=$1/server; shift; mkdir -p "$group" && echo 0 > "$group/cgroup.procs" && exec "$@"'


class Dns:
    """The server, as tests see it."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._zone: dict[str, list[str] | None] = {}

    def __enter__(self) -> Self:
        self._write()
        run(
            ["ip", "-n", SERVICES_NETNS, "-batch", "-"],
            text_input="".join(f"addr replace {address}/24 dev uplink\n" for address in (*MOVES, ELSEWHERE)),
        )
        run(["ip", "netns", "exec", SERVICES_NETNS, "nft", "-f", "-"], text_input=_MOVED)
        group = _cgroup.create(GROUP)[0]
        subprocess.run(
            [
                *("setsid", "--fork", "sh", "-c", _ENTER, "trading-hosts-lab", str(group)),
                *("ip", "netns", "exec", SERVICES_NETNS, sys.executable, "-m", "tests.lab._dns"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            cwd=CHECKOUT,
        )
        wait_for(lambda: ":53 " in self._listening(), what="the name server", timeout=10)
        for host in self._lab.hosts.values():
            text = f"nameserver {ADDRESS}\noptions timeout:1 attempts:2\n"
            (host.root / "etc/resolv.conf").write_text(text)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in self._lab.hosts.values():
            (host.root / "etc/resolv.conf").unlink(missing_ok=True)
        _cgroup.kill(GROUP)

    @staticmethod
    def _listening() -> str:
        return run(["ip", "netns", "exec", SERVICES_NETNS, "ss", "-Hlun"]).stdout

    def answer(self, name: str, *addresses: str) -> None:
        """Let the name have exactly these addresses from the next question on; without any, it has none."""
        self._zone[name] = list(addresses)
        self._write()

    def fail(self, name: str) -> None:
        """Let every question for the name end in a failure of the server."""
        self._zone[name] = None
        self._write()

    def _write(self) -> None:
        scratch = _ZONE.with_suffix(".new")
        scratch.write_text(json.dumps(self._zone))
        os.replace(scratch, _ZONE)


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, socket = self.request
        socket.sendto(reply(data, zone=json.loads(_ZONE.read_text())), self.client_address)


def reply(question: bytes, *, zone: dict[str, list[str] | None]) -> bytes:
    """Return the answer to one question for A or AAAA."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode().lower())
        at += 1 + question[at]
    (kind,) = struct.unpack_from(">H", question, at + 1)
    asked = question[12 : at + 5]
    name = ".".join(labels)
    held = zone.get(name, [])
    code = _SERVFAIL if held is None else _NOERROR if name in zone else _NXDOMAIN
    found = [ipaddress.ip_address(each).packed for each in held or ()]
    found = [each for each in found if len(each) == {4: 4, 6: 16}.get(_TYPES.get(kind, 0))]
    # The name is that of the question; it may be kept for no time at all.
    records = [struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(each)) + each for each in found]
    head = question[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(records), 0, 0)
    return head + asked + b"".join(records)


if __name__ == "__main__":
    with socketserver.ThreadingUDPServer((ADDRESS, 53), _Handler) as server:
        server.serve_forever()
