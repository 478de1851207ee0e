# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._credential import _formats, _held
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Request, parse
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

GOOD = {"api_key": "CANARYkey-1234", "secret": "CANARYsecret-5678"}
FULL = {**GOOD, "passphrase": "CANARYphrase"}


def entry(**given: t.Any) -> dict[str, t.Any]:
    return {"name": "bot.json", "format": "ccxt", "fields": GOOD, **given}


def document(**given: t.Any) -> t.Any:
    (request,) = parse(credentials=[entry(**given)])
    return json.loads(request.content or b"")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("json", FULL),
        ("ccxt", {"apiKey": FULL["api_key"], "secret": FULL["secret"], "password": FULL["passphrase"]}),
        (
            "freqtrade",
            {"exchange": {"key": FULL["api_key"], "secret": FULL["secret"], "password": FULL["passphrase"]}},
        ),
    ],
)
def test_documents(form: str, expected: t.Any) -> None:
    assert document(format=form, fields=FULL) == expected


def test_several_exchanges_in_one_document() -> None:
    accounts = {"okx": FULL, "bybit": GOOD}
    found = document(format="ccxt", fields=None, accounts=accounts)
    assert list(found) == ["okx", "bybit"]
    assert found["bybit"] == {"apiKey": GOOD["api_key"], "secret": GOOD["secret"]}


def test_raw() -> None:
    requests = parse(
        credentials=[
            {"name": "a", "content": "any\ntext "},
            {"name": "b", "format": "raw", "fields": {"secret": "CANARYsecret-5678"}},
        ]
    )
    assert [r.content for r in requests] == [b"any\ntext ", b"CANARYsecret-5678"]


def test_a_null_field_is_left_out() -> None:
    assert "password" not in document(fields={**GOOD, "passphrase": None})


def test_a_pem_key_keeps_its_lines() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    assert document(fields={"api_key": GOOD["api_key"], "secret": pem})["secret"] == pem


def test_absent_needs_and_keeps_no_secret() -> None:
    assert parse(credentials=[{"name": "a", "state": "absent"}, {"name": "b", "state": "absent", "fields": FULL}]) == [
        Request("a"),
        Request("b"),
    ]


def test_a_request_shows_nothing_when_printed() -> None:
    assert "CANARY" not in repr(parse(credentials=[entry()]))


BAD: list[tuple[dict[str, t.Any], str]] = [
    (entry(name="a b"), r"credentials\[0\]\.name 'a b': is not a credential name"),
    (entry(name=None), "is not a credential name"),
    (entry(state="gone"), "'gone': is not a state"),
    (entry(with_key="null"), r"with_key 'null': .*use auto, host, tpm2, host\+tpm2"),
    (entry(format="ini"), "format 'ini': is not a format"),
    (entry(format=None), "format: is missing"),
    (entry(fields=None), "gives nothing to store"),
    (entry(content="CANARY"), "gives fields and content"),
    (entry(fields=None, content="CANARY text"), r"content: cannot be turned into the format ccxt"),
    (entry(format="freqtrade", fields=None, accounts={"okx": GOOD}), "accounts: does not fit the format freqtrade"),
    (entry(fields=None, accounts={}), "accounts: is not a mapping"),
    (entry(fields=None, accounts={"CANARY key": GOOD}), "has a name that is no exchange's"),
    (entry(fields="CANARY"), r"fields: is not a mapping"),
    (entry(fields={}), "fields: holds no value"),
    (entry(fields={"CANARYkey-1234": "api_key"}), "has an entry that is not a known field"),
    (entry(format="freqtrade", fields={**GOOD, "login": "CANARYlogin"}), "login: is not a field of this format"),
    (entry(format="raw", fields=GOOD), "holds 2 fields"),
    (entry(fields={**GOOD, "secret": ""}), r"fields\.secret: is empty"),
    (entry(fields={**GOOD, "secret": " \n"}), r"fields\.secret: is empty"),
    (entry(fields={**GOOD, "secret": " CANARYsecret-5678"}), r"fields\.secret: has white space around it"),
    (entry(fields={**GOOD, "secret": "CANARYsecret-5678\n"}), r"fields\.secret: has white space around it"),
    (entry(fields={**GOOD, "secret": "CANARY\tsecret-5678"}), "has a line break, a control character or another"),
    (entry(fields={**GOOD, "secret": "CANARY7"}), r"fields\.secret: is shorter than 8 characters"),
    (entry(fields={**GOOD, "passphrase": "CANA1"}), r"fields\.passphrase: is shorter than 6 characters"),
    (entry(fields={**GOOD, "passphrase": 12345678}), r"fields\.passphrase: was read as a number.*put it in quotes"),
    (entry(fields={**GOOD, "passphrase": True}), "was read as a number or a truth value"),
    (entry(fields={**GOOD, "passphrase": ["CANARY"]}), "is not a string"),
    (entry(fields={**GOOD, "secret": GOOD["api_key"]}), r"fields\.secret: equals api_key"),
    (entry(fields={**GOOD, "passphrase": GOOD["secret"]}), r"fields\.passphrase: equals secret"),
    (entry(fields={**GOOD, "secret": "$ANSIBLE_VAULT;1.1;AES256\n6162"}), "is still encrypted by ansible-vault"),
    (entry(fields={**GOOD, "secret": "CANARY\ud800secret"}), "is not valid text"),
    (entry(format="raw", fields=None, content="x" * (1024 * 1024 + 1)), "is 1048577 bytes long"),
    (entry(format="raw", fields=None, content=" "), "content: is empty"),
]


@pytest.mark.parametrize(("bad", "sentence"), BAD)
def test_bad_input_gets_one_sentence_without_the_value(bad: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        parse(credentials=[bad])
    said = str(refused.value)
    assert "CANARY" not in said
    assert "\n" not in said


@pytest.mark.parametrize("field", ["api_key", "secret", "passphrase"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        *(
            (text.format("CANARYsecret-5678"), "another one in it that nobody sees")
            for text in (
                "\ufeff{}",
                "{}\u200b",
                "\u2060{}",
                "\u202e{}",
                "{}\x9b1m",
                "a\u00ad{}",
                "\ue000{}",
                "a\u2028{}",
            )
        ),
        ("\u200b" * 12, "another one in it that nobody sees"),
        ("-----BEGIN \x1b[31m\x00CANARY", "is a private key without its end"),
        ("-----BEGIN \x1b[31m\x00CANARY\n-----END KEY-----", "another one in it that nobody sees"),
        ("-----BEGIN PRIVATE KEY-----\nCANARY\n", "is a private key without its end"),
        ("-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE", "is a private key without its end"),
        ("ENC[AES256_GCM,data:CANARY]", "is still encrypted by SOPS"),
        ("\ufeff$ANSIBLE_VAULT;1.1;AES256\nCANARY", "is still encrypted by ansible-vault"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nCANARY\n-----END AGE ENCRYPTED FILE-----", "is still encrypted by age"),
    ],
)
def test_what_nobody_sees_or_can_read_is_refused(field: str, value: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        parse(credentials=[entry(fields={**FULL, field: value})])
    assert f"fields.{field}: " in str(refused.value)
    assert "CANARY" not in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("phrase", ["pässwörter", "日本語のパスワード", "a b c d e f", '§±!"#¤%&/()=', "pass🙂phrase"])
def test_a_passphrase_may_hold_what_can_be_seen(phrase: str) -> None:
    assert document(fields={**FULL, "passphrase": phrase})["password"] == phrase


def test_a_pem_key_may_have_the_line_ends_of_another_system() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\r\nCANARY\r\n-----END PRIVATE KEY-----\r\n"
    assert document(fields={**GOOD, "secret": pem})["secret"] == pem


@pytest.mark.parametrize(
    "placeholder",
    [
        "changeme",
        "CHANGE_ME_NOW",
        "your-api-key",
        "YOUR_API_KEY_HERE",
        "<your key>",
        "xxxxxxxxxxxx",
        "********",
        "placeholder",
        "my_secret_key",
        "insert-your-key",
        "{{ vault_key }}",
        "api_key_here",
        "your_bybit_secret",
        "..........",
        "REPLACE_ME_PLEASE",
        "undefined",
    ],
)
def test_placeholders(placeholder: str) -> None:
    with pytest.raises(InputError, match=r"is a placeholder|shorter than"):
        parse(credentials=[entry(fields={**GOOD, "secret": placeholder})])


@pytest.mark.parametrize("real", ["yourmoney-9x8f7e6d", "mysecretgarden42", "exampleA9f8e7d6c5", "ChangeMe!2026x9"])
def test_what_only_resembles_a_placeholder_is_taken(real: str) -> None:
    assert document(fields={**GOOD, "secret": real})["secret"] == real


def test_a_name_given_twice() -> None:
    with pytest.raises(InputError, match=r"credentials\[1\]\.name 'bot.json': is given twice"):
        parse(credentials=[entry(), entry(state="absent")])


@pytest.mark.parametrize("credentials", [None, "CANARY", {}, ["CANARY"]])
def test_what_is_no_list_of_mappings(credentials: t.Any) -> None:
    with pytest.raises(InputError) as refused:
        parse(credentials=credentials)
    assert "CANARY" not in str(refused.value)


@given(
    st.sampled_from(["json", "ccxt", "freqtrade"]),
    st.dictionaries(st.sampled_from(["api_key", "secret", "passphrase", "uid"]), st.text(min_size=1), min_size=1),
)
def test_whatever_is_written_reads_back(form: str, fields: dict[str, str]) -> None:
    content = _formats.render(form=form, fields=fields, accounts={}, text=None, field="x")
    assert _held.read_fields(content=content) == fields


@given(st.binary())
def test_reading_fields_never_fails(content: bytes) -> None:
    assert isinstance(_held.read_fields(content=content), dict)
    assert _held.field_names(content=content) == list(_held.read_fields(content=content))


def test_field_names_show_no_names_but_ours() -> None:
    content = json.dumps({"okx": {"apiKey": "x", "CANARY": "y"}, "bybit": {"secret": "z"}}).encode()
    assert _held.field_names(content=content) == ["api_key", "secret"]


def test_a_key_in_the_place_of_an_exchange_name_is_not_shown() -> None:
    for accounts, said in (({GOOD["api_key"]: "x"}, "accounts.<0>"), ({"bybit": "x"}, "accounts.bybit")):
        with pytest.raises(InputError) as caught:
            parse(credentials=[{"name": "a", "format": "ccxt", "accounts": accounts}])
        assert said in str(caught.value)
        assert "CANARY" not in str(caught.value)
