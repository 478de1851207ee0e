# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.host_services`` does."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import yaml
from ansible.errors import AnsibleFilterError

ROLES = Path(__file__).parents[3] / "roles"
#: What of the role trading_service a service may have whose program has a role of its own. The rest is that role's.
BESIDE_PROGRAM: t.Final = (
    "name",
    "program",
    "settings",
    "user",
    "state",
    "enabled",
    "preflight",
    "ip_family",
    "flat_check",
    "flat_wait",
    "restart_when",
    "restart_windows",
    "cpu_quota",
    "tasks_max",
    "open_files",
    "exposure_max",
)
#: What of a program's role the service itself says.
OF_SERVICE: t.Final = ("name", "user", "state")


def host_services(services: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the services; raises ``AnsibleFilterError`` with one sentence for the first that cannot be built."""
    found = [_service(service, number=number) for number, service in enumerate(services)]
    names = [service["name"] for service in found]
    for name in names:
        if names.count(name) > 1:
            raise AnsibleFilterError(f"trading_host_services has two services {name}; give each a name of its own.")
    return found


def _service(service: t.Mapping[str, t.Any], *, number: int) -> dict[str, t.Any]:
    name = str(service.get("name") or "")
    if not name:
        raise AnsibleFilterError(f"trading_host_services[{number}] has no name; give it one.")
    program, settings = str(service.get("program") or ""), service.get("settings") or {}
    if bool(program) == bool(service.get("command")):
        has = "both a command and a program" if program else "neither a command nor a program"
        raise AnsibleFilterError(f"The service {name} has {has}; give it the one or the other.")
    if program:
        _check_program(name, service, program=program, settings=settings)
    elif settings:
        raise AnsibleFilterError(f"The service {name} has settings, which are a program's; name the program.")
    return {
        **service,
        "program": program,
        "settings": settings,
        "user": service.get("user") or name.replace("@", "-")[:31],
        "credentials": list((settings if program else service).get("credentials") or ()),
        "ip_family": service.get("ip_family") or "any",
    }


def _check_program(name: str, service: t.Mapping[str, t.Any], *, program: str, settings: t.Mapping[str, t.Any]) -> None:
    if program not in programs():
        raise AnsibleFilterError(
            f"The service {name} has the program {program}, for which there is no role; known are"
            f" {', '.join(programs())}. Run any other by its command."
        )
    if others := [field for field in service if field not in BESIDE_PROGRAM]:
        raise AnsibleFilterError(
            f"The service {name} has {others[0]}, which the role {program} sets; put what that role takes into its"
            " settings, and leave the rest out."
        )
    known = variables(program)
    for field in settings:
        if field not in known or field in OF_SERVICE:
            mend = "say it of the service itself" if field in OF_SERVICE else f"see the variables of the role {program}"
            raise AnsibleFilterError(f"The service {name} has the setting {field}, which is none of {program}; {mend}.")
    for field, option in known.items():
        if option.get("required") and field not in settings and field not in OF_SERVICE:
            raise AnsibleFilterError(f"The service {name} lacks the setting {field}, which {program} needs.")


@functools.cache
def programs() -> tuple[str, ...]:
    """Return the programs that have roles: those that the role trading_host includes."""
    return tuple(sorted(path.stem[len("program_") :] for path in (ROLES / "trading_host/tasks").glob("program_*.yml")))


@functools.cache
def variables(program: str) -> t.Mapping[str, t.Mapping[str, t.Any]]:
    """Return what the program's role takes, without its prefix."""
    text = (ROLES / program / "meta/argument_specs.yml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return {name[len(program) + 1 :]: option for name, option in options.items()}
