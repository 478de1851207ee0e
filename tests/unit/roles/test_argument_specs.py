# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles say that they take, at every entry point: Ansible can check it, and the defaults are the role's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROLES = Path(__file__).parents[3] / "roles"
NAMES = sorted(path.parents[1].name for path in ROLES.glob("*/meta/argument_specs.yml"))


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    text = (ROLES / role / "meta/argument_specs.yml").read_text(encoding="utf-8")
    return {name: spec.get("options") or {} for name, spec in yaml.safe_load(text)["argument_specs"].items()}


def defaults(role: str) -> dict[str, Any]:
    path = ROLES / role / "defaults/main.yml"
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def test_every_role_says_what_it_takes() -> None:
    assert sorted(path.name for path in ROLES.iterdir() if (path / "tasks").is_dir()) == NAMES


@pytest.mark.parametrize("role", NAMES)
def test_ansible_can_check_by_it(role: str) -> None:
    for name, options in entry_points(role).items():
        given = {option: None for option, spec in options.items() if spec.get("required")}
        errors = ArgumentSpecValidator(options).validate(given).error_messages
        assert not [error for error in errors if "internal error" in error], name


@pytest.mark.parametrize("role", NAMES)
def test_the_defaults_are_those_that_the_role_has(role: str) -> None:
    has = defaults(role)
    for name, options in entry_points(role).items():
        told = {option: spec["default"] for option, spec in options.items() if "default" in spec}
        assert {option: has.get(option) for option in told} == told, name
        assert not [option for option, spec in options.items() if spec.get("required") and option in has], name
