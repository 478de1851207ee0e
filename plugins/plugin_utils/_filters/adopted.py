# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.adopted`` does."""

from __future__ import annotations

import datetime
import typing as t

from ansible.errors import AnsibleFilterError

_EXPOSED = "exposed"


def adopted(
    plan: t.Any,
    placed: t.Any,
    days: t.Any,
    *,
    today: str,
    host: str,
    api_keys: t.Any = (),
    files: t.Any = (),
    check_mode: bool = False,
) -> dict[str, t.Any]:
    """Return the entries and the lines; raises ``AnsibleFilterError`` where the days are no number of them."""
    day, until = _days(str(placed["content_changed_at"] or today), days)
    known = {key["name"]: key.get("declared") or {} for key in api_keys}
    entries, ends = [], []
    for key in plan["api_keys"]:
        events = list(known.get(key["name"], {}).get("restriction_events") or ())
        if not any(event.get("what") == _EXPOSED for event in events):
            events.append({"what": _EXPOSED, "on": day, "rotate_by": until})
        ends += [str(event["rotate_by"]) for event in events if event.get("rotate_by")]
        entries.append({**key, "declared": {**key["declared"], "restriction_events": events}})
    rotate_by = min(ends, default=until)
    lines = _lines(plan, placed, files=files, check_mode=check_mode)
    lines.append(
        "Take the key for known: it has lain in clear, and may be in backups, snapshots, git and on the disk. Put "
        f"another one in its place by {rotate_by}: ansible-playbook trading.hosts.rotate --limit {host} "
        f"-e exchange_credentials_rotate_document={plan['name']}"
    )
    return {"api_keys": entries, "rotate_by": rotate_by, "lines": lines}


def _days(begin: str, days: t.Any) -> tuple[str, str]:
    try:
        day = datetime.date.fromisoformat(begin[:10])
        if int(days) < 0:
            raise ValueError
        return day.isoformat(), (day + datetime.timedelta(days=int(days))).isoformat()
    except (OverflowError, TypeError, ValueError):
        raise AnsibleFilterError(f"{days!r} are no days after {begin!r}; give a number such as 7.") from None


def _lines(plan: t.Any, placed: t.Any, *, files: t.Any, check_mode: bool) -> list[str]:
    names = ", ".join(key["name"] for key in plan["api_keys"])
    foreseen = check_mode and placed["changed"]
    lines = [f"{plan['path']}: {names} {'would be' if foreseen else 'is'} placed encrypted as {placed['path']}."]
    cleared = ", ".join(file["path"] for file in files if file["changed"])
    if cleared:
        lines.append(f"{'It would be removed' if check_mode else 'It was removed'} from {cleared}.")
    held_back = [file["held_back"] for file in files if file["held_back"]]
    if held_back or not cleared:
        how = plan["how"]["role"]
        # Of the store age only the role's units read.
        if placed["load_directive"]:
            how += f" In a unit of your own: {placed['load_directive']}, and {plan['how']['own']}."
        lines += [*held_back, f"Next: let the service read it, and run this again. {how}"]
    return lines
