# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands a service's credentials to a program that reads only its environment or a fixed path, and becomes that program.

The role trading.hosts.trading_service installs this and writes its options into the unit. It reads from
$CREDENTIALS_DIRECTORY, never prints a value, and fails with one sentence and status 78. What it makes itself is below
$RUNTIME_DIRECTORY, which is memory and goes when the service stops. Python 3.9, nothing but its standard library.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import secrets
import subprocess
import sys
import typing as t

#: sysexits.h: a configuration error.
EX_CONFIG = 78
MAX_BYTES = 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LINE = re.compile(
    r"[ \t]*(?:#[^\n]*)?\n"
    r"|(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)="
    r"(?:'(?P<single>[^'\\]*)'|\"(?P<double>[^\"\\$`]*)\"|(?P<bare>[A-Za-z0-9+/=_.:@~,%-]*))[ \t]*\n"
)
#: Variables by which whoever chooses a credential would choose what the program runs, loads or talks to.
_FORBIDDEN = re.compile(
    r"PATH|HOME|SHELL|USER|LOGNAME|IFS|ENV|BASH_.*|LD_.*|GLIBC_TUNABLES|MALLOC_.*|GCONV_PATH|LOCPATH|NODE_.*|PERL.*"
    r"|PYTHON.*|RUBY.*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|OPENSSL_.*|SSL_CERT_.*|SSLKEYLOGFILE|.*_CA_BUNDLE"
    r"|.*_PROXY|NOTIFY_SOCKET|LISTEN_.*|WATCHDOG_.*|INVOCATION_ID|JOURNAL_STREAM|.*_DIRECTORY",
    re.IGNORECASE,
)
#: What hummingbot's command line and its quick start read.
_HUMMINGBOT_PASSWORD = ("HBOT_PASSWORD", "CONFIG_PASSWORD")


class LaunchError(Exception):
    """Why the program is not started, in one sentence without a value."""


def main(words: t.Sequence[str]) -> t.NoReturn:
    """Do what the options say, then become the program."""
    options = _options(words)
    try:
        if options.make_hummingbot_files:
            make_hummingbot_files(options.make_hummingbot_files, given=json.loads(sys.stdin.read()))
            sys.exit(0)
        added = prepare(options, environment=os.environ)
        program = options.command[0]
        try:
            os.execve(program, options.command, {**os.environ, **added})
        except OSError as error:
            raise LaunchError(f"{program} cannot be started ({error.strerror})") from None
    except LaunchError as error:
        sys.stderr.write(f"trading-hosts launch: {error}.\n")
        sys.exit(EX_CONFIG)


def _options(words: t.Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="launch", allow_abbrev=False, description=__doc__)
    parser.add_argument("--environment-from", action="append", default=[], metavar="NAME")
    parser.add_argument("--variable", action="append", default=[], metavar="VARIABLE=NAME")
    parser.add_argument("--link", action="append", default=[], metavar="PATH=NAME")
    parser.add_argument("--join", action="append", default=[], metavar="PATH=NAME:BASE")
    parser.add_argument("--hummingbot", metavar="CONF=NAME")
    parser.add_argument("--hummingbot-python", metavar="PATH")
    parser.add_argument("--make-hummingbot-files", metavar="DIRECTORY", help=argparse.SUPPRESS)
    parser.add_argument("command", nargs="*", metavar="PROGRAM")
    options = parser.parse_args(words)
    if not options.make_hummingbot_files and (not options.command or not options.command[0].startswith("/")):
        parser.error("give the absolute path of the program, with its arguments, after --")
    return options


def prepare(options: argparse.Namespace, *, environment: t.Mapping[str, str]) -> dict[str, str]:
    """Make links and files, and return the variables that the program gets in addition."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise LaunchError("$CREDENTIALS_DIRECTORY is not set, so the service loads no credential")
    added: dict[str, str] = {}
    for name in options.environment_from:
        for variable, value in read_environment(_read(directory, name), name=name).items():
            _add(added, variable, value, name=name, environment=environment)
    for word in options.variable:
        variable, name = _split(word, "=", option="--variable")
        # A line end at the end of a file belongs to the file.
        value = _text(_read(directory, name), name=name).rstrip("\n")
        _add(added, variable, value, name=name, environment=environment)
    for word in options.link:
        path, name = _split(word, "=", option="--link")
        _read(directory, name)
        link(path, target=os.path.join(directory, name))
    for word in options.join:
        path, rest = _split(word, "=", option="--join")
        name, base = _split(rest, ":", option="--join")
        joined = join(base, _text(_read(directory, name), name=name), name=name)
        link(path, target=_write(_memory(environment), f"joined-{name}", joined))
    if options.hummingbot:
        conf, name = _split(options.hummingbot, "=", option="--hummingbot")
        password = secrets.token_urlsafe(32)
        _hummingbot(
            conf,
            python=options.hummingbot_python,
            document=_text(_read(directory, name), name=name),
            password=password,
            memory=_memory(environment),
        )
        for variable in _HUMMINGBOT_PASSWORD:
            _add(added, variable, password, name=name, environment=environment)
    return added


def _split(word: str, sign: str, *, option: str) -> tuple[str, str]:
    left, found, right = word.partition(sign)
    if not (left and found and right):
        raise LaunchError(f"the option {option} is incomplete")
    return left, right


def _read(directory: str, name: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise LaunchError("a credential is named with a character that no name has")
    try:
        with open(os.path.join(directory, name), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LaunchError(f"the credential {name} cannot be read ({error.strerror}); load it in the unit") from None
    if len(content) > MAX_BYTES:
        raise LaunchError(f"the credential {name} is larger than 1 MB")
    return content


def _text(content: bytes, *, name: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise LaunchError(f"the credential {name} is no text")
    return text


def _add(added: dict[str, str], variable: str, value: str, *, name: str, environment: t.Mapping[str, str]) -> None:
    if not _VARIABLE.fullmatch(variable):
        raise LaunchError(f"the credential {name} names a variable by characters that no variable's name has")
    if _FORBIDDEN.fullmatch(variable):
        raise LaunchError(f"the credential {name} sets {variable}, which decides what a program runs or whom it trusts")
    if variable in environment or variable in added:
        raise LaunchError(f"{variable} is set already, so the credential {name} does not set it; set it in one place")
    added[variable] = value


def read_environment(content: bytes, *, name: str) -> dict[str, str]:
    """Return the variables of a document: lines NAME='value', or a JSON object of strings."""
    text = _text(content, name=name)
    if text.lstrip().startswith("{"):
        return _read_json(text, name=name)
    found: dict[str, str] = {}
    position = 0
    text = text if text.endswith("\n") else f"{text}\n"
    while position < len(text):
        match = _LINE.match(text, position)
        number = text.count("\n", 0, position) + 1
        if match is None:
            raise LaunchError(f"line {number} of the credential {name} is no line NAME='value'")
        if match["name"]:
            if match["name"] in found:
                raise LaunchError(f"line {number} of the credential {name} sets {match['name']} again")
            found[match["name"]] = match["single"] or match["double"] or match["bare"] or ""
        position = match.end()
    return found


def _read_json(text: str, *, name: str) -> dict[str, str]:
    try:
        document = json.loads(text)
    except ValueError:
        raise LaunchError(f"the credential {name} is no JSON") from None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise LaunchError(f"the credential {name} is no JSON object of texts, so its values cannot be variables")
    if any("\0" in value for value in document.values()):
        raise LaunchError(f"the credential {name} is no text")
    return document


def link(path: str, *, target: str) -> None:
    """Make a link at a path, in the place of an older link, but never of anything else."""
    beside = f"{path}.trading-hosts-{os.getpid()}"
    try:
        if os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path):
            os.rmdir(path)
        if os.path.lexists(path) and not os.path.islink(path):
            raise LaunchError(
                f"{path} is there and is no link; it may hold a secret in clear, so look, and move it away"
            )
        os.symlink(target, beside)
        os.replace(beside, path)
    except OSError as error:
        raise LaunchError(
            f"{path} cannot be made a link to a credential ({error.strerror}); its directory must be one that the "
            "service may write to"
        ) from None


def join(base: str, text: str, *, name: str) -> str:
    """Return a JSON or TOML file that holds no secret together with the credential."""
    try:
        with open(base, encoding="utf-8") as file:
            plain = file.read()
    except (OSError, UnicodeDecodeError):
        raise LaunchError(f"{base} cannot be read, to which the credential {name} is joined") from None
    if base.endswith(".toml"):
        for table in re.findall(r"^\[[^\]\n]+\]$", text, re.MULTILINE):
            if re.search(rf"^[ \t]*{re.escape(table)}", plain, re.MULTILINE):
                raise LaunchError(f"{base} has {table} too; take it out, for the credential {name} brings it")
        return f"{plain.rstrip()}\n\n{text}"
    try:
        below, above = json.loads(plain), json.loads(text)
    except ValueError:
        raise LaunchError(f"{base} or the credential {name} is no JSON") from None
    if not isinstance(below, dict) or not isinstance(above, dict):
        raise LaunchError(f"{base} or the credential {name} is no JSON object")
    return json.dumps(_merged(below, above), indent=2) + "\n"


def _merged(below: t.Mapping[str, t.Any], above: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _memory(environment: t.Mapping[str, str]) -> str:
    """Return a directory of this service that is in memory and goes when it stops."""
    directories = environment.get("RUNTIME_DIRECTORY", "").split(":")
    # The store age keeps the credentials themselves in a directory of that kind.
    directory = next((path for path in directories if path and path != environment.get("CREDENTIALS_DIRECTORY")), None)
    if directory is None:
        raise LaunchError(
            "$RUNTIME_DIRECTORY is not set, so there is no place in memory; set RuntimeDirectory= in the unit"
        )
    return directory


def _write(directory: str, name: str, text: str) -> str:
    path = os.path.join(directory, name)
    try:
        if os.path.lexists(path):
            os.unlink(path)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise LaunchError(f"{path} cannot be written ({error.strerror})") from None
    return path


def _hummingbot(conf: str, *, python: str | None, document: str, password: str, memory: str) -> None:
    """Have hummingbot's own code encrypt its connectors' files into memory, and link its directory to them."""
    if not python:
        raise LaunchError("the option --hummingbot-python is missing, which names hummingbot's own Python")
    directory = os.path.join(memory, "hummingbot")
    try:
        os.makedirs(os.path.join(directory, "connectors"), mode=0o700, exist_ok=True)
        done = subprocess.run(
            [python, os.path.abspath(__file__), "--make-hummingbot-files", directory],
            input=json.dumps({"document": document, "password": password}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise LaunchError(f"hummingbot's files cannot be made ({error.strerror})") from None
    if done.returncode != 0:
        # Its own last line may quote what it worked on; this program's lines do not.
        said = re.findall(r"^trading-hosts launch: (.*)\.$", done.stderr, re.MULTILINE)
        raise LaunchError(said[0] if said else f"hummingbot's own code at {python} could not encrypt its files")
    link(os.path.join(conf, "connectors"), target=os.path.join(directory, "connectors"))
    link(os.path.join(conf, ".password_verification"), target=os.path.join(directory, ".password_verification"))


def make_hummingbot_files(directory: str, *, given: t.Mapping[str, str]) -> None:
    """Write the connectors' files as hummingbot does. Runs in hummingbot's Python: all cryptography is its own."""
    try:
        # Only hummingbot's own Python has it.
        config_crypt = importlib.import_module("hummingbot.client.config.config_crypt")
    except ImportError:
        raise LaunchError(f"{sys.executable} has no hummingbot; name its own Python") from None
    try:
        connectors = json.loads(given["document"])["connectors"]
        manager = config_crypt.ETHKeyFileSecretManger(given["password"])
        word = config_crypt.PASSWORD_VERIFICATION_WORD
        files = {".password_verification": manager.encrypt_secret_value(word, word)}
        for connector, fields in connectors.items():
            lines = [f'connector: "{connector}"']
            lines += [f'{name}: "{manager.encrypt_secret_value(name, value)}"' for name, value in fields.items()]
            files[f"connectors/{connector}.yml"] = "\n".join(lines) + "\n"
    except (AttributeError, KeyError, TypeError, ValueError):
        raise LaunchError(
            "the credential is no document of the format hummingbot, or this hummingbot is unlike"
        ) from None
    for name, text in files.items():
        _write(directory, name, text)


if __name__ == "__main__":
    main(sys.argv[1:])
