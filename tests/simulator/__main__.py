# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the simulator: `python -m tests.simulator --state-dir DIR --listen ADDR[:PORT] ...`"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from . import _ip_services
from ._app import Protocol, Service, Simulator, all_services, services_by_host
from ._ca import write_certificates
from ._control import Control
from ._state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTROL_PATH_LIMIT = 100  # a unix socket's path holds 107 bytes


class Server(uvicorn.Server):
    """uvicorn, with the signals left to us: it would end with the signal's own exit status."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--state-dir", required=True, type=Path, help="certificates, endpoints.json, control.sock")
    parser.add_argument(
        "--listen",
        action="append",
        metavar="ADDR[:PORT]",
        help="with a port: services are told apart by host name; without: each has a port of its own. "
        "Repeatable; IPv6 with a port in brackets. Default: 127.0.0.1 and ::1",
    )
    parser.add_argument("--ports-from", type=int, default=0, metavar="N", help="first own port (default: any free)")
    parser.add_argument(
        "--nat", action="append", default=[], metavar="PEER=PUBLIC", help="believe that PEER comes from PUBLIC"
    )
    parser.add_argument("--name", action="append", default=[], help="another name for the certificate")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the starting process is gone")
    return parser.parse_args(argv)


def split_listen(text: str) -> tuple[str, int | None]:
    """Return (address, port or None) of `1.2.3.4`, `1.2.3.4:443`, `::1` or `[::1]:443`."""
    if text.startswith("["):
        address, port = text[1:].split("]", 1)
        return address, int(port[1:]) if port else None
    if text.count(":") == 1:
        address, port = text.split(":")
        return address, int(port)
    return text, None


def bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    # With the protocol named, asyncio sends at once; else the body of each answer waits 40 ms for the client's kernel.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        # One socket per family, so that an IPv4 peer is never seen as a mapped address.
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind((address, port))
        bound.listen(512)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def bind_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Bind the same port on every address. With port 0: any that is free on all of them."""
    for _turn in range(50):
        bound: list[socket.socket] = []
        wanted = port
        try:
            for address in addresses:
                bound.append(bind(address, wanted))
                wanted = bound[0].getsockname()[1]
        except OSError:
            for opened in bound:
                opened.close()
            if port:
                raise
            continue
        return bound
    raise OSError("No port is free on all addresses.")


def control_socket(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o177)
    try:
        bound.bind(str(path))
    finally:
        os.umask(previous)
    bound.listen(64)
    bound.setblocking(False)
    return bound


async def serve(options: argparse.Namespace) -> None:
    directory: Path = options.state_dir
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    ready = directory / "endpoints.json"
    ready.unlink(missing_ok=True)
    if len(str(directory / "control.sock").encode()) > CONTROL_PATH_LIMIT:
        raise SystemExit(f"--state-dir: {directory} is too long for a unix socket, use a shorter path.")

    listen = [split_listen(text) for text in options.listen or ("127.0.0.1", "::1")]
    own_port = [address for address, port in listen if port is None]
    sockets = [bind(address, port) for address, port in listen if port is not None]
    ports: dict[int, Service] = {}
    if own_port:
        for index, service in enumerate(all_services().values()):
            bound = bind_all(own_port, options.ports_from + index if options.ports_from else 0)
            ports[bound[0].getsockname()[1]] = service
            sockets += bound

    addresses = [address for address, _port in listen if not ipaddress.ip_address(address).is_unspecified]
    names = [*services_by_host(), *_ip_services.NAMES, *options.name, "localhost", *addresses]
    certificate, key = write_certificates(directory=directory, names=names)

    endpoints: dict[str, Any] = {
        "pid": os.getpid(),
        "ca_file": str(directory / "ca.pem"),
        "addresses": own_port,
        "ports": {service.name: port for port, service in ports.items()},
    }
    state = State(nat=dict(pair.split("=", 1) for pair in options.nat))
    common: dict[str, Any] = {
        "lifespan": "off",
        "log_level": "warning",
        "timeout_graceful_shutdown": 1,
        "access_log": False,
        "proxy_headers": False,  # or X-Forwarded-For would choose the peer
    }
    servers = (
        Server(
            uvicorn.Config(
                Simulator(state=state, ports=ports).app,
                http=Protocol,
                ws="none",
                ssl_certfile=certificate,
                ssl_keyfile=key,
                server_header=False,
                date_header=False,  # the exchange's own clock tells
                **common,
            )
        ),
        Server(uvicorn.Config(Control(state=state, endpoints=endpoints).app, **common)),
    )

    def stop() -> None:
        # Answers that never end are cut off now, which is no error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        for server in servers:
            server.should_exit = True
            server.force_exit = True

    parent = os.getppid()
    loop = asyncio.get_running_loop()

    def watch_parent() -> None:
        if os.getppid() == parent:
            loop.call_later(1, watch_parent)
        else:
            stop()

    if options.exit_with_parent:
        watch_parent()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    control = directory / "control.sock"
    running = asyncio.gather(servers[0].serve(sockets=sockets), servers[1].serve(sockets=[control_socket(control)]))
    while not all(server.started for server in servers) and not running.done():
        await asyncio.sleep(0.01)
    temporary = directory / "endpoints.json.new"
    temporary.write_text(json.dumps(endpoints, indent=1))
    temporary.replace(ready)
    try:
        await running
    finally:
        ready.unlink(missing_ok=True)
        control.unlink(missing_ok=True)


def main() -> None:
    options = arguments()
    try:
        asyncio.run(serve(options))
    except OSError as exc:
        sys.exit(f"The simulator cannot listen: {exc.strerror or exc}.")


if __name__ == "__main__":
    main()
