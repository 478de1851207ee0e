# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One key, and its document, in a YAML file of variables that people write too. Private to this collection.

The text is not written anew: the parser's marks tell which characters to cut and where to put others, and what comes
out is parsed and compared with what was meant. Where that is not possible the file stays as it is. Nothing is
constructed, so ``!vault`` and other tags are text like any other.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import stat
import typing as t
from pathlib import Path

import yaml

from ..module_utils._errors import InputError, TradingHostsError
from ._registry_rules import API_KEYS, DOCUMENT_SPEC, DOCUMENTS, KEY_SPEC, Spec
from ._reports._files import locked

#: A thousand keys have about 300 kB, and take a second to parse.
MAX_BYTES = 8 * 1024 * 1024
NOT_SHOWN = "(not shown)"
VAULTED = "(vaulted)"
_FORMS: t.Mapping[str, Spec] = {API_KEYS: KEY_SPEC, DOCUMENTS: DOCUMENT_SPEC}
_OPTIONS = {API_KEYS: "api_key", DOCUMENTS: "document"}
_TEMPLATE = re.compile(r"\{[{%#]")
_SIMPLE = ("bool", "int", "float", "null")


class RegistryFileError(TradingHostsError):
    """The file cannot be changed by a program. What was meant has to be written by hand."""


class Change(t.NamedTuple):
    """What a change makes of a file: its text, and the entries before and after, without what may be a secret.

    ``differs`` says whether the text is another one.
    """

    text: str
    before: str
    after: str
    differs: bool


def entry_text(*, api_key: t.Mapping[str, t.Any], document: t.Mapping[str, t.Any] | None) -> str:
    """Return the YAML text that adds a key, and its document, to a file that has neither."""
    return _dump({API_KEYS: [_set_only(api_key)], **({DOCUMENTS: [_set_only(document)]} if document else {})})


def with_key(text: str, *, api_key: t.Mapping[str, t.Any], document: t.Mapping[str, t.Any] | None) -> Change:
    """Return the text with this key, and its document, in it.

    An entry of the same name keeps what is not given. Mappings are joined, other values replaced, and what is ``None``
    is taken out. The names of a document's keys are added to those that it has. Raises ``RegistryFileError``.
    """
    changed = _put(text, variable=API_KEYS, entry=api_key)
    if document is not None:
        old = _find(_variables(changed).get(DOCUMENTS), name=document["name"])
        if old is not None and "api_keys" in document:
            names = _with_names(old, document["api_keys"])
            rest = {field: value for field, value in document.items() if field != "api_keys"}
            document = {**rest, "api_keys": names} if names else rest
        changed = _put(changed, variable=DOCUMENTS, entry=document)
    return _change(text, changed, key=api_key["name"], documents=() if document is None else (document["name"],))


def without_key(text: str, *, name: str) -> Change:
    """Return the text without this key, and without its name in documents; one that holds no other key goes too."""
    changed = _cut(text, variable=API_KEYS, name=name)
    touched = []
    for item in _items(_variables(changed).get(DOCUMENTS)):
        held = _strings(_fields(item).get("api_keys"))
        if name not in held:
            continue
        document = _name(item)
        rest = [each for each in held if each != name]
        if document is None:
            raise _refused("a document that holds the key has no name", item)
        touched.append(document)
        _refuse_made(item)
        if rest:
            changed = _put(changed, variable=DOCUMENTS, entry={"name": document, "api_keys": rest})
        else:
            changed = _cut(changed, variable=DOCUMENTS, name=document)
    return _change(text, changed, key=name, documents=touched)


# --- the file -------------------------------------------------------------------------------------------------------


def edit_file(path: Path, *, edit: t.Callable[[str], Change], write: bool) -> Change:
    """Change a file by ``edit``, in one step and with nobody else at it; ``write`` false only says what would be.

    A file that is not there is made, and so is its directory. A link stays, and what it leads to is changed. Mode and
    owner stay. Raises ``RegistryFileError``, and then the file is as it was.
    """
    path = Path(os.path.realpath(path.expanduser()))
    try:
        # First without making anything: what is refused, or needs no change, leaves no trace.
        change = edit(_read(path) or "")
        if not (write and change.differs):
            return change
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(str(path.parent)):
            old = _read(path)
            change = edit(old or "")
            if change.differs:
                _replace(path, old=old, text=change.text)
            return change
    except OSError as error:
        problem = f"cannot be read or written ({os.strerror(error.errno or 0)})"
        raise RegistryFileError(f"path {str(path)!r}: {problem}; give a file that you may write to.") from None
    except RegistryFileError as error:
        raise RegistryFileError(f"path {str(path)!r}: {error}") from None


def _read(path: Path) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RegistryFileError("it is no plain file; give a file of variables.")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise RegistryFileError(f"it has more than {MAX_BYTES} bytes; give the key a smaller file.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise RegistryFileError("it is not UTF-8; write it anew as such.") from None


def _replace(path: Path, *, old: str | None, text: str) -> None:
    """Put the text in the file's place. The temporary file is hidden, so that Ansible does not take it for variables.

    There is one writer at a time, so its name is fixed, and what a killed run left is used up by the next one.
    """
    temporary = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    # A new file gets the mode that the person's umask says, as by an editor.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            if old is not None:
                there = path.stat()
                if (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, there.st_uid, there.st_gid)
                shutil.copystat(path, temporary)  # the mode, and access lists where there are any
                os.utime(temporary)
            os.fsync(descriptor)
        if _read(path) != old:
            raise RegistryFileError("it was changed by somebody else just now; run it again.")
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


# --- the text -------------------------------------------------------------------------------------------------------


def _put(text: str, *, variable: str, entry: t.Mapping[str, t.Any]) -> str:
    """Return the text with the entry in the variable, checked."""
    root = _root(text)
    variables = _variables(text)
    value = variables.get(variable)
    old = _find(value, name=entry["name"])
    for name, option in _FORMS[variable].items() if old is None else ():
        if option.get("required") and entry.get(name) is None:
            problem = f"is missing, and the file has no entry {entry['name']} yet"
            raise InputError(field=f"{_OPTIONS[variable]}.{name}", problem=problem, mend="give it")
    if old is not None:
        edits = list(_merging(text, old, entry))
    elif value is None:
        edits = [_new_variable(text, root, {variable: [_set_only(entry)]})]
    else:
        edits = _new_item(text, _pair(root, variable), _set_only(entry))
    return _edited(text, edits, meant=_meant(root, variable, entry))


def _cut(text: str, *, variable: str, name: str) -> str:
    """Return the text without the entry in the variable, checked."""
    root = _root(text)
    value = _variables(text).get(variable)
    old = _find(value, name=name)
    if old is None or not isinstance(value, yaml.SequenceNode):
        return text
    others = [item for item in value.value if item is not old]
    if value.flow_style:
        raise _refused(f"{variable} is a list in brackets, which only a person can change", value)
    edits = [(_dash(text, old), _after(text, old), "")]
    if not others:
        colon = _colon(text, _pair(root, variable)[0])
        edits.insert(0, (colon, colon, " []"))
    meant = dict(_canonical(root)[1])
    meant[("str", variable)] = ("seq", tuple(_canonical(item) for item in others))
    return _edited(text, edits, meant=("map", tuple(meant.items())))


def _edited(text: str, edits: t.Sequence[tuple[int, int, str]], *, meant: t.Any) -> str:
    """Return the text after all edits, if it then says what was meant and nothing else."""
    newline = "\r\n" if "\r\n" in text else "\n"
    changed = text
    last = len(text) + 1
    for start, end, put in sorted(edits, reverse=True):
        if end > last:
            raise RegistryFileError("the places to change overlap; change it by hand.")
        last = start
        changed = changed[:start] + put.replace("\n", newline) + changed[end:]
    try:
        said = _canonical(_root(changed))
    except RegistryFileError:
        said = None
    if said != meant:
        raise RegistryFileError("it is written in a way that only a person can change; change it by hand.")
    return changed


def _new_variable(text: str, root: yaml.MappingNode | None, data: t.Mapping[str, t.Any]) -> tuple[int, int, str]:
    if root is None:
        start = "---\n" if not text.strip() else ""
        return len(text), len(text), _line_end(text) + start + _dump(data)
    if root.flow_style:
        raise _refused("its variables are in braces, which only a person can change", root)
    # A text that keeps its blank lines would take one more for its own.
    blank = "" if _content_end(text, root) == len(text) and text.endswith("\n") else "\n"
    return len(text), len(text), _line_end(text) + blank + _indented(_dump(data), root.start_mark.column)


def _line_end(text: str) -> str:
    return "\n" if text and not text.endswith("\n") else ""


def _new_item(text: str, pair: tuple[yaml.Node, yaml.Node], entry: t.Mapping[str, t.Any]) -> list[tuple[int, int, str]]:
    """Return the edits that put an entry behind the others of a list, which may be empty or nothing at all."""
    key, value = pair
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        last = value.value[-1]
        column = _column(text, _dash(text, last, whole_line=False))
        place = _after(text, last, deeper_than=column)
        return [(place, place, _line_end(text[:place]) + _indented(_dump([entry]), column))]
    if value.value and not (isinstance(value, yaml.ScalarNode) and value.tag == "tag:yaml.org,2002:null"):
        raise _refused("the list is in brackets, which only a person can change", value)
    colon, end = _colon(text, key), value.end_mark.index
    place = _line_after(text, end)
    column = key.start_mark.column + 2
    put = _line_end(text[:place]) + _indented(_dump([entry]), column)
    return [(colon, end, ""), (place, place, put)] if place > end else [(colon, end, put)]


def _merging(text: str, node: yaml.Node, given: t.Mapping[str, t.Any]) -> t.Iterator[tuple[int, int, str]]:
    """Yield the edits that make the fields of a mapping as they are given."""
    if not isinstance(node, yaml.MappingNode):
        raise _refused("the entry is no mapping", node)
    pairs = {key.value: (key, value) for key, value in node.value}
    if len(pairs) != len(node.value):
        raise _refused("a name stands twice in the entry", node)
    added = {}
    for name, value in given.items():
        if name not in pairs:
            if value is not None:
                added[name] = _set_only(value)
            continue
        key, old = pairs[name]
        if value is not None and _joined_value(_canonical(old), value) == _canonical(old):
            continue
        if isinstance(value, dict) and isinstance(old, yaml.MappingNode) and old.value and not old.flow_style:
            yield from _merging(text, old, value)
            continue
        _refuse_flow(node)
        if value is None:
            yield _removal(text, node, key, old)
        else:
            if isinstance(value, dict) and isinstance(old, yaml.MappingNode):
                raise _refused(f"{name} is in braces, which only a person can change", old)
            put = _indented(_dump({name: value}), key.start_mark.column).strip("\n ")
            yield key.start_mark.index, _end(text, key, old), put
    if added:
        _refuse_flow(node)
        first, (last_key, last) = node.value[0][0], node.value[-1]
        _end(text, last_key, last)
        place = _after(text, last)
        yield place, place, _line_end(text[:place]) + _indented(_dump(added), first.start_mark.column)


def _refuse_flow(node: yaml.MappingNode) -> None:
    if node.flow_style:
        raise _refused("the entry is in braces, which only a person can change", node)


def _removal(text: str, node: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> tuple[int, int, str]:
    _end(text, key, value)
    start = key.start_mark.index - key.start_mark.column
    if not text[start : key.start_mark.index].strip():
        return start, _after(text, value), ""
    later = [other for other, _value in node.value if other.start_mark.index > key.start_mark.index]
    if not later:
        raise _refused("the entry would be empty", node)
    return key.start_mark.index, later[0].start_mark.index, ""


def _end(text: str, key: yaml.Node, value: yaml.Node) -> int:
    """Return where a value ends, without what follows on its line; refuse one that stands elsewhere."""
    if value.start_mark.index < key.end_mark.index:
        raise _refused("a value is an alias (*)", key)
    return len(text[: _content_end(text, value)].rstrip(" \r\n"))


# --- where things stand ---------------------------------------------------------------------------------------------


def _content_end(text: str, node: yaml.Node) -> int:
    """Return where the last character of a node's content ends. The parser's own mark is at whatever follows."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if isinstance(last, tuple):
            _key, last = last
        if last.start_mark.index < node.start_mark.index:
            raise _refused("a value is an alias (*)", node)
        return _content_end(text, last)
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        header = text[node.start_mark.index :].splitlines()[0].split("#")[0]
        # With "+" the blank lines below belong to the text.
        return end if "+" in header else len(text[:end].rstrip(" \r\n"))
    return end


def _after(text: str, node: yaml.Node, *, deeper_than: int | None = None) -> int:
    """Return where the line after a node begins; with ``deeper_than`` also after comments that are indented deeper."""
    end = _content_end(text, node)
    place = end if end and text[end - 1] == "\n" else _line_after(text, end)
    while deeper_than is not None:
        line = text[place : _line_after(text, place)]
        if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) <= deeper_than:
            break
        place += len(line)
    return place


def _line_after(text: str, place: int) -> int:
    return text.find("\n", place) + 1 or len(text)


def _column(text: str, place: int) -> int:
    return place - (text.rfind("\n", 0, place) + 1)


def _dash(text: str, item: yaml.Node, *, whole_line: bool = True) -> int:
    """Return where the line of an item's dash begins, or the dash itself."""
    before = text[: item.start_mark.index].rstrip(" \r\n")
    dash = len(before) - 1
    start = before.rfind("\n") + 1
    if not before.endswith("-") or text[start:dash].strip(" "):
        raise _refused("the entry does not begin on a line of its own", item)
    return start if whole_line else dash


def _colon(text: str, key: yaml.Node) -> int:
    """Return the place behind the colon of a name."""
    found = re.compile(r"[ \t]*:").match(text, key.end_mark.index)
    if found is None:
        raise _refused("a name is not followed by a colon", key)
    return found.end()


# --- what the text says ---------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=4)
def _root(text: str) -> yaml.MappingNode | None:
    """Return the file's mapping of variables, or nothing where there is none; raises ``RegistryFileError``.

    One change asks for it many times, and parsing is what takes its time. Nobody changes the nodes.
    """
    if text.startswith("$ANSIBLE_VAULT"):
        raise RegistryFileError("it is encrypted as a whole; change it by ansible-vault edit.")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        # The parser's own sentence quotes the text.
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        raise RegistryFileError(f"it is no YAML with one document{line}; mend it first.") from None
    except RecursionError:
        raise RegistryFileError("it is nested too deep; change it by hand.") from None
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag == "tag:yaml.org,2002:null" and not root.value):
        return None
    if not isinstance(root, yaml.MappingNode):
        raise RegistryFileError("it is no file of variables; give one that holds name: value.")
    names = [key.value for key, _value in root.value]
    if "sops" in names:
        raise RegistryFileError("it is encrypted by SOPS, which would refuse it afterwards; change it by sops edit.")
    for name in (API_KEYS, DOCUMENTS):
        if names.count(name) > 1:
            raise RegistryFileError(f"{name} stands in it twice; make one list of the two.")
    return root


def _variables(text: str) -> dict[str, yaml.Node]:
    """Return the two variables, as far as they are there, each a list or nothing."""
    root = _root(text)
    found = {key.value: value for key, value in root.value if key.value in _FORMS} if root is not None else {}
    for name, value in found.items():
        nothing = isinstance(value, yaml.ScalarNode) and value.tag == "tag:yaml.org,2002:null"
        if not isinstance(value, yaml.SequenceNode) and not nothing:
            raise _refused(f"{name} is no list but made elsewhere, such as by a template", value)
    return found


def _pair(root: yaml.MappingNode | None, variable: str) -> tuple[yaml.Node, yaml.Node]:
    (pair,) = ((key, value) for key, value in (root.value if root else ()) if key.value == variable)
    return pair


def _items(value: yaml.Node | None) -> list[yaml.Node]:
    return list(value.value) if isinstance(value, yaml.SequenceNode) else []


def _fields(item: yaml.Node) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in item.value} if isinstance(item, yaml.MappingNode) else {}


def _name(item: yaml.Node) -> str | None:
    name = _fields(item).get("name")
    return name.value if isinstance(name, yaml.ScalarNode) else None


def _strings(value: yaml.Node | None) -> list[str]:
    return [item.value for item in _items(value) if isinstance(item, yaml.ScalarNode)]


def _with_names(document: yaml.Node, names: t.Sequence[str]) -> list[str] | None:
    """Return the names of a document's keys with these; ``None`` where it has them all, and the list stays."""
    kept = _strings(_fields(document).get("api_keys"))
    if set(names) <= set(kept):
        return None
    _refuse_made(document)
    return list(dict.fromkeys((*kept, *names)))


def _refuse_made(document: yaml.Node) -> None:
    """Refuse to write a list of keys anew that a template makes: it would not be one any more."""
    value = _fields(document).get("api_keys")
    nothing = value is None or value.tag == "tag:yaml.org,2002:null"
    plain = isinstance(value, yaml.SequenceNode) and all(
        item.tag == "tag:yaml.org,2002:str" and not _TEMPLATE.search(item.value) for item in value.value
    )
    if value is not None and not (nothing or plain):
        raise _refused("api_keys of a document is made by a template, or holds what is no name", value)


def _find(value: yaml.Node | None, *, name: str) -> yaml.Node | None:
    found = [item for item in _items(value) if _name(item) == name]
    if len(found) > 1:
        lines = " and ".join(str(item.start_mark.line + 1) for item in found)
        raise RegistryFileError(f"{name!r} stands in it twice (lines {lines}); remove one.")
    return found[0] if found else None


def _refused(problem: str, node: yaml.Node) -> RegistryFileError:
    return RegistryFileError(f"{problem} (line {node.start_mark.line + 1}); change it by hand.")


def _canonical(node: yaml.Node | None) -> t.Any:
    """Return what a node says, whatever the way in which it is written: nested tuples that compare equal."""
    if node is None:
        return "map", ()
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if isinstance(node, yaml.MappingNode):
        return kind, tuple((_canonical(key), _canonical(value)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return kind, tuple(_canonical(item) for item in node.value)
    if kind in _SIMPLE:
        with contextlib.suppress(ValueError):
            return kind, yaml.SafeLoader("").construct_object(node)
    return kind, node.value


def _canonical_of(value: t.Any) -> t.Any:
    return _canonical(yaml.compose(_dump(value), Loader=yaml.SafeLoader))


def _meant(root: yaml.MappingNode | None, variable: str, entry: t.Mapping[str, t.Any]) -> t.Any:
    """Return what the whole file is to say once it holds the entry."""
    whole = dict(_canonical(root)[1])
    kind, items = whole.get(("str", variable), ("null", None))
    items = items if kind == "seq" else ()
    named = ("str", "name"), ("str", entry["name"])
    if any(kind == "map" and named in fields for kind, fields in items):
        items = tuple(_joined(each, entry) if named in each[1] else each for each in items)
    else:
        items = (*items, _canonical_of(_set_only(entry)))
    whole["str", variable] = ("seq", items)
    return "map", tuple(whole.items())


def _joined(old: t.Any, given: t.Mapping[str, t.Any]) -> t.Any:
    kind, fields = old
    joined = dict(fields)
    for name, value in given.items():
        place = ("str", name)
        if value is None:
            joined.pop(place, None)
        else:
            joined[place] = _joined_value(joined.get(place, ("", None)), value)
    return kind, tuple(joined.items())


def _joined_value(old: t.Any, value: t.Any) -> t.Any:
    return _joined(old, value) if isinstance(value, dict) and old[0] == "map" else _canonical_of(_set_only(value))


# --- what is written, and what is shown -----------------------------------------------------------------------------


class _Data(str):
    """Text with the signs of a template, which Ansible must not run: it may come from an exchange."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless  # lists in mappings are indented, as linters want it
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: t.Any) -> bool:
        del data
        return True


_Dumper.add_representer(_Data, lambda dumper, data: dumper.represent_scalar("!unsafe", str(data), style='"'))


def _dump(data: t.Any) -> str:
    return yaml.dump(
        _marked(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False
    )


def _marked(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {name: _marked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each) for each in value]
    return _Data(value) if isinstance(value, str) and _TEMPLATE.search(value) else value


def _set_only(value: t.Any) -> t.Any:
    if isinstance(value, t.Mapping):
        return {name: _set_only(each) for name, each in value.items() if each is not None}
    return value


def _indented(text: str, columns: int) -> str:
    return "".join(" " * columns + line if line.strip() else line for line in text.splitlines(keepends=True))


def _change(old: str, new: str, *, key: str, documents: t.Sequence[str]) -> Change:
    return Change(new, _shown(old, key, documents), _shown(new, key, documents), old != new)


def _shown(text: str, key: str, documents: t.Sequence[str]) -> str:
    """Return the entries as YAML, without any value that may be a secret."""
    variables = _variables(text)
    shown = {}
    for variable, names in ((API_KEYS, (key,)), (DOCUMENTS, documents)):
        found = [_find(variables.get(variable), name=name) for name in names]
        if entries := [_open(each, spec=_FORMS[variable]) for each in found if each is not None]:
            shown[variable] = entries
    return _dump(shown) if shown else ""


def _open_value(node: yaml.Node, *, option: t.Mapping[str, t.Any]) -> t.Any:
    """Return the value of an option; nothing of one that has another form, because nobody knows what is in it."""
    kind = option["type"]
    nodes = _items(node) if kind == "list" and isinstance(node, yaml.SequenceNode) else [node]
    each_is = yaml.MappingNode if option.get("elements", kind) == "dict" else yaml.ScalarNode
    return _open(node, spec=option.get("options")) if all(isinstance(each, each_is) for each in nodes) else NOT_SHOWN


def _open(node: yaml.Node, *, spec: Spec | None) -> t.Any:
    if isinstance(node, yaml.MappingNode):
        return {
            str(key.value): NOT_SHOWN
            if spec is not None and (key.value not in spec or spec[key.value].get("no_log"))
            else _open_value(value, option=spec[key.value] if spec is not None else {"type": "str"})
            for key, value in node.value
        }
    if isinstance(node, yaml.SequenceNode):
        return [_open(each, spec=spec) for each in node.value]
    return VAULTED if node.tag.startswith("!vault") else node.value
