# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a new key comes to a host: what is still missing, what a person does on the exchange, what is written down.

Pure functions around data. Nothing here holds a secret but :func:`mistake`, which returns a sentence without one.
Private to this collection.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..module_utils._allowlist._blocks import classify
from ..module_utils._allowlist._lint import paste_text
from ..module_utils._allowlist._rule import AllowlistGrammar
from ..module_utils._credential._formats import FOR_CCXT, FORMATS, RAW, TEMPLATE
from ..module_utils._errors import InputError
from ..module_utils._exchanges._contract import Credential, Exchange
from ..module_utils._exchanges._options import check_credential, read_keys
from ..module_utils._exchanges._registry import OTHER, find
from ..module_utils._exchanges._signing import HMAC, is_bare_key
from ..module_utils._facts import PRODUCT_WORDS, EgressFacts
from ..module_utils._policy._case import Host, declared_words
from ..module_utils._policy._egress import KINDS, kinds
from ..module_utils._policy._passphrase import asked_by_ccxt
from ..module_utils._redact import mask_id, one_line
from ._exchange_pages import Page, page_of
from ._key_pages import page as page_address
from ._key_pages import title as title_of
from ._registry_rules import DOCUMENT_SPEC, KEY_SPEC, known_fields, strange_fields

_OPTION = "exchange_credentials_enroll_"
#: Where a person gives what the inventory does not hold: our name, the option's, and what it is.
_DECLARED = {
    "access": "read or read_write",
    "account": "the account's id, as the exchange's app shows it",
    "owner": "the person who answers for the key",
    "purpose": "what the key is for",
    "recovery": "escrow, recreate or standby_key",
}
#: Exchanges of whose pairs ccxt signs with the private half (ccxt 4.5.90).
_CCXT_SIGNS = frozenset(("binance", "bybit"))
#: What a new key may be refused for before it has settled.
SETTLES_FROM = ("ambiguous", "invalid_key", "ip_refused", "permission_denied", "settling")
#: Longer than this nobody waits at a terminal.
_LONGEST_WAIT = 600
#: A person vouches for these where the exchange does not show them.
VOUCHED = ("account", "allowlist", "label", "permissions")


class EnrollmentError(Exception):
    """What was asked for cannot be done as it is; the text is one sentence for a person."""


def plan(
    *,
    documents: t.Sequence[t.Mapping[str, t.Any]],
    api_keys: t.Sequence[t.Mapping[str, t.Any]],
    given: t.Mapping[str, t.Any],
) -> dict[str, t.Any]:
    """Return everything that is known before a host is touched; it holds no secret.

    ``given`` are the options ``exchange_credentials_enroll_*`` by the rest of their names, with ``today``
    (``YYYY-MM-DD``), ``escrow`` (whether sealed copies are made), ``has_values`` (whether key and secret are at hand)
    and ``id`` (the key's id, where that is at hand). Raises ``EnrollmentError`` that lists all that is missing.
    """
    name = _text(given, "api_key")
    known = next((key for key in api_keys if key.get("name") == name), {})
    refuse_strange(known)
    document, missing = _document(documents, given, name=name)
    key = _key(known, given, name=name, missing=missing)
    exchange = find(key["exchange"]) if key.get("exchange") else None
    if key.get("exchange") and exchange is None and key["exchange"] != OTHER:
        raise EnrollmentError(f"{key['exchange']} is no exchange that is known here; write other and its ccxt_id.")
    declared = key["declared"]
    if declared.get("access") == "read_write" and not declared.get("products"):
        missing.append(f"{_OPTION}products (of {', '.join(sorted(PRODUCT_WORDS))})")
    if declared.get("recovery") == "escrow" and not given.get("escrow"):
        missing.append("exchange_credentials_escrow_to and exchange_credentials_recipients (recovery is escrow)")
    if exchange is not None and exchange.nonce_rule() is not None and not key.get("nonce"):
        missing.append(f"{_OPTION}nonce (how its requests are numbered, such as {{shared: false}})")
    if not _text(given, "by"):
        missing.append(f"{_OPTION}by (your name: you vouch for what the exchange does not show)")
    if missing:
        raise EnrollmentError(
            f"To enrol {name}, also give {'; '.join(missing)}. Declare them in the inventory, or give them with -e."
        )
    _check(key, exchange=exchange)
    told = _planned(key, document, exchange=exchange, given=given)
    return {**told, "before": question(known), "document_declared": document in [dict(each) for each in documents]}


def _planned(
    key: dict[str, t.Any], document: dict[str, t.Any], *, exchange: Exchange | None, given: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    name, where = document["name"], "the exchange's page of API keys"
    registration = exchange.registration() if exchange is not None else None
    pair = _pair(key, document, exchange=exchange, given=given)
    phrase = (
        asked_by_ccxt(key["declared"].get("ccxt_id")) if exchange is None else exchange.passphrase_rule() is not None
    )
    fields = ["api_key", *([] if pair else ["secret"]), *(["passphrase"] if phrase else [])]
    title = title_of(key["exchange"], ccxt_id=key["declared"].get("ccxt_id"))
    clicks = exchange.click_path() if exchange is not None else where
    return {
        "api_key": key["name"],
        "question": key,
        "entry": None,
        "title": title,
        "where": _to_the_list(clicks),
        "pair_where": registration.click_path if pair and registration is not None else None,
        "document": name,
        "documents": [document],
        "terms": {"with_key": document["with_key"]} if document.get("with_key") else {},
        "waits": f"{name}.new",
        "previous": f"{name}.previous",
        "pair": f"{name}.pair" if pair else None,
        "asks": [{"field": field, "prompt": f"The {_WORDS[field]} of the new key"} for field in fields],
        "cannot_be_typed": None if pair else cannot_be_typed(exchange),
        **settling_of(exchange),
        "by": _text(given, "by"),
        "today": _text(given, "today"),
        # Its ends: what tells two keys apart whose secrets nobody can compare.
        "given_id": mask_id(_text(given, "id")) if _text(given, "id") else None,
        "recovery": key["declared"]["recovery"],
    }


def settling_of(exchange: Exchange | None) -> dict[str, t.Any]:
    """Return how long a new key may need, and whether and how often it is worth asking meanwhile."""
    settling = exchange.settling() if exchange is not None else None
    seconds = settling.seconds if settling is not None else 0
    return {
        "settles": seconds,
        "settling": settling.described if settling is not None else "",
        "polled": 0 < seconds <= _LONGEST_WAIT,
        "pause": max(10, seconds // 10),
        "settles_from": list(SETTLES_FROM),
    }


_WORDS = {"api_key": "id (API key)", "secret": "secret", "passphrase": "passphrase (or memo)"}


def _text(given: t.Mapping[str, t.Any], name: str) -> str:
    return str(given.get(name) or "").strip()


def _list(value: t.Any) -> list[str]:
    items = value.split(",") if isinstance(value, str) else list(value or ())
    return [str(item).strip() for item in items if str(item).strip()]


def _document(
    documents: t.Sequence[t.Mapping[str, t.Any]], given: t.Mapping[str, t.Any], *, name: str
) -> tuple[dict[str, t.Any], list[str]]:
    """Return the document that is to hold the key, and what is missing to know it."""
    if not name:
        raise EnrollmentError(f"Say which key is enrolled: {_OPTION}api_key, a name of your choice.")
    wanted = _text(given, "document")
    holding = [each for each in documents if name in (each.get("api_keys") or ())]
    if wanted:
        holding = [each for each in holding if each.get("name") == wanted]
        same = next((each for each in documents if each.get("name") == wanted), None)
        if same is not None and not holding:
            raise EnrollmentError(
                f"The document {wanted} is declared already, and {name} is not in its api_keys; name another document."
            )
    if len(holding) > 1:
        names = ", ".join(str(each.get("name")) for each in holding)
        raise EnrollmentError(f"{name} is in the documents {names}; say by {_OPTION}document which one is made now.")
    document = dict(holding[0]) if holding else {"name": wanted or name, "api_keys": [name]}
    held_by = str(document["name"])
    for sentence in strange_fields(document, spec=DOCUMENT_SPEC, where=f"The document {one_line(held_by, limit=100)}"):
        raise EnrollmentError(f"{sentence} Nothing was done.")
    check_helpers(held_by, documents=documents)
    if len(document["api_keys"]) > 1:
        raise EnrollmentError(
            f"The document {document['name']} holds {', '.join(document['api_keys'])}, and a document is written "
            "whole; give the new key a document of its own, or place all of them with the role exchange_credentials."
        )
    missing = []
    if holding:
        _add(document, "format", _text(given, "format"), name=held_by)
    form = _text(given, "format") or document.get("format")
    if not form:
        missing.append(f"{_OPTION}format (the form in which the program reads its key, such as ccxt)")
    elif form in (RAW, TEMPLATE):
        raise EnrollmentError(
            f"A document of the form {form} cannot be read back, so nobody could ask the exchange with it; place it "
            "with the role exchange_credentials, or use another form."
        )
    elif form not in FORMATS:
        raise EnrollmentError(f"{form} is no form of a document; use one of {', '.join(FORMATS)}.")
    return {**document, "format": form}, missing


#: What an enrolment and a rotation keep beside a document, by the ends of its name.
_BESIDE = (".new", ".next", ".pair", ".previous")


def check_helpers(name: str, *, documents: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """Refuse a document that is kept where an enrolment or a rotation keeps another one's key for a while."""
    if name.endswith(_BESIDE):
        raise EnrollmentError(
            f"The document {name} has a name that ends as a key does that waits beside another one "
            f"({', '.join(_BESIDE)}); give it another name. Nothing was done."
        )
    helpers = {f"{name}{end}" for end in _BESIDE}
    for other in documents:
        if other.get("name") in helpers:
            raise EnrollmentError(
                f"The document {other['name']} has the name of what is kept for a while beside {name}, and would be "
                "taken for it; give one of the two another name. Nothing was done."
            )


def _key(
    known: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any], *, name: str, missing: list[str]
) -> dict[str, t.Any]:
    """Return the key as it is to be declared, without values; what is in the inventory counts, and may be added to."""
    if known.get("credential"):
        raise EnrollmentError(
            f"The inventory says that {name} lies in a credential on its host, so it is no new key; the role "
            "exchange_credentials makes its document."
        )
    key = {**question(known), "name": name}
    declared = dict(key.get("declared") or {})
    for field in ("exchange", "environment", "region", "nonce"):
        _add(key, field, given.get(field) if field == "nonce" else _text(given, field), name=name)
    for field in (*_DECLARED, "label", "ccxt_id"):
        _add(declared, field, _text(given, field), name=name)
    _add(declared, "products", _list(given.get("products")), name=name)
    declared.setdefault("label", name)
    key["declared"] = declared
    if not key.get("exchange"):
        missing.append(f"{_OPTION}exchange")
    elif key["exchange"] == OTHER and not declared.get("ccxt_id"):
        missing.append(f"{_OPTION}ccxt_id (the exchange's name in ccxt)")
    missing += [f"{_OPTION}{field} ({what})" for field, what in _DECLARED.items() if not declared.get(field)]
    return key


#: What signs or says where the secret is: none of it belongs to a question with a placed credential.
_NOT_ASKED_WITH = ("api_key", "secret", "passphrase", "key_password", "credential", "file")


def question(key: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the key without what signs, for a question with a placed credential; a locked vault is not touched."""
    return known_fields(key, spec=KEY_SPEC, without=_NOT_ASKED_WITH)


def refuse_strange(key: t.Mapping[str, t.Any]) -> None:
    """Refuse a key with a field that none has: its value may be a secret, and somebody means something by it."""
    name = key.get("name")
    for sentence in strange_fields(key, spec=KEY_SPEC, where=f"The key {one_line(name, limit=100)}"):
        raise EnrollmentError(f"{sentence} Nothing was done.")


def _add(to: dict[str, t.Any], field: str, value: t.Any, *, name: str) -> None:
    if not value:
        return
    if to.get(field) not in (None, "", [], value):
        raise EnrollmentError(
            f"The inventory declares {field} of {name} as {to[field]}, and {_OPTION}{field} says {value}; say it once."
        )
    to[field] = value


def _check(key: t.Mapping[str, t.Any], *, exchange: Exchange | None) -> None:
    """Refuse what could not be asked later; nothing was done yet."""
    if exchange is not None and not exchange.needs_secret():
        raise EnrollmentError(
            f"{exchange.title} has no secret that it gives out: its programs sign with a wallet's key. Place that with "
            "the module credential, and declare the key with its address."
        )
    try:
        read_keys([{**key, "credential": {"name": "x", "directory": "/"}} if exchange is not None else key])
    except InputError as error:
        raise EnrollmentError(str(error)) from None


def _pair(
    key: t.Mapping[str, t.Any],
    document: t.Mapping[str, t.Any],
    *,
    exchange: Exchange | None,
    given: t.Mapping[str, t.Any],
) -> bool:
    """Tell whether the host makes a pair of keys, and the exchange gets the public half."""
    wish = _text(given, "key_pair") or "auto"
    if wish == "always" and given.get("has_values"):
        raise EnrollmentError(f"A secret is given, and {_OPTION}key_pair is always; leave one of the two out.")
    takes = exchange is not None and exchange.registration() is not None
    if wish == "always":
        if not takes:
            raise EnrollmentError(
                f"{key['exchange']} is not known to take a public key; set {_OPTION}key_pair to auto or never."
            )
        return True
    if wish == "never" or not takes or given.get("has_values"):
        return False
    return key["exchange"] in _CCXT_SIGNS and document["format"] in FOR_CCXT


def cannot_be_typed(exchange: Exchange | None) -> str | None:
    """Return why nobody can be asked for the secret that this exchange gives out, or ``None``."""
    if exchange is None or not exchange.needs_secret() or HMAC in exchange.key_types():
        return None
    return f"A secret of {exchange.title} is a private key of several lines, which cannot be typed at a prompt"


def _to_the_list(clicks: str) -> str:
    """Return the way to the list of keys: the way to one of them, without its last steps."""
    return clicks.partition(" > the key")[0]


# --- what a person types ---


def mistake(values: t.Mapping[str, t.Any], *, exchange: str, asks: t.Sequence[str], pair: bool) -> str:
    """Return what cannot be right about values that were given or typed, or nothing; no value is in it."""
    known = find(exchange)
    for field in asks:
        value = values.get(field)
        if value is None or not str(value).strip():
            return f"The {_WORDS[field]} is empty."
        if not isinstance(value, str):
            return f"The {_WORDS[field]} was read as a number or a truth value, which changes it; put it in quotes."
    if strange := [field for field in values if field not in _WORDS and values[field]]:
        # Not named: it may be a value that stands in the wrong place.
        return f"There are {len(strange)} fields that no key has; use {', '.join(asks)}."
    rule = known.passphrase_rule() if known is not None else None
    phrase = values.get("passphrase")
    if rule is not None and rule.pattern is not None and not re.fullmatch(rule.pattern, str(phrase)):
        return f"The passphrase is none that {known.title if known else exchange} takes: {rule.described}."
    credential = Credential(
        str(values["api_key"]), "x" * 32 if pair else str(values["secret"]), None if phrase is None else str(phrase)
    )
    try:
        check_credential(credential, exchange=None if pair else known, field="new key")
    except InputError as error:
        return str(error)
    return ""


def pasted(values: t.Mapping[str, t.Any]) -> str:
    """Return what is wrong with values that end the run, because what comes next is no answer; else nothing."""
    if any("-----" in str(value) or is_bare_key(str(value)) for value in values.values()):
        return (
            "What was entered is a private key of several lines, or a part of one: a prompt takes one line alone, and "
            "the next ones for something else."
        )
    return ""


# --- where the host is seen from ---


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What belongs on the key's allowlist. ``doubtful`` rest on one kind of evidence; ``line`` is the text to paste."""

    addresses: tuple[str, ...]
    doubtful: tuple[str, ...]
    line: str
    sentences: tuple[str, ...]


def proposal(
    *,
    exchange: str,
    egress: t.Sequence[EgressFacts],
    host: str,
    declared: t.Mapping[str, t.Any],
    confirmed: t.Collection[str] | t.Literal[True],
) -> Proposal:
    """Return the addresses to paste, with what vouches for each.

    ``confirmed`` are addresses that a person has confirmed, or true for all. IPv4 comes first: an exchange that is
    reached over IPv6 too needs other mends than one more entry.
    """
    known = find(exchange)
    grammar = known.allowlist_rule().grammar if known is not None else AllowlistGrammar()
    here = Host(host)
    here.egress.extend(egress)
    wanted = {path.get("family", "any") for path in declared.get("egress_paths") or ()} or {"any"}
    families = {"ipv4", "ipv6"} if "any" in wanted else wanted
    seen = {fact.family: fact for fact in egress if fact.family in families and fact.status == "agreed"}
    first = [a for a in seen["ipv4"].addresses if classify(a) is None] if "ipv4" in seen else []
    second = [a for a in seen["ipv6"].addresses if classify(a) is None] if "ipv6" in seen else []
    sentences = []
    addresses = first or ([] if grammar.ipv6 is False else second)
    doubtful = []
    for address in addresses:
        words = [KINDS[kind] for kind in kinds(here, address)]
        theirs = confirmed is True or address in confirmed
        enough = len(words) >= 2 or theirs
        if theirs:
            words.append("you confirmed it")
        sentences.append(f"{address}: {' and '.join(words) or 'nothing vouches for it'}.")
        if not enough:
            doubtful.append(address)
    unstable = [fact.family for fact in seen.values() if fact.stable is False]
    if unstable:
        sentences.append("The address changes. Give the host a fixed one first: no list could hold what comes next.")
    if first and second:
        sentences.append(
            f"Over IPv6 the host is seen from {', '.join(second)}. Do not list that: make the service use IPv4 only."
        )
    if not addresses:
        sentences.append("The host's public address is not known. Learn it first; do not guess it.")
    line = ""
    if addresses and not doubtful and not unstable:
        line = paste_text(keep=(), add=addresses, remove_later=(), grammar=grammar).line
    return Proposal(tuple(addresses), tuple(doubtful), line, tuple(sentences))


# --- what a person does there ---


def steps(
    *, planned: t.Mapping[str, t.Any], proposed: Proposal, public_key: str | None = None, unverified: str | None = None
) -> list[str]:
    """Return what a person does on the exchange's page, one sentence or more for each step, in their order."""
    key = planned["question"]
    name, title = key["exchange"], planned["title"]
    known, page = find(name), page_of(name)
    environment = key.get("environment") or "mainnet"
    link = page_address(exchange=name, region=key.get("region"), environment=environment)
    region = key.get("region") or "global"
    site = " ".join(part for part in (region, environment) if part not in ("global", "mainnet"))
    where = f"{title} ({site})" if site else title
    found = [f"Log in at {where}, to the account {key['declared'].get('account')}."]
    found.append("Turn on the second factor first, with an app or a hardware key, where the account has none yet.")
    if planned["pair"]:
        found.append(f"Open {planned['pair_where']}.")
        found.append(
            "Paste this public key, all lines of it, and compare its end with what you pasted:\n"
            f"{(public_key or 'the public key that this host makes').strip()}"
        )
        if unverified:
            found.append(f"Not verified of this page: {unverified}")
    else:
        found.append(f"Open {planned['where']}{f' ({link})' if link else ''}, and create a new key.")
    found.append(f"Name it {key['declared']['label']}.")
    found += _boxes(key["declared"], title=title, page=page, known=known)
    found += _restriction(planned, proposed, known=known)
    if "passphrase" in [each["field"] for each in planned["asks"]]:
        found.append(_phrase(known))
    found += page.hints
    found.append(
        f"{title} will ask for {page.codes}."
        if page.codes
        else f"Which one-time codes {title} asks for is not known here: have your second factor and e-mail at hand."
    )
    found.append(
        "Copy the key's id. It is no secret."
        if planned["pair"]
        else "Copy key and secret when they are shown. The secret is shown once."
    )
    return found


def _boxes(declared: t.Mapping[str, t.Any], *, title: str, page: Page, known: Exchange | None) -> t.Iterator[str]:
    words = ["read", *sorted((declared_words(declared) or frozenset()) - {"read"})]
    boxes = [box for box in dict.fromkeys(page.boxes[word] for word in words if word in page.boxes) if box]
    others = [word for word in words if word not in page.boxes]
    if boxes:
        yield f"Tick these permissions and no others: {'; '.join(boxes)} (the words of {title}'s own documents)."
    if others:
        yield (
            f"{'Also allow' if boxes else 'Allow'} {', '.join(others)} and nothing else; what {title}'s page calls "
            "that is not known here."
        )
    if known is not None:
        beyond = sorted(known.closure(frozenset(words)) - set(words) - {"benign"})
        if beyond:
            yield f"{title} cannot grant that without {', '.join(beyond)}: that much more the key will be able to do."
    off = ", ".join(page.never) if page.never else "whatever withdraws, pays, or manages keys and sub-accounts"
    yield f"Leave empty: {off}."


def _restriction(planned: t.Mapping[str, t.Any], proposed: Proposal, *, known: Exchange | None) -> t.Iterator[str]:
    title = planned["title"]
    if known is not None and not known.restricts_addresses():
        yield f"{title} has no IP restriction."
        return
    evidence = " ".join(proposed.sentences)
    if proposed.line:
        yield f"Restrict the key to these addresses, and paste exactly this: {proposed.line}\n{evidence}"
    else:
        yield (
            "Restrict the key to the addresses of this host. There is no text to paste yet, because a wrong address "
            f"opens the key to a stranger.\n{evidence}"
        )
    standby = planned["question"]["declared"].get("standby_hosts")
    if standby:
        yield f"Add the addresses of the standby hosts too: {', '.join(standby)}."


def _phrase(known: Exchange | None) -> str:
    rule = known.passphrase_rule() if known is not None else None
    form = rule.described if rule is not None and rule.pattern is not None else "what it may hold is not documented"
    again = " It can be neither shown nor changed later." if rule is not None and rule.permanent else ""
    return f"Choose a passphrase (or memo) for this key alone: {form}.{again} Let a password manager make it."


# --- what is written down ---


def entry(
    *,
    planned: t.Mapping[str, t.Any],
    observed: t.Mapping[str, t.Any] | None,
    typed: bool,
    two_factor: str,
    allowlist: t.Sequence[str],
    vouched: t.Sequence[str],
    created_on: str = "",
) -> dict[str, t.Any]:
    """Return the key as the inventory is to hold it, with who vouches for what; no secret is in it.

    ``observed`` is what the exchange told. ``typed`` says that a person created the key just now. ``allowlist`` are the
    addresses as a person saw them on the page, ``vouched`` the names of :data:`VOUCHED` that a person vouches for. What
    the exchange shows needs nobody's word. The day of creation is written down all the same: it tells this key from
    another one that gets its name.
    """
    by, today = planned["by"], planned["today"]
    word = {"by": by, "on": today}
    key = dict(planned["question"])
    declared = {**key["declared"]}
    attested = dict(declared.get("attested") or {})
    untold = set(not_told(observed))
    if two_factor and "two_factor" not in declared:
        declared["two_factor"] = {"kind": two_factor, "attested_by": by, "attested_on": today}
    seen = ((observed or {}).get("created_at") or "")[:10]
    created = seen or created_on or (today if typed else "")
    if created and not declared.get("created_on"):
        declared["created_on"] = created
        if not seen:
            attested.setdefault("created_on", word)
    if allowlist and "allowlist" in untold:
        declared.setdefault("allowlist", list(allowlist))
        declared.setdefault("ip_restriction", True)
        attested.setdefault("allowlist", word)
        attested.setdefault("ip_restriction", word)
    for name in vouched:
        if name in untold and name != "allowlist":
            attested.setdefault(name, word)
    declared.setdefault("reviewed_on", today)
    if attested:
        declared["attested"] = attested
    return {**key, "declared": declared}


def changes(key: t.Mapping[str, t.Any], *, before: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what of a key's entry the inventory does not say yet, with its name: what it says stays as written."""
    found: dict[str, t.Any] = {"name": key["name"]}
    for field, value in key.items():
        old = before.get(field)
        if isinstance(value, dict) and isinstance(old, dict):
            inner = {name: each for name, each in value.items() if old.get(name) != each}
            if inner:
                found[field] = inner
        elif value != old:
            found[field] = value
    return found


def not_told(observed: t.Mapping[str, t.Any] | None) -> list[str]:
    """Return what of :data:`VOUCHED` the exchange did not show."""
    seen = observed or {}
    told = {
        "account": (seen.get("account") or {}).get("id"),
        "allowlist": (seen.get("allowlist") or {}).get("state") in ("entries", "unrestricted"),
        "label": seen.get("label"),
        "permissions": seen.get("permissions"),
    }
    return [name for name in VOUCHED if not told[name]]
