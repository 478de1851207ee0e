# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract of an exchange: pure functions around data, no I/O. Private to this collection.

One exchange is one file that subclasses :class:`Exchange` and one line in ``_registry.py``. The driver
(``_driver.py``) puts the questions and hands the answers back; an exchange never sees a connection.
"""

from __future__ import annotations

import abc
import dataclasses
import datetime
import json
import typing as t

from .._allowlist._grammar import AllowlistGrammar
from .._errors import AnswerError
from .._facts import Access, ObservedKey
from .._http import Answer, Request


@dataclasses.dataclass(frozen=True)
class Credential:
    """What signs a request. Its ``repr`` shows nothing: it may end up in a traceback."""

    api_key: str
    secret: str
    passphrase: t.Optional[str] = None

    def __repr__(self) -> str:
        return "Credential(...)"

    def secrets(self) -> t.Tuple[str, ...]:
        """Everything that must be removed from foreign text before a person sees it."""
        return tuple(s for s in (self.api_key, self.secret, self.passphrase) if s)


@dataclasses.dataclass(frozen=True)
class Site:
    """Where one environment of one region answers: ``https://`` and a host name, no path.

    ``futures_url`` is a second host of the same site that is asked only where an exchange needs it (Binance).
    """

    base_url: str
    futures_url: t.Optional[str] = None


@dataclasses.dataclass(frozen=True)
class PassphraseRule:
    """What an exchange accepts as passphrase; ``None`` where no readable source says so.

    ``pattern`` is a full match. ``permanent`` means that it can be neither shown nor changed later. ``source`` names
    the document and ``as_of`` the date it was read.
    """

    pattern: t.Optional[str]
    described: str
    source: str
    as_of: str
    permanent: bool = True


@dataclasses.dataclass(frozen=True)
class LifetimeRule:
    """How long a key without IP restriction lives.

    ``days`` from creation, or from the last use where ``idle`` is true; ``None`` where nobody knows. ``scope`` is ``key`` or
    ``trade`` (only the right to trade ends). ``applies_to_read_only`` says whether a key that can only read dies too.
    """

    days: t.Optional[int]
    idle: bool
    described: str
    source: str
    as_of: str
    scope: str = "key"
    applies_to_read_only: bool = True


@dataclasses.dataclass(frozen=True)
class AllowlistRule:
    """How the exchange's allowlist is written, and by what clicks it is edited."""

    grammar: AllowlistGrammar
    click_path: str
    source: str
    as_of: str


@dataclasses.dataclass(frozen=True)
class ClockTolerance:
    """How far a request's timestamp may be off: seconds ahead of and behind the exchange's clock."""

    ahead: float
    behind: float


@dataclasses.dataclass(frozen=True)
class KeyShape:
    """What a key and a secret of this exchange look like: full-match patterns, or ``None`` where not known.

    Used to tell a swapped or cut pair before anything is sent; a pattern must come from a document.
    """

    api_key: t.Optional[str] = None
    secret: t.Optional[str] = None


class Exchange(abc.ABC):
    """One exchange. Every method is pure; capabilities are methods, so that each can say what it means."""

    #: The name that users write, lower case: ``bybit``.
    name: t.ClassVar[str]
    #: The name that people read: ``Bybit``.
    title: t.ClassVar[str]

    # --- what is known of the exchange ---

    @abc.abstractmethod
    def sites(self) -> t.Mapping[t.Tuple[str, str], Site]:
        """Return the sites by ``(environment, region)``; the first entry is the default one."""

    @abc.abstractmethod
    def key_shape(self) -> KeyShape:
        """Return what keys look like, to tell a swapped pair before anything is sent."""

    def passphrase_rule(self) -> t.Optional[PassphraseRule]:
        """Return the rule for its passphrase, or ``None`` where the exchange has no passphrase."""
        return None

    @abc.abstractmethod
    def allowlist_rule(self) -> AllowlistRule:
        """Return how its allowlist is written."""

    @abc.abstractmethod
    def lifetime_rule(self) -> t.Optional[LifetimeRule]:
        """Return how long a key without IP restriction lives; ``None`` where no such rule exists."""

    @abc.abstractmethod
    def clock_tolerance(self) -> ClockTolerance:
        """Return how far a timestamp may be off."""

    @abc.abstractmethod
    def cannot_tell(self) -> t.FrozenSet[str]:
        """Return the fields of ``ObservedKey`` that this exchange never tells."""

    @abc.abstractmethod
    def closure(self, words: t.FrozenSet[str]) -> t.FrozenSet[str]:
        """Return the least grant that the exchange can give which contains the declared permission words."""

    def withdraw_needs_master(self) -> bool:
        """Return whether a sub-account's key can never withdraw here, which then proves ``withdrawal-forbidden``."""
        return False

    @abc.abstractmethod
    def click_path(self) -> str:
        """Return where a person edits API keys on the exchange's own pages."""

    # --- questions ---

    @abc.abstractmethod
    def time_request(self, *, site: Site) -> Request:
        """Return the unsigned request for the exchange's clock."""

    @abc.abstractmethod
    def server_time(self, answer: Answer) -> datetime.datetime:
        """Return the exchange's clock (aware, UTC) from the answer; raises ``AnswerError``."""

    @abc.abstractmethod
    def key_request(self, *, credential: Credential, at: datetime.datetime, site: Site, environment: str) -> Request:
        """Return the one signed read by which a key tells about itself; ``at`` is the instant it is signed for."""

    # --- answers ---

    @abc.abstractmethod
    def refusal(self, answer: Answer) -> t.Optional[Access]:
        """Return why the exchange refused, or ``None`` if it accepted. ``message`` is still raw: the driver redacts it.

        An answer that is neither the documented acceptance nor a known refusal raises ``AnswerError``.
        """

    @abc.abstractmethod
    def key(self, answer: Answer) -> ObservedKey:
        """Return what an accepted answer tells of the key; raises ``AnswerError`` where its shape is another."""

    # --- where one answer leaves several causes open ---

    def second_opinion(
        self, *, credential: Credential, at: datetime.datetime, site: Site, first: Access
    ) -> t.Optional[Request]:
        """Return one more signed read that can tell the causes of an ambiguous refusal apart, if there is one.

        It is put only when the key's owner allows it (it counts as a second refused call).
        """
        return None


def json_answer(answer: Answer) -> t.Any:
    """Return the answer's JSON. Duplicate names, NaN and anything that is not JSON raise ``AnswerError``."""
    try:
        return json.loads(answer.text(), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        start = "nothing" if not answer.body else "HTML" if answer.body.lstrip()[:1] == b"<" else "no valid JSON"
        raise AnswerError(f"{answer.host} answered {start} (HTTP {answer.status}) where JSON was expected") from None


def member(data: t.Any, name: str, kind: t.Union[type, t.Tuple[type, ...]], *, host: str) -> t.Any:
    """Return ``data[name]`` if it is of ``kind``; ``AnswerError`` names the field otherwise."""
    if not isinstance(data, dict):
        raise AnswerError(f"{host} answered {type(data).__name__} where an object with {name} was expected")
    value = data.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool and bool not in _kinds(kind)):
        shown = "nothing" if name not in data else type(value).__name__
        raise AnswerError(f"{host} answered {shown} for {name}, which is not the documented type")
    return value


def _kinds(kind: t.Union[type, t.Tuple[type, ...]]) -> t.Tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def _no_duplicates(pairs: t.List[t.Tuple[str, t.Any]]) -> t.Dict[str, t.Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("duplicate names")
    return data


def _no_constant(text: str) -> t.NoReturn:
    raise ValueError(text)
