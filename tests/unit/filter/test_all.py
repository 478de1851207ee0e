# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All filters together: each is there under the name of its file, and the others cost nothing to who uses one."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.trading.hosts.plugins.plugin_utils import _deferred
from tests.collection import collections_directory

FILTERS = Path(__file__).parents[3] / "plugins/filter"
NAMES = sorted(path.stem for path in FILTERS.glob("*.py"))
PLUGINS = "ansible_collections.trading.hosts.plugins"
#: Prints what of the collection was loaded for one filter, used on nothing.
LOAD_ONE = f"""
import sys
from ansible.plugins.loader import filter_loader, init_plugin_loader
init_plugin_loader([{str(collections_directory())!r}])
filter_loader.get("trading.hosts.host_services").j2_function([])
print(*(name for name in sys.modules if name.startswith("{PLUGINS}.")), sep="\\n")
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_has_the_name_of_its_file_and_takes_what_it_documents(name: str) -> None:
    module = importlib.import_module(f"{PLUGINS}.filter.{name}")
    assert list(module.FilterModule().filters()) == [name]
    _value, *options = inspect.signature(
        getattr(importlib.import_module(f"{PLUGINS}.plugin_utils._filters.{name}"), name)
    ).parameters
    documented: dict[str, Any] = yaml.safe_load(module.DOCUMENTATION).get("options", {})
    assert set(documented) - {"_input"} == set(options)


def test_a_deferred_filter_is_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"{PLUGINS}.plugin_utils._filters.host_services")
    monkeypatch.setattr(module, "host_services", lambda *given, **options: (given, options))
    assert _deferred.deferred("host_services")(1, two=2) == ((1,), {"two": 2})


def test_who_uses_one_filter_does_not_load_what_the_others_need() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD_ONE], check=True, capture_output=True, text=True)
    loaded = {name for name in done.stdout.split("\n") if ".filter." not in name and name}
    packages = {PLUGINS + name for name in (".filter", ".plugin_utils", ".plugin_utils._filters")}
    assert loaded - packages == {
        f"{PLUGINS}.plugin_utils._deferred",
        f"{PLUGINS}.plugin_utils._filters.host_services",
    }
