# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""May this service start? Asked inside its own unit, just before. Private to this collection."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import typing as t

from .._clock import from_text, to_text, utc_now
from .._credential._run import run as run_program
from .._errors import UNFORESEEN, StoreError, TradingHostsError, without_text
from .._policy._finding import Finding, Subject
from .._redact import one_line
from ._decide import ERROR, LINE, WARNING, Outcome, accepted, decide, findings_of, overridden, unasked
from ._declaration import DIRECTORY, read_declaration
from ._override import PATH, Override, in_force, read_overrides
from ._see import LEARNERS, Learners, observe

#: Beside the service's own state: it has run here, it was held back, and what came of an answer that refused its key.
RAN = ".trading-hosts-ran"
HELD = ".trading-hosts-held"
REFUSED = ".trading-hosts-refused"

#: A start that systemd makes by itself does not ask an exchange again that refused less than this long ago: repeated
#: failures can lock a key, an account or an address.
PAUSE = datetime.timedelta(minutes=10)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Where the check finds what it reads. Paths are those of the unit."""

    credentials: str | None
    state: str | None
    declarations: str = DIRECTORY
    overrides: str = PATH
    owner: int = 0

    @classmethod
    def of_unit(cls, environment: t.Mapping[str, str]) -> Surroundings:
        """Return what systemd tells a unit."""
        return cls(
            credentials=environment.get("CREDENTIALS_DIRECTORY") or None,
            state=(environment.get("STATE_DIRECTORY") or "").split(":")[0] or None,
        )


def check(
    *,
    service: str,
    around: Surroundings,
    now: t.Callable[[], datetime.datetime] = utc_now,
    learners: Learners = LEARNERS,
    automatic: t.Callable[[str], bool] | None = None,
) -> Outcome:
    """Say whether the service may start.

    Never raises for what it finds: what went wrong is unknown, and the gate says what that means.
    """
    ran_before = around.state is not None and os.path.lexists(os.path.join(around.state, RAN))
    override = _override(service, around=around, at=now())
    last = _last(around, at=now())
    if last is not None and (automatic or _automatic)(service):
        if override is not None and not last.outcome.start:
            outcome = overridden(service, override, although=last.outcome.line)
        else:
            said = f"{last.outcome.line} (Not asked again before {to_text(last.until)}, except by a start by hand.)"
            outcome = dataclasses.replace(last.outcome, line=one_line(said, limit=LINE))
        _mark(outcome, around=around)
        return outcome
    try:
        declaration = read_declaration(service=service, directory=around.declarations, owner=around.owner)
        seen = observe(declaration, credentials=around.credentials, learners=learners)
        findings = findings_of(seen, declaration=declaration, ran_before=ran_before, now=now())
        taken = accepted(seen)
    except TradingHostsError as error:
        findings, taken = (unasked(str(error), subject=Subject(service=service)),), ""
    except UNFORESEEN as error:
        why = without_text(error, ended="the check")
        findings, taken = (unasked(why, subject=Subject(service=service)),), ""
    # What comes of it without the override is what counts when that has ended.
    bare = decide(service=service, findings=findings, ran_before=ran_before, taken=taken)
    outcome = decide(service=service, findings=findings, ran_before=ran_before, override=override, taken=taken)
    _remember(bare, findings=findings, around=around, at=now())
    _mark(outcome, around=around)
    return outcome


def _override(service: str, *, around: Surroundings, at: datetime.datetime) -> Override | None:
    try:
        return in_force(read_overrides(path=around.overrides, owner=around.owner), service=service, now=at)
    except StoreError:
        return None  # what cannot be trusted overrides nothing


def _automatic(service: str) -> bool:
    """Tell whether systemd starts the service again by itself; a start by hand sets its count to zero."""
    try:
        done = run_program(argv=["systemctl", "show", "--property=NRestarts", "--value", f"{service}.service"])
    except StoreError:
        return False
    return done.stdout.strip() not in (b"", b"0")


class _Last(t.NamedTuple):
    """What came of the last answer, and until when the exchange is left alone for it."""

    until: datetime.datetime
    outcome: Outcome


def _last(around: Surroundings, *, at: datetime.datetime) -> _Last | None:
    """Return it while it counts. No pause ends later than one that begins now: the clock has been set back since."""
    if around.state is None:
        return None
    try:
        with open(os.path.join(around.state, REFUSED), "rb") as file:
            told = json.loads(file.read(16384))
        until, start = from_text(told["until"]), told["start"] is True
        outcome = Outcome(start, WARNING if start else ERROR, one_line(told["line"], limit=LINE))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return _Last(until, outcome) if at < until <= at + PAUSE else None


def _remember(outcome: Outcome, *, findings: t.Sequence[Finding], around: Surroundings, at: datetime.datetime) -> None:
    """Note what came of a refusal, so that the exchange is left alone. What nobody reached can be asked again at once.

    Where nothing can be written nothing is remembered.
    """
    refused = any(each.rule == "key-accepted" and each.code not in (None, "unreachable") for each in findings)
    told = {"until": to_text(at + PAUSE), "start": outcome.start, "line": outcome.line}
    _note(REFUSED, json.dumps(told) if refused else None, around=around)


def _mark(outcome: Outcome, *, around: Surroundings) -> None:
    """Note whether the service is held back: then it is tried again."""
    _note(HELD, None if outcome.start else "", around=around)


def _note(name: str, text: str | None, *, around: Surroundings) -> None:
    if around.state is None:
        return
    path = os.path.join(around.state, name)
    try:
        if text is None:
            os.unlink(path)
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return
