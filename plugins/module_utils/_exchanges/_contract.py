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
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._facts import Access, ObservedKey
from .._message import Answer, Request
from ._nonce import Nonce, NonceRule
from ._signing import HMAC, PrivateKey, private_key


@dataclasses.dataclass(frozen=True)
class Credential:
    """What signs a request. Its ``repr`` shows nothing: it may end up in a traceback."""

    api_key: str
    secret: str
    passphrase: str | None = None
    #: Opens ``secret`` where that is an encrypted private key.
    key_password: str | None = None

    def __repr__(self) -> str:
        return "Credential(...)"

    def secrets(self) -> tuple[str, ...]:
        """Everything that must be removed from foreign text before a person sees it."""
        return tuple(s for s in (self.api_key, self.secret, self.passphrase, self.key_password) if s)


@dataclasses.dataclass(frozen=True)
class Site:
    """Where one environment of one region answers: ``https://`` and a host name, no path.

    ``futures_url`` is a second host of the same site that is asked only where an exchange needs it (Binance).
    ``introspects`` is false where no call is known by which a key tells about itself there: a signed read of the
    account then proves that the key is accepted, and nothing more.
    """

    base_url: str
    futures_url: str | None = None
    introspects: bool = True


@dataclasses.dataclass(frozen=True)
class PassphraseRule:
    """What an exchange accepts as passphrase; ``None`` where no readable source says so.

    ``pattern`` is a full match. ``permanent`` means that it can be neither shown nor changed later. ``source`` names
    the document and ``as_of`` the date it was read. ``ccxt_name`` is its name in documents of ccxt's form.
    """

    pattern: str | None
    described: str
    source: str
    as_of: str
    permanent: bool = True
    ccxt_name: str = "password"


@dataclasses.dataclass(frozen=True)
class LifetimeRule:
    """How long a key without IP restriction lives.

    ``days`` from creation, or from the last use where ``idle`` is true; ``None`` where nobody knows. ``scope`` is
    ``key`` or ``trade`` (only the right to trade ends). ``applies_to_read_only`` says whether a key that can only read
    dies too; ``None`` where nobody knows. Keys of the environments ``spared`` do not die.
    """

    days: int | None
    idle: bool
    described: str
    source: str
    as_of: str
    scope: str = "key"
    applies_to_read_only: bool | None = True
    spared: tuple[str, ...] = ()


LIFETIME_NOT_DOCUMENTED = LifetimeRule(
    days=None,
    idle=False,
    described="Whether a key without IP restriction ends by itself is not documented.",
    source="none found",
    as_of="2026-11-22",
    applies_to_read_only=None,
)


@dataclasses.dataclass(frozen=True)
class Settling:
    """After how many ``seconds`` a new or changed key works at the latest; before, the exchange may refuse it."""

    seconds: int
    described: str
    source: str
    as_of: str


@dataclasses.dataclass(frozen=True)
class AllowlistRule:
    """How the exchange's allowlist is written, and by what clicks it is edited."""

    grammar: AllowlistGrammar
    click_path: str
    source: str
    as_of: str


#: What every page takes that is known to take a public half at all.
PUBLIC_PEM = "the public key in PEM form, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"


@dataclasses.dataclass(frozen=True)
class Registration:
    """How the public half of a pair that was made elsewhere is registered, by hand, on the exchange's page.

    ``click_path`` leads there. ``described`` says what the page takes. ``unverified`` says what of that no readable
    source of the exchange tells, or is ``None``. ``sizes`` are the lengths of RSA keys that the source names.
    """

    click_path: str
    described: str
    unverified: str | None
    source: str
    as_of: str
    sizes: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class ClockTolerance:
    """How far a request's timestamp may be off: seconds ahead of and behind the exchange's clock."""

    ahead: float
    behind: float


@dataclasses.dataclass(frozen=True)
class RateLimit:
    """At most so many ``requests`` of those that are put here, in any ``seconds``.

    Less than what the exchange publishes where it counts the bot's requests with them. ``described`` says what is
    published, and over what it counts.
    """

    requests: int
    seconds: float
    described: str
    source: str
    as_of: str


@dataclasses.dataclass(frozen=True)
class KeyShape:
    """What a key and a secret of this exchange look like: full-match patterns, or ``None`` where not known.

    Used to tell a swapped pair before anything is sent; a pattern must come from a document.
    """

    api_key: str | None = None
    secret: str | None = None


@dataclasses.dataclass(frozen=True)
class Question:
    """What a signed question is made of: who asks, for which instant, where, and in which environment.

    ``ask_futures_host`` says that the key's owner allows one more signed call, to the futures host, where the first
    answer leaves several causes open. ``ask_key_list`` says that the owner allows to ask for the list of all keys,
    where only that tells the addresses and it may hold secrets (Deribit). ``tell_other_keys`` says that the owner
    wants to know the account's other keys too, where one call lists them all. ``nonce`` says how to number the request,
    where the exchange wants that.
    """

    credential: Credential
    at: datetime.datetime
    site: Site
    environment: str
    ask_futures_host: bool = False
    ask_key_list: bool = False
    tell_other_keys: bool = False
    nonce: Nonce | None = None


class RefusedError(Exception):
    """The exchange refused a request of an interview; ``access`` says why."""

    def __init__(self, access: Access) -> None:
        self.access = access
        super().__init__(access.status)


#: Yields requests, takes accepted answers, returns what the key told.
Interview = t.Generator[Request, Answer, ObservedKey]


class Exchange(abc.ABC):
    """One exchange. Every method is pure; capabilities are methods, so that each can say what it means."""

    #: The name that users write, lower case: ``bybit``.
    name: t.ClassVar[str]
    #: The name that people read: ``Bybit``.
    title: t.ClassVar[str]
    #: What all was read in that bears no source of its own, and when.
    sources: t.ClassVar[str]

    # --- what is known of the exchange ---

    @abc.abstractmethod
    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the sites by ``(environment, region)``; the first entry is the default one."""

    @abc.abstractmethod
    def key_shape(self) -> KeyShape:
        """Return what keys look like, to tell a swapped pair before anything is sent."""

    def key_types(self) -> tuple[str, ...]:
        """Return the types of key that it takes here (of ``_signing.KEY_TYPES``); none where nothing is signed."""
        return (HMAC,)

    def registration(self) -> Registration | None:
        """Return how the public half of a pair is registered, or ``None`` where none can be."""
        return None

    def private_key(self, credential: Credential) -> PrivateKey | None:
        """Return the private key that the credential signs with, or ``None`` where its secret is for HMAC.

        Raises ``UnusableKeyError``.
        """
        return private_key(credential)

    def nonce_rule(self) -> NonceRule | None:
        """Return how it wants requests numbered, or ``None`` where it does not."""
        return None

    def passphrase_rule(self) -> PassphraseRule | None:
        """Return the rule for its passphrase, or ``None`` where the exchange has no passphrase."""
        return None

    @abc.abstractmethod
    def allowlist_rule(self) -> AllowlistRule:
        """Return how its allowlist is written."""

    @abc.abstractmethod
    def lifetime_rule(self) -> LifetimeRule | None:
        """Return how long a key without IP restriction lives; ``None`` where no such rule exists."""

    def settling(self) -> Settling | None:
        """Return how long a new key may need until it works; ``None`` where no readable source says so."""
        return None

    @abc.abstractmethod
    def clock_tolerance(self) -> ClockTolerance:
        """Return how far a timestamp may be off."""

    def rate_limit(self) -> RateLimit | None:
        """Return how many requests it takes; ``None`` where no readable source says so, or more than are ever put."""
        return None

    @abc.abstractmethod
    def cannot_tell(self) -> frozenset[str]:
        """Return the fields of ``ObservedKey`` that this exchange never tells."""

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return the fields that it tells only of some keys or in part, and which part, as people read it."""
        return {}

    @abc.abstractmethod
    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the least grant that the exchange can give which contains the declared permission words."""

    def vague_words(self) -> frozenset[str]:
        """Return its words, as in ``raw_permissions``, that say that a key does more than read, and not what."""
        return frozenset()

    def withdraw_needs_master(self) -> bool:
        """Return whether a sub-account's key can never withdraw here, which then proves ``withdrawal-forbidden``."""
        return False

    def needs_secret(self) -> bool:
        """Return whether a question is signed; where it is not, a secret is neither needed nor taken."""
        return True

    def restricts_addresses(self) -> bool:
        """Return whether a key can be restricted to addresses at all."""
        return True

    def restriction_voids_keys(self) -> bool:
        """Return whether keys must be created anew after the account was restricted for a while."""
        return False

    def spelled(self, name: str) -> str:
        """Return the id of a key or an account as it is compared with another one."""
        return name.strip()

    def region_codes(self) -> frozenset[str]:
        """Return the codes of ``ip_refused`` that no allowlist mends: the exchange does not serve that region."""
        return frozenset()

    def living_codes(self) -> frozenset[str] | None:
        """Return the codes of ``invalid_key`` with which it refuses keys that it has still, switched off.

        ``None`` where nobody knows whether a living key is refused so from another address.
        """
        return frozenset()

    def most_refused(self) -> int | None:
        """Return how many keys one run may have it refuse: more of them in a row lock the account. ``None`` is any."""
        return None

    def lists_keys_of(self) -> str | None:
        """Return of which accounts it lists all keys, ``any`` or ``main`` ones; ``None`` where of none."""
        return None

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
    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the method and path of every request that is ever made: all of them read, none changes anything."""

    @abc.abstractmethod
    def key_request(self, question: Question) -> Request:
        """Return the signed read by which a key tells about itself, or the first one where it takes several."""

    def interview(self, question: Question) -> Interview:
        """Ask about the key, one request after the other, and return what it tells.

        Each ``yield`` puts a request and gives the accepted answer. A refusal is raised there as ``RefusedError``;
        after one that leaves the key open (``permission_denied``, ``ambiguous``) an exchange may ask in another way.
        After any other the driver puts nothing more.
        """
        answer = yield self.key_request(question)
        return self.key(answer)

    # --- answers ---

    def refuses_by_500(self) -> bool:
        """Return whether its refusals come with HTTP 500; elsewhere that means that the exchange is out of order."""
        return False

    @abc.abstractmethod
    def refusal(self, answer: Answer) -> Access | None:
        """Return why the exchange refused, or ``None`` if it accepted. ``message`` is still raw: the driver redacts it.

        The driver has dealt with redirects, rate limits and server errors by their HTTP status before it asks here.
        A code that is not known is ``ambiguous``. An answer that is not in the exchange's own form raises
        ``AnswerError``.
        """

    @abc.abstractmethod
    def key(self, answer: Answer) -> ObservedKey:
        """Return what an accepted answer tells of the key; raises ``AnswerError`` where its shape is another.

        ``masked_id`` is left empty and foreign text is raw: the driver, which knows the credential, sees to both.
        ``not_told`` names only what this one answer cannot tell; the driver adds :meth:`cannot_tell`.
        """
