# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python side of the simulator's control interface, for tests and the lab.

with Simulator.start(nat={"127.0.0.1": "91.198.115.11"}) as simulator:
    key = simulator.create_key("bybit", permissions="spot-trade", allowlist=["91.198.115.11"])
    ... talk to simulator.base_url("bybit") trusting simulator.ca_file ...
    assert simulator.requests(exchange="bybit")[-1].code is None
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

CHECKOUT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


class SimulatorError(Exception):
    """The simulator did not start, or refused a control call; the text says why."""


@dataclass(frozen=True)
class SimulatedKey:
    """A key as created. Times are Unix milliseconds; `allowlist` None means unrestricted."""

    exchange: str
    key: str
    secret: str = field(repr=False)
    passphrase: str | None = field(repr=False)
    environment: str
    region: str
    label: str
    permissions: Any
    allowlist: list[str] | None
    created_at: int
    expires_at: int | None
    account_id: str
    parent_id: str | None
    extra: dict[str, Any]
    revoked: bool
    last_nonce: int


@dataclass(frozen=True)
class SeenRequest:
    """A request the simulator saw. Only names of headers and query fields are kept, `had` says what was there.

    `peer` is the address it came from, `seen_as` the one the exchange believes (after --nat), `code` the refusal's
    code, `fault:<kind>` for a spoiled answer, None for a good one.
    """

    at_ms: int
    service: str
    exchange: str | None
    host: str
    method: str
    path: str
    query: list[str]
    headers: list[str]
    user_agent: str
    body_bytes: int
    peer: str
    seen_as: str
    label: str | None
    had: dict[str, bool]
    status: int
    code: str | None


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("simulator", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Simulator:
    """A running simulator. Make one with `start` (own process) or `attach` (somebody else's)."""

    def __init__(self, *, state_dir: Path, process: subprocess.Popen[bytes] | None = None, owned: bool = False) -> None:
        self.state_dir = state_dir
        self._process = process
        self._owned = owned
        self._endpoints: dict[str, Any] = {}

    @classmethod
    def start(
        cls,
        *,
        nat: Mapping[str, str] | None = None,
        listen: Sequence[str] = ("127.0.0.1", "::1"),
        names: Sequence[str] = (),
        ports_from: int = 0,
        state_dir: Path | None = None,
    ) -> Simulator:
        """Start a process and wait until it answers. Use as a context manager, or call `stop`."""
        # Not pytest's own directory: a unix socket's path must be short.
        directory = (state_dir or Path(tempfile.mkdtemp(prefix="simulator-"))).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        # Also when this process is killed, nothing is left behind.
        command = [sys.executable, "-m", "tests.simulator", "--exit-with-parent", "--state-dir", str(directory)]
        command += [f"--listen={address}" for address in listen]
        command += [f"--nat={peer}={public}" for peer, public in (nat or {}).items()]
        command += [f"--name={name}" for name in names]
        command += [f"--ports-from={ports_from}"] if ports_from else []
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=CHECKOUT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        simulator = cls(state_dir=directory, process=process, owned=state_dir is None)
        try:
            simulator._await_ready()
        except BaseException:
            simulator.stop()
            raise
        return simulator

    @classmethod
    def attach(cls, state_dir: Path | str) -> Simulator:
        """Return a client of a simulator that is already running; `stop` leaves it running."""
        simulator = cls(state_dir=Path(state_dir))
        simulator._await_ready()
        return simulator

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        ready = self.state_dir / "endpoints.json"
        while not ready.exists():
            if self._process is not None and self._process.poll() is not None:
                raise SimulatorError(f"The simulator ended with {self._process.returncode}: {self._log()}")
            if time.monotonic() > deadline:
                raise SimulatorError(f"{ready} did not appear within {START_TIMEOUT_S:.0f} s: {self._log()}")
            time.sleep(0.02)
        self._endpoints = json.loads(ready.read_text())

    def _log(self) -> str:
        log = self.state_dir / "log"
        return log.read_text()[-2000:] if log.exists() else "no log"

    def stop(self) -> None:
        """End the process this object started, and remove its directory. Safe to call again."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._owned:
            shutil.rmtree(self.state_dir, ignore_errors=True)

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return int(self._endpoints["pid"])

    @property
    def ca_file(self) -> str:
        """The PEM file of the authority that signed the simulator's certificate."""
        return str(self.state_dir / "ca.pem")

    def _url(self, service: str, *, family: int) -> str:
        ports = self._endpoints["ports"]
        if service not in ports:
            raise SimulatorError(f"service: {service!r} is not one of {', '.join(sorted(ports)) or 'none'}.")
        host = {4: "127.0.0.1", 6: "[::1]"}[family]
        return f"https://{host}:{ports[service]}"

    def base_url(self, exchange: str, *, environment: str = "mainnet", region: str = "global", family: int = 4) -> str:
        """Return the loopback URL of an exchange's site, without a trailing slash.

        Where a header tells the environments apart (Bitget, OKX demo) every environment has the same URL.
        """
        parts = [exchange] + [part for part in (environment, region) if part not in ("mainnet", "global")]
        service = "-".join(parts)
        if service not in self._endpoints["ports"] and environment == "demo":
            service = "-".join(part for part in parts if part != "demo")
        return self._url(service, family=family)

    def ip_service_url(self, service: str = "plain", *, shape: str | None = None, family: int = 4) -> str:
        """Return the URL of an IP service: plain json trace echo1..echo12, or a misbehaving one.

        `shape` (plain, json, trace) asks any of them for another answer than its own.
        """
        path = {None: "/", "plain": "/ip", "json": "/json", "trace": "/cdn-cgi/trace"}[shape]
        return self._url(service, family=family) + path

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        with contextlib.closing(_UnixConnection(self.state_dir / "control.sock")) as connection:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read())
        if response.status != 200:
            raise SimulatorError(answer["error"])
        return answer

    def create_key(
        self,
        exchange: str,
        *,
        permissions: Any = "spot-trade",
        allowlist: Sequence[str] | None = None,
        environment: str = "mainnet",
        region: str = "global",
        label: str = "simulated",
        created_at: int | None = None,
        expires_at: int | None = None,
        days_left: float | None = None,
        account_id: str | None = None,
        parent_id: str | None = None,
        passphrase: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> SimulatedKey:
        """Create a key; key, secret and passphrase are made in the exchange's own shape unless given.

        `permissions`: a preset (read-only, spot-trade, futures-trade, withdraw, none) or the exchange's raw form.
        `allowlist`: entries in the exchange's own spelling, None for no restriction. `parent_id`: makes it the key
        of a sub-account. `extra` is merged over the introspection answer. Times are Unix milliseconds.
        """
        wanted = {
            "exchange": exchange,
            "permissions": permissions,
            "allowlist": None if allowlist is None else list(allowlist),
            "environment": environment,
            "region": region,
            "label": label,
            "created_at": created_at,
            "expires_at": expires_at,
            "days_left": days_left,
            "account_id": account_id,
            "parent_id": parent_id,
            "passphrase": passphrase,
            "key": key,
            "secret": secret,
            "extra": dict(extra or {}),
        }
        return SimulatedKey(**self._call("POST", "/keys", wanted))

    def update_key(self, key: SimulatedKey, **changes: Any) -> None:
        """Change allowlist, label, revoked, expires_at, permissions, passphrase, created_at or extra."""
        self._call("PATCH", f"/keys/{key.exchange}/{key.key}", changes)

    def list_keys(self) -> list[dict[str, Any]]:
        """Return every key, without secrets."""
        return list(self._call("GET", "/keys"))

    def requests(self, *, exchange: str | None = None, service: str | None = None) -> list[SeenRequest]:
        """Return the requests seen so far, oldest first."""
        seen = [SeenRequest(**entry) for entry in self._call("GET", "/requests")]
        return [
            entry
            for entry in seen
            if (exchange is None or entry.exchange == exchange) and (service is None or entry.service == service)
        ]

    def clear_requests(self) -> None:
        self._call("DELETE", "/requests")

    def set_clock_skew(self, skew_ms: int, *, exchange: str | None = None) -> None:
        """Put the clock of one exchange, or of all, `skew_ms` ahead of this machine's."""
        self._call("PUT", "/clock", {"exchange": exchange, "skew_ms": skew_ms})

    def set_latency(self, latency_ms: int, *, exchange: str | None = None) -> None:
        """Let each answer of one exchange, or of all, take this long. What was asked is written down at once."""
        self._call("PUT", "/latency", {"exchange": exchange, "latency_ms": latency_ms})

    def fault(self, target: str, kind: str, *, path: str = "/", **options: Any) -> None:
        """Spoil answers of an exchange, a service, a host name or `*`.

        Kinds: status (with status, retry_after, body, media_type), empty, truncated, cut, html, wrong_type, body,
        huge, gzip_bomb, endless, slow (delay_s), redirect (location, status), reset. `times`: how many answers.
        """
        self._call("POST", "/faults", {"target": target, "kind": kind, "path": path, **options})

    def clear_faults(self) -> None:
        """Forget planned faults, refusals and misbehaving IP services."""
        self._call("DELETE", "/faults")

    def refuse_next(
        self, exchange: str, code: str, *, times: int = 1, text: str | None = None, any_call: bool = False
    ) -> None:
        """Answer the next signed call(s) to an exchange with this code's own status and text.

        `any_call`: unsigned calls too. `text`: another text with the same code.
        """
        wanted = {"exchange": exchange, "code": code, "times": times, "text": text, "any_call": any_call}
        self._call("POST", "/refusals", wanted)

    def set_echo(self, target: str, kind: str, *, addresses: Sequence[str] = ()) -> None:
        """Make an IP service (by service or host name) honest, lying, two, rotating, slow, ...: see the README."""
        self._call("PUT", "/echo", {"target": target, "kind": kind, "addresses": list(addresses)})

    def set_nat(self, nat: Mapping[str, str]) -> None:
        """Replace the table of peer address -> address the simulator believes it sees."""
        self._call("PUT", "/nat", dict(nat))

    def set_bans(self, *, enabled: bool) -> None:
        """Start or end ban mode, and forget earlier bans."""
        self._call("PUT", "/bans", {"enabled": enabled})

    def bans(self) -> dict[str, Any]:
        """Return {"enabled", "banned": [[exchange, address]], "locked": [[exchange, address or key]]}."""
        return dict(self._call("GET", "/bans"))

    def reset(self) -> None:
        """Forget keys, requests, faults, skew and bans; the NAT table stays."""
        self._call("POST", "/reset")
