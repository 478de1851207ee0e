# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests/README.md counts between its marks: how much each exchange is tried, from the tests' own tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _hyperliquid
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.collection import CHECKOUT
from tests.unit.module_utils._exchanges import conversations, test_answers, test_mutations, test_oracles, test_reads
from tests.unit.plugin_utils import test_refused_keys
from tests.unit.simulator import test_clients

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = CHECKOUT / "tests" / "README.md"
_BEGIN, _END = "<!-- proofs -->", "<!-- end of proofs -->"


def files() -> Iterator[tuple[Path, str]]:
    """Yield the page and what it should say."""
    yield FILE, written(FILE.read_text(encoding="utf-8"))


def written(page: str) -> str:
    """Return the page with everything between its marks written anew."""
    before, _begin, rest = page.partition(_BEGIN)
    _old, end, after = rest.partition(_END)
    if not end:
        raise ValueError(f"{FILE.name} has no {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{table()}\n\n{_reasons()}\n\n{_END}{after}"


def table() -> str:
    """Return one row for each exchange."""
    steps = Counter(talk.exchange for talk in conversations.CONVERSATIONS)
    codes = Counter(name for name, _code in test_answers.EXPECTED)
    # Its two refusals have tests of their own: test_hyperliquid.py.
    codes["hyperliquid"] += len(_hyperliquid.REFUSALS)
    rows = [
        "| exchange | mutated answers | signatures | compared with | client is refused for | codes | reads | hosts |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, exchange in EXCHANGES.items():
        oracles = {kind: oracle.who for (own, kind), oracle in sorted(test_oracles.ORACLES.items()) if own == name}
        signed = " + ".join(f"{test_oracles.INPUTS} {kind}" for kind in oracles) or "none"
        who = "; ".join(dict.fromkeys(oracles.values())) or test_oracles.WITHOUT[name]
        cells = ", ".join(mistake for own, mistake in test_clients.CELLS if own == name) or "nothing (see below)"
        rows.append(
            f"| {exchange.title} | {steps[name] * test_mutations.MUTATED} | {signed} | {who} | {cells} |"
            f" {codes[name]} | {len(test_reads.READS[name])} | {test_refused_keys.HOSTS[name]} |"
        )
    return "\n".join(rows)


def _reasons() -> str:
    """Return the cells that no client can try, by reason."""
    missing: dict[tuple[str, str], list[str]] = {}
    for (name, mistake), reason in sorted(test_clients.WITHOUT.items()):
        missing.setdefault((mistake, reason), []).append(EXCHANGES[name].title)
    lines = [f"- {mistake}: {', '.join(names)} ({reason})" for (mistake, reason), names in sorted(missing.items())]
    return "What no client can be refused for, and why:\n\n" + "\n".join(lines)
