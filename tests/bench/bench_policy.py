# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long judging takes, whole processes with their start: `python -m tests.bench.bench_policy [--keys 10000]`.

Three plays on localhost: an empty one, 500 keys inline, and many keys from files. Prints seconds and peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

from tests.collection import collections_directory

NOW = "2026-11-22T07:30:00Z"
#: What each exchange grants at least to a key that trades spot.
_GRANTS = {
    "bybit": ["read", "spot_trade", "margin_trade"],
    "bitget": ["read", "spot_trade"],
    "okx": ["read", "spot_trade", "margin_trade", "borrow", "futures_trade", "options_trade", "transfer_own"],
    "binance": ["read", "spot_trade", "margin_trade"],
}
_EXCHANGES = tuple(_GRANTS)


def address(host: str) -> str:
    """Return the address that a host is seen from."""
    number = zlib.crc32(host.encode())
    return f"91.198.{number % 200}.{number // 200 % 200 + 1}"


def key(number: int, *, host: str) -> dict[str, object]:
    """Return the facts of one key; every tenth fails, every tenth is refused."""
    exchange = _EXCHANGES[number % len(_EXCHANGES)]
    kind = number % 10
    permissions = [*_GRANTS[exchange], *(["withdraw"] if kind == 3 else [])]
    observed = {
        "masked_id": "ab…yz",
        "account": {"id": str(10_000 + number), "parent_id": "1", "level": "sub"},
        "owner_kind": "own",
        "label": f"bot-{number}",
        "permissions": permissions,
        "raw_permissions": ["Spot:SpotTrade"],
        "allowlist": {"state": "entries", "entries": [address(host), "91.199.0.1"]},
        "created_at": "2026-09-01T00:00:00Z",
        "expiry": {"state": "never", "at": None, "scope": "key"},
        "last_used_at": None,
        "state": "normal",
        "not_told": ["last_used_at", "state"],
    }
    refused = kind == 7
    return {
        "name": f"key-{number}",
        "exchange": exchange,
        "environment": "mainnet",
        "region": "global",
        "host": host,
        "access": {"status": "ip_refused", "code": "10010"} if refused else {"status": "accepted"},
        "asked_at": "2026-11-22T07:13:54Z",
        "path": {"user": "root", "family": "ipv4", "proxy": "none", "source_address": None, "netns": "4026531840"},
        "official": True,
        "asked_host": "api.example.com",
        "observed": None if refused else observed,
        "passphrase": {
            "given": exchange in ("okx", "bitget"),
            "fits_format": True,
            "length": "long",
            "guessable": False,
            "equals_other_field": False,
        },
        "credential": None,
        "declared": {
            "label": f"bot-{number}",
            "access": "read_write",
            "products": ["spot"],
            "account": str(10_000 + number),
            "account_level": "sub",
            "owner_kind": "own",
            "two_factor": {"kind": "app", "attested_by": "Ada", "attested_on": "2026-10-01"},
            "service": f"bot-{number}.service",
        },
    }


def egress(host: str) -> dict[str, object]:
    """Return what a host was seen from."""
    return {
        "host": host,
        "family": "ipv4",
        "path": {"user": "root", "family": "ipv4", "proxy": "none", "source_address": None, "netns": "4026531840"},
        "status": "agreed",
        "asked_at": "2026-11-22T07:13:54Z",
        "addresses": [address(host)],
        "stable": True,
        "samples_asked": 3,
        "samples_answered": 3,
        "basis": "majority",
        "sources": [],
    }


def write_facts(directory: Path, *, keys: int, per_host: int = 20) -> None:
    """Write facts as learners do: one file for each host and kind."""
    for first in range(0, keys, per_host):
        host = f"host-{first // per_host}"
        head = {"schema": 1, "host": host, "learned_at": "2026-11-22T07:13:54Z", "collection_version": "1.0.0"}
        facts = [key(number, host=host) for number in range(first, min(first + per_host, keys))]
        for kind, content in (("api_keys", facts), ("egress", [egress(host)])):
            path = directory / f"{host}.{kind}.json"
            path.write_text(json.dumps({**head, "kind": kind, "facts": content}, indent=1))


def run(play: list[dict[str, object]], *, directory: Path) -> tuple[float, float, str]:
    """Run a play and return its wall seconds, its peak memory in MB and its output."""
    book = directory / "play.json"
    book.write_text(json.dumps(play))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections_directory()),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", str(book)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
    )
    wall = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, done.stdout


def play(*tasks: Mapping[str, object]) -> list[dict[str, object]]:
    """Return a play on localhost."""
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000)
    arguments = parser.parse_args()
    show = {"ansible.builtin.debug": {"var": "judged.summary"}}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        facts = directory / "facts"
        facts.mkdir()
        write_facts(facts, keys=arguments.keys)
        options = {"now": NOW, "fail_on": "never"}
        empty = run(play({"ansible.builtin.debug": {"msg": "nothing"}}), directory=directory)
        inline_keys = [key(number, host="localhost") for number in range(500)]
        inline = run(
            play(
                {
                    "trading.hosts.api_key_policy": {
                        **options,
                        "api_keys": inline_keys,
                        "egress": [egress("localhost")],
                    },
                    "register": "judged",
                },
                show,
            ),
            directory=directory,
        )
        files = run(
            play(
                {
                    "trading.hosts.api_key_policy": {
                        **options,
                        "src": [str(facts)],
                        "report_path": str(directory / "report.json"),
                    },
                    "register": "judged",
                },
                show,
            ),
            directory=directory,
        )
    print(files[2])
    for what, (wall, memory, _output) in (
        ("an empty play", empty),
        ("500 keys inline", inline),
        (f"{arguments.keys} keys from files", files),
    ):
        # The peak is that of the largest process so far: it can only be read for the largest play.
        print(f"{what:<24} {wall:6.2f} s   {memory:6.0f} MB")
    print(f"{'500 keys over empty':<24} {inline[0] - empty[0]:6.2f} s")


if __name__ == "__main__":
    main()
