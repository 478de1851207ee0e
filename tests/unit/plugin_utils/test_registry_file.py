# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key in a file that people write too: what they wrote stays, and a file is old or new at every instant."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.plugin_utils._registry_file import (
    RegistryFileError,
    edit_file,
    entry_text,
    with_key,
    without_key,
)

KEYS = "exchange_credentials_api_keys"
DOCUMENTS = "exchange_credentials_documents"
GRID: dict[str, t.Any] = {"name": "grid", "exchange": "okx", "declared": {"label": "g", "products": ["spot"]}}
DOCUMENT: dict[str, t.Any] = {"name": "grid.json", "format": "ccxt", "api_keys": ["grid"]}

FULL = """\
---
# Keys of bot1. Ask Ada.

zone: fra   # an odd    one

exchange_credentials_api_keys:
  # the old one
  - name: dca  # since spring
    exchange: bybit
    secret: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162

    declared:
      # see the wiki
      label: dca
      access: read
  # the odd one
  -   exchange: okx
      name: "two words"
      declared: {access: read}

# what the bots read
exchange_credentials_documents:
- {name: all.json, format: ccxt, api_keys: [dca, "two words"]}
- name: dca.json
  format: freqtrade
  api_keys:
    - dca

last: {{ not quoted }}
""".replace("{{ not quoted }}", "'{{ quoted }}'")


def load(text: str) -> t.Any:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!vault", lambda _loader, node: ("vault", node.value))
    Loader.add_constructor("!unsafe", lambda _loader, node: ("unsafe", node.value))
    return yaml.load(text, Loader=Loader)


def lines_kept(old: str, new: str) -> bool:
    """Return whether the lines of the old text are in the new one, in their order."""
    rest = iter(new.split("\n"))
    return all(line in rest for line in old.split("\n"))


def test_a_key_and_its_document_are_added_behind_the_others() -> None:
    change = with_key(FULL, api_key=GRID, document=DOCUMENT)
    data, old = load(change.text), load(FULL)
    assert data[KEYS] == [*old[KEYS], GRID]
    assert data[DOCUMENTS] == [*old[DOCUMENTS], DOCUMENT]
    assert {**data, KEYS: 0, DOCUMENTS: 0} == {**old, KEYS: 0, DOCUMENTS: 0}
    assert lines_kept(FULL, change.text)
    assert change.before == ""
    assert (
        load(change.after) == load(entry_text(api_key=GRID, document=DOCUMENT)) == {KEYS: [GRID], DOCUMENTS: [DOCUMENT]}
    )
    again = with_key(change.text, api_key=GRID, document=DOCUMENT)
    assert again.text == change.text
    assert not again.differs
    # What was added goes without a trace.
    assert without_key(change.text, name="grid").text == FULL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---\n",
        "# only a comment",
        "---\n# only a comment\n",
        "a: 1",
        "a: |+\n  kept\n",
        f"{KEYS}:\n",
        f"{KEYS}:",
        f"{KEYS}: ~  # none\nb: 2\n",
        f"{KEYS}: []\n",
        f"{KEYS}: []   # none yet\n# more\nb: 2\n",
        f"{KEYS} : [ ]",
        f"{KEYS}:\n  # none yet\nb: 2\n",
        f"{KEYS}:\n- name: a\n  exchange: okx",
        f"{KEYS}:\n    -   name: a\n        exchange: okx\n        # label: x\n    # end\nb: 2\n",
        f"{KEYS}:\n  -\n    name: a\n    exchange: okx\n",
        f"{KEYS}:\n  - {{name: a, exchange: okx}}\n",
        f"a: &x [1]\n{KEYS}:\n  - name: a\n    exchange: okx\n    declared: {{allowlist: &y []}}\nb: *x\nc: *y\n",
        f"a: 1\r\n{KEYS}:\r\n  - name: a\r\n    exchange: okx\r\nb: 2\r\n",
        f"  a: 1\n  {KEYS}:\n  - name: a\n    exchange: okx\n",
        f"{KEYS}:\n  - name: a\n    exchange: >\n      okx\n\n\nb: 2\n",
    ],
)
def test_every_way_to_have_no_such_key(text: str) -> None:
    changed = with_key(text, api_key=GRID, document=None).text
    old = load(text) or {}
    assert load(changed) == {**old, KEYS: [*(old.get(KEYS) or []), GRID]}
    assert with_key(changed, api_key=GRID, document=None).text == changed
    assert ("\r\n" in text) == ("\r\n" in changed)
    assert ("\r" in text) or ("\r" not in changed)
    assert [line for line in text.splitlines() if KEYS not in line and line not in changed.splitlines()] == []
    gone = without_key(changed, name="grid").text
    assert load(gone) == {**old, KEYS: old.get(KEYS) or []}


def test_what_is_given_is_changed_and_the_rest_stays() -> None:
    new = {"name": "dca", "declared": {"label": "new", "owner": "Ada", "products": ["spot", "perp"]}}
    change = with_key(FULL, api_key=new, document={"name": "dca.json", "api_keys": ["grid"], "with_key": "tpm2"})
    old = load(FULL)
    old[KEYS][0]["declared"] = {"label": "new", "access": "read", "owner": "Ada", "products": ["spot", "perp"]}
    old[DOCUMENTS][1] |= {"api_keys": ["dca", "grid"], "with_key": "tpm2"}
    assert load(change.text) == old
    assert "      # see the wiki\n      label: new\n      access: read\n      owner: Ada\n" in change.text
    # A vaulted value is not even shown.
    assert "6162" not in change.before + change.after
    assert "secret: (not shown)" in change.before


@pytest.mark.parametrize(
    ("entry", "given", "meant"),
    [
        ("- name: a\n  exchange: okx", {"exchange": "bybit"}, {"exchange": "bybit"}),
        ("- name: a\n  exchange: okx # old", {"exchange": "bybit"}, {"exchange": "bybit"}),
        ("- exchange: okx\n  name: a", {"exchange": None}, {}),
        ("- name: a\n  region: x  # y\n  exchange: okx", {"region": None}, {"exchange": "okx"}),
        ("- name: a\n  declared:\n    label: x", {"declared": {"label": None}}, None),
        ("- name: a\n  declared:\n    label: x", {"declared": None}, {}),
        ("- name: a\n  declared:\n    created_on: 2026-01-02", {"declared": {"created_on": "2026-01-02"}}, ...),
        ("- name: a\n  ask_key_list: yes", {"ask_key_list": True}, {"ask_key_list": True}),
        ("- name: a\n  declared:", {"declared": {"label": "x"}}, {"declared": {"label": "x"}}),
        ("- name: a\n  declared: {}", {"declared": {"label": "x"}}, None),
        ("- {name: a, declared: {label: x}}", {"declared": {"label": "x"}}, {"declared": {"label": "x"}}),
        ("- {name: a, declared: {label: x}}", {"declared": {"label": "y"}}, None),
        ("- name: a\n  declared:\n    label: x\n    label: y", {"declared": {"label": "y"}}, None),
        ("- name: a\n  declared: &d\n    label: x\n- name: b\n  declared: *d", {"declared": {"label": "y"}}, None),
        ("- name: b\n  declared: &d\n    label: x\n- name: a\n  declared: *d", {"declared": {"label": "y"}}, None),
        ("- name: b\n  declared: &d\n    label: x\n- name: a\n  declared: *d", {"region": "eu"}, None),
        ("- name: a\n- name: a", {"region": "eu"}, None),
    ],
)
def test_a_change_is_made_or_refused(entry: str, given: t.Any, meant: t.Any) -> None:
    text = f"{KEYS}:\n{entry}\nz: 1\n"
    if meant is None:
        with pytest.raises(RegistryFileError, match=r"by hand|remove one"):
            with_key(text, api_key={"name": "a", **given}, document=None)
        return
    changed = with_key(text, api_key={"name": "a", **given}, document=None).text
    if meant is ...:
        assert "created_on: '2026-01-02'" in changed
    else:
        assert load(changed) == {KEYS: [{"name": "a", **meant}], "z": 1}
    for comment in ("# old",):
        assert (comment in text) == (comment in changed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", "ansible-vault edit"),
        (f"{KEYS}: ENC[x]\nsops:\n  mac: x\n", "sops edit"),
        (f"{KEYS}: '{{{{ all_keys[inventory_hostname] }}}}'\n", "template"),
        (f"{KEYS}: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61\n", "template"),
        (f"{KEYS}:\n  a: 1\n", "no list"),
        (f"{KEYS}: [{{name: a, exchange: okx}}]\n", "brackets"),
        (f"a: 1\n{KEYS}: *gone\n", "line 2"),
        (f"a: 'S3CRET\n{KEYS}: []\n", "no YAML"),
        ("a: 1\n---\nb: 1\n", "one document"),
        ("- a\n", "no file of variables"),
        ("{a: 1}\n", "braces"),
        ("a: 1\n...\n", "by hand"),
        (f"{KEYS}: []\n{KEYS}: []\n", "twice"),
        (f"{KEYS}: &k []\nb: *k\n", "by hand"),
    ],
)
def test_what_cannot_be_changed_is_refused_in_one_sentence(text: str, why: str) -> None:
    with pytest.raises(RegistryFileError, match=why) as refused:
        with_key(text, api_key=GRID, document=None)
    assert "S3CRET" not in str(refused.value)
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize(
    "made",
    ['"{{ names }}"', '["{{ first }}", grid]', "[!vault 61, grid]", "[7, grid]", "{grid: 1}"],
)
def test_a_list_of_keys_that_a_template_makes_is_left_to_a_person(made: str) -> None:
    text = f"{DOCUMENTS}:\n  - name: grid.json\n    format: ccxt\n    api_keys: {made}\n"
    other = {"name": "dca", "exchange": "okx"}
    with pytest.raises(RegistryFileError, match=r"api_keys of a document is made by a template.* \(line 4\)"):
        with_key(text, api_key=other, document={"name": "grid.json", "api_keys": ["dca"]})
    if "grid]" in made:
        # Where it names the key already, nothing of it is written.
        changed = with_key(text, api_key=GRID, document={"name": "grid.json", "api_keys": ["grid"]}).text
        assert changed.startswith(text)
        with pytest.raises(RegistryFileError, match="is made by a template"):
            without_key(changed, name="grid")


def test_a_key_is_taken_out_with_its_name_in_documents() -> None:
    text = FULL.replace('- {name: all.json, format: ccxt, api_keys: [dca, "two words"]}\n', "")
    changed = without_key(text, name="dca").text
    assert load(changed) == {
        "zone": "fra",
        KEYS: [{"exchange": "okx", "name": "two words", "declared": {"access": "read"}}],
        DOCUMENTS: [],
        "last": "{{ quoted }}",
    }
    for comment in ("# the old one", "# the odd one", "# what the bots read"):
        assert comment in changed
    both = f"{DOCUMENTS}:\n  - name: b\n    format: ccxt\n    api_keys: [a, grid]  # two\n"
    assert load(without_key(both, name="grid").text)[DOCUMENTS] == [{"name": "b", "format": "ccxt", "api_keys": ["a"]}]
    assert without_key(FULL, name="no such").text == FULL
    with pytest.raises(RegistryFileError, match="braces"):
        without_key(FULL, name="two words")
    several = f"{both}  - name: c\n    format: raw\n    api_keys:\n      - grid\n"
    change = without_key(several, name="grid")
    assert [each["name"] for each in load(change.text)[DOCUMENTS]] == ["b"]
    assert [each["name"] for each in load(change.before)[DOCUMENTS]] == ["b", "c"]


def test_text_that_looks_like_a_template_is_never_run() -> None:
    given = {**GRID, "declared": {"label": "{{ lookup('pipe', 'id') }}", "owner": "{% x %}", "purpose": "{# c #}"}}
    changed = with_key("", api_key=given, document=None).text
    declared = load(changed)[KEYS][0]["declared"]
    assert declared == {name: ("unsafe", text) for name, text in given["declared"].items()}
    assert with_key(changed, api_key=given, document=None).text == changed


def test_a_new_entry_is_whole() -> None:
    with pytest.raises(InputError, match=r"api_key\.exchange: is missing"):
        with_key("", api_key={"name": "grid", "region": "eu"}, document=None)
    with pytest.raises(InputError, match=r"document\.format: is missing"):
        with_key("", api_key=GRID, document={"name": "x", "api_keys": ["grid"]})


# --- anything that YAML can hold ---

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=12)
NAME = st.text(st.sampled_from("abcXYZ019._- "), min_size=1, max_size=8)
FIELDS = st.sampled_from(["region", "base_url", "file", "declared", "x y", "#", "on", "-"])
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {"name": NAME, "exchange": TEXT}, optional={"declared": st.dictionaries(FIELDS, VALUE, max_size=3)}
)
COMMENT = st.sampled_from(["", "# one\n", "\n", "\n  # two\n\n", "      # deep\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """Make a file as people and programs write them, with comments between all parts."""
    entries = draw(st.lists(ENTRY, max_size=4, unique_by=lambda entry: str(entry["name"])))
    flow = draw(st.sampled_from([False, None]))
    dash = draw(st.sampled_from(["- ", "  - ", "  -   "]))
    text = draw(st.sampled_from(["", "---\n"])) + draw(COMMENT) + "before: [1, 2]\n" + draw(COMMENT)
    text += f"{KEYS}:{'' if entries else ' []'}\n"
    for entry in entries:
        dumped = yaml.safe_dump(entry, default_flow_style=flow, sort_keys=False, allow_unicode=True).splitlines()
        text += "".join((dash if i == 0 else " " * len(dash)) + line + "\n" for i, line in enumerate(dumped)) + draw(
            COMMENT
        )
    return text + draw(COMMENT) + draw(st.sampled_from(["", "after: |\n  text\n", "after: 1"]))


def told(value: t.Any) -> t.Any:
    """Return a value as it is read back: without what is unset."""
    if isinstance(value, dict):
        return {name: told(each) for name, each in value.items() if each is not None}
    return value


def joined(old: t.Any, new: t.Any) -> t.Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return told(new)
    kept = {name: each for name, each in old.items() if name not in new}
    return kept | {name: joined(old.get(name), each) for name, each in new.items() if each is not None}


@settings(max_examples=150, deadline=None)
@given(text=files(), entry=ENTRY, at=st.integers(0, 9))
def test_the_file_says_what_it_said_and_the_entry(text: str, entry: dict[str, t.Any], at: int) -> None:
    before = load(text)
    names = [each["name"] for each in before[KEYS]]
    if names and at:
        entry = {**entry, "name": names[at % len(names)]}
    try:
        changed = with_key(text, api_key=entry, document=None).text
    except RegistryFileError:
        assert entry["name"] in names  # to add is always possible
        return
    plain = {**before, KEYS: None}
    after = load(changed)
    assert {**after, KEYS: None} == plain
    if entry["name"] in names:
        assert [e for e in after[KEYS] if e["name"] != entry["name"]] == [
            e for e in before[KEYS] if e["name"] != entry["name"]
        ]
    else:
        assert lines_kept(text.replace(f"{KEYS}: []", f"{KEYS}:"), changed)
        gone = without_key(changed, name=entry["name"]).text
        assert load(gone) == before
        assert lines_kept(text, gone)
    (now,) = (e for e in after[KEYS] if e["name"] == entry["name"])
    (was,) = [e for e in before[KEYS] if e["name"] == entry["name"]] or [{}]
    assert set(now) == set(was) | set(told(entry))
    assert now == joined(was, entry)
    assert with_key(changed, api_key=entry, document=None).text == changed


# --- the file on the disk ---


def add(path: Path, name: str) -> None:
    edit_file(path, edit=lambda text: with_key(text, api_key={**GRID, "name": name}, document=None), write=True)


def test_mode_and_links_stay_and_a_new_file_gets_its_directory(tmp_path: Path) -> None:
    real = tmp_path / "real.yml"
    real.write_text(FULL, encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "link.yml"
    link.symlink_to("real.yml")
    add(link, "grid")
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert load(real.read_text(encoding="utf-8"))[KEYS][-1]["name"] == "grid"
    new = tmp_path / "host_vars" / "bot1" / "keys.yml"
    add(new, "grid")
    assert new.read_text(encoding="utf-8") == "---\n" + entry_text(api_key=GRID, document=None)
    assert sorted(os.listdir(new.parent)) == ["keys.yml"]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryFileError, match=r"no plain file|directory"):
        add(tmp_path, "grid")
    latin = tmp_path / "latin.yml"
    latin.write_bytes(b"a: \xe4\n")
    with pytest.raises(RegistryFileError, match="UTF-8"):
        add(latin, "grid")
    assert latin.read_bytes() == b"a: \xe4\n"


def test_writers_do_not_lose_each_others_entries(tmp_path: Path) -> None:
    path = tmp_path / "keys.yml"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=add, args=(path, f"key{n}")) for n in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
    assert sorted(each["name"] for each in load(path.read_text(encoding="utf-8"))[KEYS]) == sorted(
        f"key{n}" for n in range(12)
    )


def killed_at(call: int, path: Path) -> bool:
    """Add a key in a process that ends before its n-th call into the system; return whether it was killed."""
    process = os.fork()
    if process == 0:
        left = call

        def count(_frame: t.Any, event: str, function: t.Any) -> None:
            nonlocal left
            if event == "c_call" and getattr(function, "__module__", None) in ("posix", "fcntl", "_io", None):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        def edit(text: str) -> t.Any:
            sys.setprofile(None)  # no call into the system in here
            change = with_key(text, api_key=GRID, document=None)
            sys.setprofile(count)
            return change

        sys.setprofile(count)
        edit_file(path, edit=edit, write=True)
        os._exit(0)
    _process, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status)


def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.yml"
    new = with_key(FULL, api_key=GRID, document=None).text
    seen = set()
    calls = 0
    killed = True
    while killed:
        calls += 1
        path.write_text(FULL, encoding="utf-8")
        killed = killed_at(calls, path)
        text = path.read_text(encoding="utf-8")
        assert text in (FULL, new)
        seen.add(text)
        # What it left is in nobody's way, and is used up.
        add(path, "grid")
        assert path.read_text(encoding="utf-8") == new
        assert os.listdir(tmp_path) == ["keys.yml"]
    assert seen == {FULL, new}
    assert calls > 20
