# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loaders of the programs themselves read the documents."""

from __future__ import annotations

import ast
import csv
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.trading.hosts.plugins.module_utils._credential import _programs
from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import render

if TYPE_CHECKING:
    from collections.abc import Callable

LAUNCHER = Path(__file__).parents[2] / "roles/trading_service/files/launch.py"
#: Every value looks like a number or a truth value, or has signs in it that some form gives a meaning.
ONE = {"api_key": "0012345678", "secret": "1e100000000", "passphrase": "yes#: 'x' \"y\" \\ é ${HOME}"}
TWO = {"api_key": "0x12345678", "secret": "12345678.50"}


def placed(form: str, *, exchange: str | None = None, **given: Any) -> bytes:
    arguments = {"fields": {}, "accounts": {}, **given}
    return render(form=form, text=None, field="x", exchange=exchange, **arguments)


def test_freqtrade(program: Callable[..., Path], tmp_path: Path) -> None:
    program("freqtrade", "freqtrade.configuration")
    load_config = importlib.import_module("freqtrade.configuration.load_config")
    public, private = tmp_path / "config.json", tmp_path / "bot"
    public.write_text(json.dumps({"max_open_trades": 3, "exchange": {"name": "okx", "key": "", "secret": ""}}))
    private.write_bytes(placed("freqtrade", fields={**ONE, "uid": "7"}))
    loaded = load_config.load_from_files([str(public), str(private)])
    assert loaded["max_open_trades"] == 3
    assert loaded["exchange"] == {
        "name": "okx",
        "key": ONE["api_key"],
        "secret": ONE["secret"],
        "password": ONE["passphrase"],
        "uid": "7",
    }


def test_octobot(program: Callable[..., Path], tmp_path: Path) -> None:
    program("octobot", "octobot_commons.configuration")
    files = importlib.import_module("octobot_commons.configuration.config_file_manager")
    fields = importlib.import_module("octobot_commons.configuration.fields_utils")
    constants = importlib.import_module("octobot_commons.constants")
    path = tmp_path / "config.json"
    path.write_bytes(placed("octobot", exchange="okx", fields={**ONE, "uid": "7"}))
    section = files.load(str(path))[constants.CONFIG_EXCHANGES]["okx"]
    assert section[constants.CONFIG_ENABLED_OPTION] is True
    assert section[constants.CONFIG_EXCHANGE_UID] == "7"
    # Its health check encrypts at start what is plain, and its exchange manager decrypts that.
    for name, given in (
        (constants.CONFIG_EXCHANGE_KEY, ONE["api_key"]),
        (constants.CONFIG_EXCHANGE_SECRET, ONE["secret"]),
        (constants.CONFIG_EXCHANGE_PASSWORD, ONE["passphrase"]),
    ):
        files.handle_encrypted_value(name, section, verbose=True)
        assert section[name] != given
        assert fields.decrypt_element_if_possible(name, section, None) == given


class Table(list[dict[str, Any]]):
    """Stands in for jesse's table of keys: it remembers what is created."""

    name = "name"

    def select(self, *_columns: object) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=row["name"]) for row in self]

    def create(self, **row: Any) -> None:
        self.append(row)


def test_jesse(program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    directory = program("jesse")
    tree = ast.parse((directory / "jesse/modes/data_provider.py").read_text())
    wanted = ("validate_csv_content", "import_api_keys_from_csv")
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    assert len(functions) == 2
    table = Table()
    helpers = SimpleNamespace(generate_unique_id=lambda: "id", now_to_datetime=lambda: None)
    database = SimpleNamespace(open_connection=lambda: None, close_connection=lambda: None)
    for name, member in (
        ("jesse.models.ExchangeApiKeys", {"ExchangeApiKeys": table}),
        ("jesse.services.db", {"database": database}),
    ):
        for package in (name.partition(".")[0], name.rpartition(".")[0]):
            monkeypatch.setitem(sys.modules, package, ModuleType(package))
        module = ModuleType(name)
        vars(module).update(member)
        monkeypatch.setitem(sys.modules, name, module)
    namespace: dict[str, Any] = {"csv": csv, "io": io, "json": json, "jh": helpers, "Dict": dict}
    exec(compile(ast.Module(body=list(functions), type_ignores=[]), "jesse", "exec"), namespace)

    document = placed("jesse", accounts={"grid": ONE, "hedge": TWO}, exchange="Bybit USDT Perpetual").decode()
    assert namespace["validate_csv_content"](document.strip())
    result = namespace["import_api_keys_from_csv"](document.strip())
    assert result == {"success": True, "imported_count": 2}
    for row, name, key in zip(table, ("grid", "hedge"), (ONE, TWO), strict=True):
        assert (row["name"], row["exchange_name"]) == (name, "Bybit USDT Perpetual")
        assert (row["api_key"], row["api_secret"]) == (key["api_key"], key["secret"])
        assert json.loads(row["additional_fields"]).get("api_passphrase") == key.get("passphrase")
    for sign in _programs.JESSE_REFUSES:
        assert not namespace["validate_csv_content"](document.replace("grid", f"grid{sign}"))


def test_the_exchanges_that_jesse_trades_on(program: Callable[..., Path]) -> None:
    directory = program("jesse")
    tree = ast.parse((directory / "jesse/enums/__init__.py").read_text())
    names = {
        target.id: node.value.value
        for kind in tree.body
        if isinstance(kind, ast.ClassDef) and kind.name == "exchanges"
        for node in kind.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    (table,) = [
        node.value
        for node in ast.parse((directory / "jesse/info.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "exchange_info"
    ]
    assert isinstance(table, ast.Dict)
    live = {
        names[ast.unparse(key).rpartition(".")[2]]
        for key, value in zip(table.keys, table.values, strict=True)
        if key is not None and "'live_trading': True" in ast.unparse(value)
    }
    assert live == _programs.JESSE_EXCHANGES


def connectors(directory: Path) -> dict[str, set[str]]:
    """Return the secret fields of hummingbot's connectors, as their classes name them."""
    found = {}
    for path in directory.glob("hummingbot-*/hummingbot/connector/*/*/*_utils.py"):
        for kind in ast.parse(path.read_text()).body:
            if not isinstance(kind, ast.ClassDef):
                continue
            fields = [node for node in kind.body if isinstance(node, ast.AnnAssign)]
            named = {ast.unparse(node.target): node for node in fields}
            connector = named.get("connector")
            if connector is not None and isinstance(connector.value, ast.Constant):
                found[str(connector.value.value)] = {
                    name for name, node in named.items() if ast.unparse(node.annotation) == "SecretStr"
                }
    return found


def test_the_fields_of_hummingbots_connectors(program: Callable[..., Path]) -> None:
    theirs = connectors(program("hummingbot"))
    assert {name: set(fields.values()) for name, fields in _programs.HUMMINGBOT.items()} == {
        name: theirs.get(name) for name in _programs.HUMMINGBOT
    }


def test_hummingbot(program: Callable[..., Path], tmp_path: Path) -> None:
    (source,) = program("hummingbot").glob("hummingbot-*")
    # Only its cryptography and what that asks for: the rest must be compiled.
    conf = tmp_path / "conf"
    conf.mkdir()
    package = tmp_path / "hummingbot" / "client" / "config"
    package.mkdir(parents=True)
    shutil.copy(source / "hummingbot/client/config/config_crypt.py", package)
    (package.parent / "settings.py").write_text(f"import pathlib\nCONF_DIR_PATH = pathlib.Path({str(conf)!r})\n")
    credentials, memory = tmp_path / "credentials", tmp_path / "memory"
    credentials.mkdir()
    memory.mkdir()
    (conf / "connectors").mkdir()
    (credentials / "hb").write_bytes(
        placed(
            "hummingbot",
            accounts={"a": ONE, "b": TWO},
            exchanges={"a": "okx_perpetual", "b": "gate"},
        )
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "CREDENTIALS_DIRECTORY": str(credentials),
        "RUNTIME_DIRECTORY": str(memory),
    }
    # Its own code says whether the password opens the files, and what is in them.
    told = """
import json, os, pathlib, sys, yaml
from hummingbot.client.config import config_crypt
manager = config_crypt.ETHKeyFileSecretManger(os.environ["HBOT_PASSWORD"])
found = {}
for path in (config_crypt.CONF_DIR_PATH / "connectors").glob("*.yml"):
    fields = yaml.safe_load(path.read_text())
    assert fields.pop("connector") == path.stem
    found[path.stem] = {name: manager.decrypt_secret_value(name, value) for name, value in fields.items()}
json.dump([config_crypt.validate_password(manager), found], sys.stdout)
"""
    words: list[str | Path] = [
        *(sys.executable, "-I", LAUNCHER, f"--hummingbot={conf}=hb", f"--hummingbot-python={sys.executable}"),
        *("--", sys.executable, "-c", told),
    ]
    for _start in range(2):
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        assert json.loads(done.stdout) == [
            True,
            {
                "okx_perpetual": {
                    "okx_perpetual_api_key": ONE["api_key"],
                    "okx_perpetual_secret_key": ONE["secret"],
                    "okx_perpetual_passphrase": ONE["passphrase"],
                },
                "gate_io": {"gate_io_api_key": TWO["api_key"], "gate_io_secret_key": TWO["secret"]},
            },
        ]
    files = [path for path in tmp_path.rglob("*") if path.is_file() and credentials not in path.parents]
    assert not [path for path in files if ONE["secret"].encode() in path.read_bytes()]
    assert (conf / "connectors").readlink() == memory / "hummingbot" / "connectors"
    assert yaml.safe_load((conf / "connectors/gate_io.yml").read_text())["connector"] == "gate_io"
