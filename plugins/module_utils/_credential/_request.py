# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person asked to have placed, checked before anything is done. Private: no interface for other collections.

The same checks run on the controller, before a secret is sent, and on the host. No value appears in an error.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t
import unicodedata

from .._errors import InputError
from . import _formats
from ._age import check_recipients
from ._age_reader import IDENTITY, stanzas
from ._clear import ClearKey
from ._files import AGE, DEFAULT_DIRECTORY, MAX_CONTENT, STORES, SYSTEMD, check_name
from ._store import Terms
from ._systemd import WITH_KEY

PRESENT = "present"
ABSENT = "absent"
#: It stays as it is, and copies in other stores that no unit loads go.
SETTLED = "settled"
STATES = (PRESENT, ABSENT, SETTLED)

#: A shorter secret is a mistake, and hiding it would mangle every output that happens to contain it.
MIN_LENGTH = {"api_key": 8, "secret": 8, "private_key": 8, "token": 8, "passphrase": 6}

#: The argument specification of the module ``credential``; its action plugin finds the secret options by it.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "credentials": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": list(STATES), "default": PRESENT},
            "format": {"type": "str", "choices": list(_formats.FORMATS)},
            "fields": {"type": "dict", "no_log": True},
            "accounts": {"type": "dict", "no_log": True},
            "content": {"type": "str", "no_log": True},
            "template": {"type": "str", "no_log": True},
            "exchange": {"type": "str"},
            "exchanges": {"type": "dict"},
            "sealed": {"type": "str"},
            "copy_from": {"type": "str"},
            "private_key_from": {"type": "str", "no_log": False},
            "read_from": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "path": {"type": "path", "required": True},
                    "entry": {"type": "str"},
                    "account": {"type": "str"},
                },
            },
            "with_key": {"type": "str", "choices": list(WITH_KEY), "default": "auto", "no_log": False},
            "not_after": {"type": "str"},
        },
    },
    "store": {"type": "str", "choices": list(STORES), "default": SYSTEMD},
    "scope": {"type": "str", "choices": ["system", "user"], "default": "system"},
    "user": {"type": "str"},
    "recipients": {"type": "list", "elements": "str"},
    "age_identity": {"type": "path", "default": IDENTITY},
    "make_age_identity": {"type": "bool", "default": False},
    "escrow_to": {"type": "path"},
    "directory": {"type": "path", "default": DEFAULT_DIRECTORY},
    "on_undecryptable": {"type": "str", "choices": ["fail", "replace"], "default": "fail"},
    "require_verified_host": {"type": "bool", "default": True},
}

_PEM = "-----BEGIN PRIVATE KEY-----"
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{1,60}-----\s*\Z")
#: Unicode's categories of what nobody sees.
_INVISIBLE = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))
#: How a text begins that a program has encrypted -> the program, and what to do.
_ENCRYPTED: t.Mapping[str, tuple[str, str]] = {
    "$ANSIBLE_VAULT;": ("ansible-vault", "mark it with !vault, or give the vault password"),
    "ENC[AES256_GCM,": ("SOPS", "enable the vars plugin community.sops.sops, which decrypts it"),
    "-----BEGIN AGE ENCRYPTED FILE-----": ("age", "give it as sealed"),
}
_PLACEHOLDER = re.compile(
    r"(?:<.*>|\{\{.*|x{6,}|\*{6,}|\.{3,}|todo|tbd|example|placeholder|dummy|none|null|undefined|redacted"
    r"|changeme\w*|replaceme\w*|(?:change|replace|insert|put|enter)(?:this|me|your|the|here)\w*"
    r"|(?:your|my)?(?:exchange|bybit|binance|okx|bitget)?(?:api|secret|private)?(?:key|secret|passphrase|password|token)"
    r"(?:here|goeshere)?)",
    re.IGNORECASE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True)
class Request:
    """One credential to place (``content`` is its document), to remove (``content`` is None) or to leave (``settled``).

    With ``keep`` whatever content is there and decrypts stays, and ``content`` is only for where there is none.
    With ``copy_from`` the host fills ``content`` in from the credential of that name, before anything else is done;
    with ``around`` it becomes what that makes of it. With ``form`` it must be in that format.
    """

    name: str
    content: bytes | None = dataclasses.field(default=None, repr=False)
    with_key: str = "auto"
    keep: bool = False
    not_after: str | None = None
    settled: bool = False
    copy_from: str | None = None
    form: str | None = None
    is_sealed: bool = False
    grows: bool = False
    around: t.Callable[[str], bytes] | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def state(self) -> str:
        """One of :data:`STATES`."""
        if self.settled:
            return SETTLED
        is_there = self.content is not None or self.copy_from is not None or self.is_sealed or self.grows
        return PRESENT if is_there else ABSENT

    @property
    def terms(self) -> Terms:
        """How it is to be encrypted."""
        return Terms(with_key=self.with_key, not_after=self.not_after)


class Unseal(t.Protocol):
    """Opens what was sealed for this host. Raises :class:`StoreError`."""

    def __call__(self, *, what: str, sealed: bytes) -> bytes: ...


class ReadKey(t.Protocol):
    """Takes a key from a file in clear. Raises :class:`InputError`."""

    def __call__(self, *, path: str, entry: str | None, field: str) -> ClearKey: ...


class Late(t.NamedTuple):
    """What only the host can do: open what is sealed for it, and read its files."""

    unseal: Unseal
    read_key: ReadKey


def parse(*, credentials: t.Any, store: t.Any = SYSTEMD, late: Late | None = None) -> list[Request]:
    """Return the requests in the option ``credentials``; raise :class:`InputError` for the first mistake.

    Without ``late``, what only the host can open has no content.
    """
    if store not in STORES:
        raise InputError(field="store", value=str(store), problem="is not a store", mend=f"use {' or '.join(STORES)}")
    if not isinstance(credentials, list):
        raise InputError(field="credentials", problem="is not a list", mend="give a list with one entry per credential")
    requests: list[Request] = []
    seen: set[str] = set()
    for number, entry in enumerate(credentials):
        where = f"credentials[{number}]"
        if not isinstance(entry, dict):
            raise InputError(field=where, problem="is not a mapping", mend="give name, format and fields")
        name = entry.get("name")
        check_name(name=t.cast(str, name), field=f"{where}.name")
        name = str(name)
        if name in seen:
            raise InputError(
                field=f"{where}.name", value=name, problem="is given twice", mend="give every credential once"
            )
        seen.add(name)
        requests.append(_parse_one(entry, name=name, where=f"{where} ({name})", store=store, late=late))
    return requests


def parse_user(*, options: t.Mapping[str, t.Any]) -> str | None:
    """Return the user whose own manager shall open the credentials; raise :class:`InputError` for a mistake."""
    user, scope = options.get("user"), options.get("scope") or "system"
    if scope == "system":
        if user:
            raise InputError(field="user", problem="is given without scope: user", mend="add that, or leave user out")
        return None
    if (options.get("store") or SYSTEMD) != SYSTEMD:
        raise InputError(field="scope", value=str(scope), problem="is for the store systemd", mend="use store: systemd")
    if not isinstance(user, str) or not re.fullmatch(r"[a-z_][a-z0-9_.-]{0,31}", user):
        raise InputError(
            field="user", problem="is needed with scope: user", mend="name the user whose services read it"
        )
    return user


def parse_recipients(*, options: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """Return the option ``recipients``; raise :class:`InputError` for a mistake."""
    recipients = check_recipients(recipients=options.get("recipients"), field="recipients")
    if recipients and (options.get("store") or SYSTEMD) != AGE and not options.get("escrow_to"):
        raise InputError(
            field="recipients",
            problem="is given, and systemd encrypts for one host only",
            mend="use store: age, or escrow_to for sealed copies on the controller, or leave it out",
        )
    if options.get("escrow_to") and not recipients:
        raise InputError(
            field="escrow_to",
            problem="is given, and nobody who could open the sealed copies",
            mend="give in recipients the public half (age1...) of an identity that is kept off hosts and controllers",
        )
    return recipients


def _parse_one(entry: t.Mapping[str, t.Any], *, name: str, where: str, store: str, late: Late | None) -> Request:
    state = entry.get("state") or PRESENT
    if state not in STATES:
        raise InputError(
            field=f"{where}.state", value=str(state), problem="is not a state", mend=f"use {', '.join(STATES)}"
        )
    if state in (ABSENT, SETTLED):
        return Request(name=name, settled=state == SETTLED)
    with_key = entry.get("with_key") or "auto"
    if with_key not in WITH_KEY:
        raise InputError(
            field=f"{where}.with_key",
            value=str(with_key),
            problem="is not a key that credentials may be encrypted with",
            mend=f"use {', '.join(WITH_KEY)}",
        )
    not_after = _not_after(entry.get("not_after"), where=f"{where}.not_after")
    for option, given in (("with_key", with_key != "auto"), ("not_after", not_after is not None)):
        if given and store != SYSTEMD:
            raise InputError(
                field=f"{where}.{option}",
                problem=f"is given, and the store {store} knows nothing like it",
                mend="leave it out, or use store: systemd",
            )
    if entry.get("private_key_from") is not None:
        half, around = _private_key(entry, name=name, where=where)
        return Request(name=name, with_key=str(with_key), not_after=not_after, copy_from=half, around=around)
    source = _source(entry, name=name, where=where)
    grows = entry.get("read_from") is not None
    if grows or entry.get("sealed") is not None:
        opened = _read_from(entry, where=where, late=late) if grows else _opened(entry, where=where, late=late)
        if opened is None:
            return Request(name=name, with_key=str(with_key), not_after=not_after, is_sealed=not grows, grows=grows)
        entry = opened
    content = _document(entry, where=where) if source is None else None
    return Request(
        name=name,
        content=content,
        with_key=str(with_key),
        not_after=not_after,
        copy_from=source,
        form=None if source is None else entry.get("format"),
        grows=grows,
    )


def _read_from(entry: t.Mapping[str, t.Any], *, where: str, late: Late | None) -> dict[str, t.Any] | None:
    """Return the entry with the keys of files in clear in place of ``read_from``; None where nobody can read them."""
    where = f"{where}.read_from"
    others = ("fields", "accounts", "content", "sealed")
    given = [option for option in others if entry.get(option) is not None]
    if given:
        raise InputError(field=where, problem=f"is given beside {' and '.join(given)}", mend="give one of them")
    form, sources = entry.get("format"), entry["read_from"]
    _check_form(form, given="fields", where=where.rpartition(".")[0])
    if form == _formats.RAW or not isinstance(sources, list) or not sources:
        raise InputError(field=where, problem="is no list of files, or the format is raw", mend="give path and format")
    named = [source.get("account") for source in sources if isinstance(source, dict)]
    several = len(sources) > 1 or form in _formats.NAMED
    if len(named) < len(sources) or (several and (None in named or len(set(named)) < len(named))):
        raise InputError(field=where, problem="lacks an account's name, or has one twice", mend="give each its account")
    for number, source in enumerate(sources):
        if not str(source.get("path") or "").startswith(("/", "~")):
            raise InputError(field=f"{where}[{number}].path", problem="is no absolute path", mend="begin it with /")
    if several:
        _check_accounts(named, where=where)
    if late is None:
        return None
    keys = [
        late.read_key(path=str(source["path"]), entry=source.get("entry"), field=f"{where}[{number}]")
        for number, source in enumerate(sources)
    ]
    rest = {name: value for name, value in entry.items() if name != "read_from"}
    if form in _formats.WITH_EXCHANGE:
        # As the program's own file has it; other forms go by our names.
        told = [key.spelled if form == key.program else key.exchange or key.spelled for key in keys]
        if several:
            rest["exchanges"] = {**dict(zip(named, told)), **(rest.get("exchanges") or {})}
        else:
            rest.setdefault("exchange", told[0])
    if several:
        return {**rest, "accounts": {name: dict(key.fields) for name, key in zip(named, keys)}}
    return {**rest, "fields": dict(keys[0].fields)}


def _opened(entry: t.Mapping[str, t.Any], *, where: str, late: Late | None) -> dict[str, t.Any] | None:
    """Return the entry with what was sealed in place of ``sealed``; None where nobody can open it."""
    where = f"{where}.sealed"
    given = [o for o in ("fields", "accounts", "content", "copy_from") if entry.get(o) is not None]
    if given:
        raise InputError(field=where, problem=f"is given beside {' and '.join(given)}", mend="give one of them")
    sealed = entry["sealed"]
    if not isinstance(sealed, str) or stanzas(encrypted=sealed.encode("utf-8", "replace")) is None:
        raise InputError(
            field=where,
            problem="is not the text of an age file",
            mend="make it with age --encrypt --armor --recipient <the host's recipient>",
        )
    if late is None:
        return None
    content = late.unseal(what=where, sealed=sealed.encode("ascii", "replace"))
    rest = {name: value for name, value in entry.items() if name != "sealed"}
    if entry.get("format") in (None, _formats.RAW):
        try:
            return {**rest, "content": content.decode("utf-8")}
        except UnicodeDecodeError:
            raise InputError(field=where, problem="does not hold text", mend="seal text") from None
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not document:
        raise InputError(
            field=where,
            problem=f"does not hold a JSON object, which the format {entry['format']} is made of",
            mend='seal {"api_key": "...", "secret": "..."}, or a whole document, and then leave format out',
        )
    several = all(isinstance(value, dict) for value in document.values())
    return {**rest, "accounts" if several else "fields": document}


def _source(entry: t.Mapping[str, t.Any], *, name: str, where: str) -> str | None:
    source = entry.get("copy_from")
    if source is None:
        return None
    check_name(name=source, field=f"{where}.copy_from")
    others = ("fields", "accounts", "content", "template", "sealed", "read_from")
    given = [option for option in others if entry.get(option) is not None]
    if entry.get("format") in (_formats.RAW, _formats.TEMPLATE):
        given.append(f"format: {entry['format']}")
    if given:
        raise InputError(
            field=where,
            problem=f"gives {' and '.join(given)} beside copy_from",
            mend="give either a content or the credential to copy it from",
        )
    if source == name:
        raise InputError(
            field=f"{where}.copy_from", value=name, problem="is the credential itself", mend="name another one"
        )
    return str(source)


def _private_key(entry: t.Mapping[str, t.Any], *, name: str, where: str) -> tuple[str, t.Callable[[str], bytes]]:
    """Return the credential that holds the private key, and what makes the document of the key's text."""
    source = entry["private_key_from"]
    check_name(name=source, field=f"{where}.private_key_from")
    fields = entry.get("fields")
    if not isinstance(fields, dict) or fields.get("secret") is not None:
        raise InputError(
            field=f"{where}.private_key_from",
            problem="is given without fields, or beside a secret there",
            mend="give in fields what the private key lacks, such as api_key",
        )
    others = ("accounts", "content", "sealed", "copy_from", "read_from")
    given = [option for option in others if entry.get(option) is not None]
    if given:
        raise InputError(
            field=where, problem=f"gives {' and '.join(given)} beside private_key_from", mend="give one of them"
        )
    if source == name:
        raise InputError(
            field=f"{where}.private_key_from", value=name, problem="is the credential itself", mend="name another one"
        )

    def around(key: str) -> bytes:
        return _document({**entry, "fields": {**fields, "secret": key}}, where=where)

    around(f"{_PEM}\nMA==\n{_PEM.replace('BEGIN', 'END')}\n")  # what is wrong with the rest is said before it is sent
    return str(source), around


def _not_after(given: t.Any, *, where: str) -> str | None:
    """Return the instant as ``YYYY-MM-DDTHH:MM:SSZ``."""
    if given is None:
        return None
    text = str(given).strip()
    try:
        match = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})Z)?", text)
        if match is None:
            raise ValueError
        moment = datetime.datetime.strptime(f"{match[1]} {match[2] or '00:00:00'} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise InputError(
            field=where,
            value=text[:40],
            problem="is not an instant in UTC",
            mend="write it as 2027-01-31 or 2027-01-31T18:00:00Z, in quotes",
        ) from None
    if moment <= datetime.datetime.now(tz=datetime.timezone.utc):
        raise InputError(
            field=where,
            value=text,
            problem="is past, so no service could start with this credential",
            mend="give a later day, or leave it out",
        )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(entry: t.Mapping[str, t.Any], *, where: str) -> bytes:
    given = [option for option in ("fields", "accounts", "content") if entry.get(option) is not None]
    if len(given) != 1:
        raise InputError(
            field=where,
            problem=f"gives {' and '.join(given)}" if given else "gives nothing to store",
            mend="give exactly one of fields, accounts, content, sealed, copy_from and read_from",
        )
    form = entry.get("format") or (_formats.RAW if given == ["content"] else None)
    _check_form(form, given=given[0], where=where)
    template = entry.get("template")
    if (template is not None) != (form == _formats.TEMPLATE):
        raise InputError(
            field=f"{where}.template",
            problem="is missing" if template is None else f"does not fit the format {form}",
            mend="give it with the format template, and only there",
        )
    text = entry["content"] if given == ["content"] else template
    content = _formats.render(
        form=str(form),
        fields=_fields(entry["fields"], where=f"{where}.fields") if given == ["fields"] else {},
        accounts=_accounts(entry["accounts"], where=f"{where}.accounts") if given == ["accounts"] else {},
        text=None if text is None else _text(text, where=f"{where}.{'content' if template is None else 'template'}"),
        field=where,
        exchange=_exchange(entry.get("exchange"), where=f"{where}.exchange"),
        exchanges=_exchanges(entry, where=f"{where}.exchanges"),
    )
    if len(content) > MAX_CONTENT:
        raise InputError(
            field=where, problem=f"is {len(content)} bytes long, and systemd takes {MAX_CONTENT}", mend="store less"
        )
    return content


def _check_form(form: t.Any, *, given: str, where: str) -> None:
    if form not in _formats.FORMATS:
        raise InputError(
            field=f"{where}.format",
            value=None if form is None else str(form),
            problem="is missing" if form is None else "is not a format",
            mend=f"use {', '.join(_formats.FORMATS)}",
        )
    if given == "content" and form != _formats.RAW:
        raise InputError(
            field=f"{where}.content",
            problem=f"cannot be turned into the format {form}",
            mend="give fields, or use the format raw",
        )
    if given == "accounts" and form in _formats.SINGLE:
        several = [name for name in _formats.FORMATS if name not in _formats.SINGLE]
        raise InputError(
            field=f"{where}.accounts",
            problem=f"does not fit the format {form}",
            mend=f"give fields, or use the format {', '.join(several[:-1])} or {several[-1]}",
        )


def _exchange(value: t.Any, *, where: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}", value):
        # Not shown: a key may have been pasted here.
        raise InputError(field=where, problem="is no exchange's name", mend="write it as the program does")
    return str(value)


def _exchanges(entry: t.Mapping[str, t.Any], *, where: str) -> dict[str, str]:
    given = entry.get("exchanges")
    if given is None:
        return {}
    accounts = entry.get("accounts")
    if not isinstance(given, dict) or not isinstance(accounts, dict) or not set(given) <= set(accounts):
        raise InputError(
            field=where,
            problem="is not a mapping of names in accounts to exchanges",
            mend="use the names that accounts has",
        )
    return {str(name): str(_exchange(value, where=where)) for name, value in given.items() if value is not None}


def _accounts(accounts: t.Any, *, where: str) -> dict[str, dict[str, str]]:
    if not isinstance(accounts, dict) or not accounts:
        raise InputError(
            field=where,
            problem="is not a mapping of exchange names to fields",
            mend="give each exchange's fields under its name",
        )
    _check_accounts(accounts, where=where)
    checked = {}
    for number, (account, given) in enumerate(accounts.items()):
        # No exchange's name looks like a key; a key that was taken for a name is not shown.
        shown = account if re.fullmatch(r"[a-z0-9_-]{1,24}", account) else f"<{number}>"
        checked[account] = _fields(given, where=f"{where}.{shown}")
    return checked


def _check_accounts(accounts: t.Iterable[t.Any], *, where: str) -> None:
    for account in accounts:
        if not isinstance(account, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", account):
            raise InputError(
                field=where,
                problem="has a name that is no exchange's",
                mend="name accounts by letters, digits, _ and -",
            )


def _fields(fields: t.Any, *, where: str) -> dict[str, str]:
    if not isinstance(fields, dict):
        raise InputError(field=where, problem="is not a mapping", mend="give for example api_key and secret")
    checked: dict[str, str] = {}
    for name, value in fields.items():
        if name not in _formats.FIELDS:
            # The name is not shown: key and value may have been mixed up.
            raise InputError(
                field=where, problem="has an entry that is not a known field", mend=f"use {', '.join(_formats.FIELDS)}"
            )
        if value is not None:
            checked[name] = _value(value, name=name, where=f"{where}.{name}")
    if not checked:
        raise InputError(field=where, problem="holds no value", mend="give for example api_key and secret")
    _check_equal(checked, where=where)
    return checked


def _text(value: t.Any, *, where: str) -> str:
    _check_string(value, where=where)
    _check_text(value, where=where)
    return str(value)


def _value(value: t.Any, *, name: str, where: str) -> str:
    _check_string(value, where=where)
    _check_text(value, where=where)
    pem = "-----BEGIN " in value
    if value != value.strip() and not pem:
        raise InputError(
            field=where, problem="has white space around it", mend="copy it again without blanks and line ends"
        )
    _check_visible(value, pem=pem, where=where)
    if len(value) < MIN_LENGTH.get(name, 1):
        raise InputError(
            field=where,
            problem=f"is shorter than {MIN_LENGTH[name]} characters, so it is not whole",
            mend="copy it again from the exchange",
        )
    if name in MIN_LENGTH and _PLACEHOLDER.fullmatch(re.sub(r"[-_ .]", "", value) or value):
        raise InputError(field=where, problem="is a placeholder", mend="give the real value, from a vault or a lookup")
    return str(value)


def _check_visible(value: str, *, pem: bool, where: str) -> None:
    if pem and _PEM_END.search(value) is None:
        raise InputError(
            field=where, problem="is a private key without its end", mend="give it whole, from -----BEGIN to -----END"
        )
    text = re.sub(r"\r?\n", "", value) if pem else value
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        raise InputError(
            field=where,
            problem="has a line break, a control character or another one in it that nobody sees",
            mend="copy it again as one line, and a private key as text",
        )


def _check_string(value: t.Any, *, where: str) -> None:
    if isinstance(value, (bool, int, float)):
        raise InputError(
            field=where, problem="was read as a number or a truth value, which changes it", mend="put it in quotes"
        )
    if not isinstance(value, str):
        raise InputError(field=where, problem="is not a string", mend="give one value in quotes")


def _check_text(value: str, *, where: str) -> None:
    if not value.strip():
        raise InputError(field=where, problem="is empty", mend="check the vault, lookup or prompt that it comes from")
    begin = value.lstrip("\ufeff \t\r\n")
    for sign, (program, mend) in _ENCRYPTED.items():
        if begin.startswith(sign):
            raise InputError(field=where, problem=f"is still encrypted by {program}", mend=mend)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(field=where, problem="is not valid text", mend="copy it again") from None


def _check_equal(fields: t.Mapping[str, str], *, where: str) -> None:
    names = [name for name in ("api_key", "secret", "passphrase") if name in fields]
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            if fields[first] == fields[second]:
                raise InputError(
                    field=f"{where}.{second}", problem=f"equals {first}", mend="copy each value again from the exchange"
                )
