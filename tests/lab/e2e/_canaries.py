# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the canary sweep: how every place that takes a secret gets one that is then looked for everywhere.

A secret option that no scenario fills with a canary fails the unit tests (tests/unit/test_canaries.py), and so does a
module, role or playbook that no scenario runs. The sweeps are test_canary_sweep.py, here and in tests/lab/soak.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.collection import CHECKOUT
from tests.secret_options import module_spec, role_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

COLLECTION = "trading.hosts."
_ROLE = "ansible.builtin.include_role"
#: How a canary is written in a task; ``canary_pem`` is an encrypted private key that ``canary_password`` opens.
_MARK = "{{ canary_"
KEY, SECRET, PHRASE = "{{ canary_key }}", "{{ canary_secret }}", "{{ canary_phrase }}"
#: Nothing listens there: a proxy that cannot be reached, with a password in its address.
_PROXY = "http://user:{{ canary_plain }}@127.0.0.1:9"
_QUICK = {"timeout": 2}
#: No file of facts, by its name: it lies beside some.
_JUDGED = "{{ swept_directory }}/{{ inventory_hostname }}.judged"
#: What the role host_baseline does besides measuring the clock.
_OTHER_PARTS = ("libraries", "time", "timezone", "ssh", "core_dumps", "swap", "kernel", "journal", "updates")

Task = dict[str, Any]


def _module(module: str, **options: Any) -> Task:
    return {f"{COLLECTION}{module}": options}


def _role(name: str, /, **variables: Any) -> Task:
    return {_ROLE: {"name": f"{COLLECTION}{name}"}, "vars": variables}


def _entry_point(name: str, /, **variables: Any) -> Task:
    return {_ROLE: {"name": f"{COLLECTION}exchange_credentials", "tasks_from": name}, "vars": variables}


def _place(**entry: Any) -> Task:
    return _module("credential", credentials=[{"name": "swept", **entry}])


def _learn(**options: Any) -> Task:
    okx = {"name": "okx", "exchange": "okx", "api_key": KEY, "secret": SECRET, "passphrase": PHRASE}
    return _module("api_key_info", **{"api_keys": [okx], **options})


_LOCKED = {
    "name": "locked",
    "exchange": "binance",
    "api_key": KEY,
    "secret": "{{ canary_pem }}",
    "key_password": "{{ canary_password }}",
}
_FIELDS = {"api_key": KEY, "secret": SECRET, "passphrase": PHRASE}

#: What is run, in this order. ``canary_...`` and ``good`` (a key that the exchange takes) are vaulted host variables,
#: ``swept_directory`` is one of the controller.
SCENARIOS: dict[str, Task] = {
    "place fields": _place(format="ccxt", fields=_FIELDS),
    "place accounts": _place(format="json", accounts={"okx": _FIELDS, "bybit": {"api_key": SECRET, "secret": KEY}}),
    "place content": _place(content="{{ canary_pem }}"),
    "place a template": _place(
        format="template", template=f"{KEY} {{api_key}}", fields={"api_key": "{{ canary_plain }}"}
    ),
    "what is placed": _module("credential_info"),
    "make a pair": _module("key_pair", name="swept-pair"),
    # Loaded with its canaries around, and gone before anything else is looked at.
    "observe": _role("egress_firewall", egress_firewall_exchanges=["api.bybit.com:443"]),
    "observe no more": _module("egress_firewall", state="absent"),
    "find what is exposed": _module("exposed_credential_info", paths=["/srv/exposed"]),
    "learn": {**_learn(facts_dir="{{ swept_directory }}"), "register": "learned"},
    "learn with a locked key": _learn(api_keys=[_LOCKED]),
    "learn through a proxy": _learn(proxy=_PROXY, **_QUICK),
    "learn the mark": _learn(mark_with=SECRET),
    "the clock through a proxy": _module("clock_info", exchanges=[{"exchange": "okx"}], proxy=_PROXY, **_QUICK),
    "the address through a proxy": _module("public_ip_info", on_no_majority="report", proxy=_PROXY, **_QUICK),
    "judge": _module(
        "api_key_policy", api_keys="{{ learned.api_keys }}", fail_on="never", report_path=_JUDGED, return_passed=True
    ),
    "report": _module(
        "report",
        report_path=_JUDGED,
        files=[{"format": name, "path": f"{_JUDGED}.{name}"} for name in ("html", "sarif", "evidence")],
        operator="Ada",
    ),
    "judge the inventory": _module(
        "fleet_policy", src=["{{ swept_directory }}"], variables=["canary_keys"], fail_on="never"
    ),
    "compare": _module("allowlist_check", entries=["91.198.115.77"], addresses=["91.198.115.11"], fail_on="never"),
    "build": _role(
        "trading_host",
        exchange_credentials_api_keys=["{{ good }}", {"name": "wrong", "exchange": "bitget", **_FIELDS}],
        exchange_credentials_documents=[
            {"name": "good", "format": "ccxt", "api_keys": ["good"]},
            {"name": "rest", "format": "template", "template": f"{SECRET} {{api_key}}", "api_keys": ["wrong"]},
        ],
        exchange_credentials_on_rejected="skip",
        exchange_credentials_install_libraries=False,
        exchange_credentials_sample_interval=0.2,
        exchange_credentials_report_path="{{ swept_directory }}/{{ inventory_hostname }}.report.json",
        # Both have scenarios of their own.
        trading_host_baseline=False,
        trading_host_firewall=False,
        trading_agent_install_libraries=False,
        trading_host_services=[
            {"name": "swept", "command": ["/usr/bin/sleep", "infinity"], "credentials": ["good"], "type": "exec"}
        ],
    ),
    "learn what is placed": _module(
        "api_key_info", api_keys=[{"name": "placed", "exchange": "bybit", "credential": {"name": "good"}}]
    ),
    # To values that cannot be right, which is said before they are sent; test_rotation.py is about the rest.
    "rotate": _entry_point(
        "rotate",
        exchange_credentials_api_keys=["{{ good }}"],
        exchange_credentials_documents=[{"name": "good", "format": "ccxt", "api_keys": ["good"]}],
        exchange_credentials_rotate_document="good",
        exchange_credentials_rotate_unattended=True,
        exchange_credentials_rotate_values={"api_key": KEY, "secret": f"{SECRET} "},
    ),
    # On two hosts, which is refused; tests/lab/soak/test_enroll.py is about the rest.
    "enrol": _entry_point(
        "enroll",
        exchange_credentials_enroll_api_key="fresh",
        exchange_credentials_enroll_exchange="bybit",
        exchange_credentials_enroll_values={"api_key": KEY, "secret": SECRET},
        **{
            f"exchange_credentials_enroll_{name}": value
            for name, value in {
                "access": "read",
                "account": "10000001",
                "by": "Ada",
                "format": "ccxt",
                "owner": "Ada",
                "purpose": "sweeps",
                "recovery": "recreate",
            }.items()
        },
    ),
    "write down a key": _module(
        "registry_entry", path=f"{_JUDGED}.keys.yml", api_key={"name": "good", "exchange": "bybit"}
    ),
    "check the registry": _module("registry_check"),
    # Held back, because the file is not there; tests/lab/soak/test_adopt.py is about the rest.
    "remove what is exposed": _module("exposed_credential", credential="good", files=["/srv/exposed/nowhere.json"]),
    # The clock only: the rest has no secret, and stays with tests/lab/soak/test_baseline.py.
    "prepare through a proxy": _role(
        "host_baseline",
        **{f"host_baseline_{part}": False for part in _OTHER_PARTS},
        host_baseline_clock_exchanges=[{"exchange": "okx"}],
        host_baseline_clock_proxy=_PROXY,
    ),
    # Refused, for what stands in its settings; tests/lab/soak/test_freqtrade_trades.py is about the rest.
    "settings with a secret": _role(
        "freqtrade",
        freqtrade_config={
            "dry_run": False,
            "exchange": {"name": "bybit", "key": KEY, "ccxt_config": {"secret": SECRET}},
        },
        freqtrade_strategy="Swept",
        freqtrade_strategy_files=[],
    ),
    **{
        f"settings of {program} with a secret": _role(
            program,
            **{
                f"{program}_{name}": value
                for name, value in {**given, "config": {"exchange": {"key": KEY, "secret": SECRET}}}.items()
            },
        )
        for program, given in {
            "jesse": {},
            "nautilus_trader": {"script": "node.py", "files": [], "credentials": ["good"]},
            "passivbot": {
                "source": "/nowhere",
                "version": "1",
                "requirements": "/nowhere",
                "account": "good",
                "credentials": ["good"],
            },
        }.items()
    },
    "settings of a service with a secret": _role(
        "trading_host",
        trading_host_baseline=False,
        trading_host_firewall=False,
        trading_host_services=[
            {
                "name": "swept-bot",
                "program": "freqtrade",
                "settings": {
                    "config": {"dry_run": False, "exchange": {"name": "bybit", "key": KEY, "secret": SECRET}},
                    "strategy": "Swept",
                    "strategy_files": [],
                },
            }
        ],
    ),
    "files of hummingbot with a secret": _role(
        "hummingbot",
        hummingbot_requirements="/nowhere",
        hummingbot_wheelhouse="/nowhere",
        hummingbot_credentials=["good"],
        hummingbot_files={"conf/strategies/swept.yml": f"api_key: {KEY}\napi_secret: {SECRET}\n"},
        hummingbot_strategy="swept.yml",
    ),
    "an archive that comes from nowhere": _role(
        "vendor_archive",
        vendor_archive_name="swept-archive",
        vendor_archive_version="1",
        vendor_archive_checksum="0" * 64,
        vendor_archive_command=["core", SECRET],
    ),
    # Refused, because it cannot be installed: it is given no secret.
    "install a program": _role(
        "python_program",
        python_program_name="freqtrade",
        python_program_version="2026.9",
        python_program_requirements=str(CHECKOUT / "roles" / "freqtrade" / "files" / "freqtrade-2026.9.txt"),
        python_program_wheelhouse="/nowhere",
    ),
    "build through a proxy": _role(
        "exchange_credentials",
        exchange_credentials_api_keys=["{{ good }}"],
        exchange_credentials_documents=[{"name": "good", "format": "ccxt", "api_keys": ["good"]}],
        exchange_credentials_on_rejected="skip",
        exchange_credentials_install_libraries=False,
        exchange_credentials_proxy=_PROXY,
    ),
}
#: Roles that another one runs.
WITHIN = {"trading_host": ("exchange_credentials", "trading_agent", "trading_service")}
#: Playbook -> the end-to-end test that runs it and sweeps after it.
SWEPT_PLAYBOOKS: dict[str, str] = {
    "adopt": "tests/lab/soak/test_adopt.py::test_it_lies_nowhere_else",
    "audit": "tests/lab/soak/test_audit.py::test_what_each_key_needs_is_said_without_a_secret_on_the_controller",
    "enroll": "tests/lab/soak/test_enroll.py::test_no_secret_is_anywhere_but_where_it_belongs",
    "recover": "tests/lab/soak/test_recover.py::test_another_host_trades_from_the_sealed_copies",
    "retire": "tests/lab/soak/test_retire.py::test_a_dead_key_is_forgotten_and_only_then_the_address_may_go",
    "revoke": "tests/lab/soak/test_revoke.py::test_the_next_run_does_what_is_left",
    "rotate": "tests/lab/soak/test_rotation.py::test_a_person_is_led_through",
    "site": "tests/lab/soak/test_site.py::test_the_canary_is_first_and_the_others_follow",
}


def runs(task: Task) -> set[str]:
    """Return the modules and roles that a scenario runs."""
    if _ROLE in task:
        name = task[_ROLE]["name"].removeprefix(COLLECTION)
        return {name, *WITHIN.get(name, ())}
    return {key.removeprefix(COLLECTION) for key in task if key.startswith(COLLECTION)}


def filled(task: Task) -> set[str]:
    """Return the secret options into which a scenario puts a canary."""
    if _ROLE in task:
        given = task["vars"]
        specs = {name: role_spec(name) for name in runs(task)}
    else:
        given = next(value for key, value in task.items() if key.startswith(COLLECTION))
        specs = {name: module_spec(name) for name in runs(task)}
    return {option for name, spec in specs.items() for option in _filled(given, spec=spec, where=f"{name}: ")}


def _filled(given: Mapping[str, Any], *, spec: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, value in given.items():
        option = spec.get(name, {})
        if option.get("no_log") and _MARK in str(value):
            yield f"{where}{name}"
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict) and option.get("options"):
                yield from _filled(entry, spec=option["options"], where=f"{where}{name}.")


@dataclass(frozen=True)
class Failure:
    """A way in which a task that holds secrets can end. ``spoil`` makes it so; ``surely`` says that it must fail."""

    spoil: Callable[[Task], Task]
    surely: bool = True


def _with_arguments(change: Callable[[Any], Any]) -> Callable[[Task], Task]:
    def spoil(task: Task) -> Task:
        return {
            key: change(value) if key.startswith(COLLECTION) or key == "vars" else value for key, value in task.items()
        }

    return spoil


def _with_vars(**variables: Any) -> Callable[[Task], Task]:
    return lambda task: {**task, "vars": {**task.get("vars", {}), **variables}}


def _each_canary(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _each_canary(entry, change) for key, entry in value.items()}
    if isinstance(value, list):
        return [_each_canary(entry, change) for entry in value]
    return change(value) if isinstance(value, str) and _MARK in value else value


#: Each is done to every scenario of a module that is given a secret.
FAILURES: dict[str, Failure] = {
    "an option that does not exist": Failure(_with_arguments(lambda given: {**given, "no_such_option": SECRET})),
    "a secret as the name of an option": Failure(_with_arguments(lambda given: {**given, SECRET: "x"})),
    "a template that fails": Failure(
        _with_arguments(lambda given: _each_canary(given, lambda text: text.replace(" }}", " | no_such_filter }}")))
    ),
    "a list in place of a text": Failure(
        _with_arguments(lambda given: _each_canary(given, lambda text: [text, [text]]))
    ),
    "without rights": Failure(_with_vars(ansible_become=False), surely=False),
    "without an interpreter": Failure(_with_vars(ansible_python_interpreter="/usr/bin/python9")),
    "an unreachable host": Failure(_with_vars(ansible_port=1)),
}
#: Each is done to every scenario of a role, whose tasks are modules: theirs are all above.
ROLE_FAILURES: dict[str, Failure] = {"a template that fails": FAILURES["a template that fails"]}


def failing() -> Iterator[tuple[str, Task, bool]]:
    """Yield the name, the task and whether it must fail, for every scenario with a secret and every failure."""
    for name, task in SCENARIOS.items():
        if not filled(task):
            continue
        for failure, how in (ROLE_FAILURES if _ROLE in task else FAILURES).items():
            spoiled = how.spoil(copy.deepcopy(task))
            spoiled.pop("register", None)
            yield f"{name}: {failure}", spoiled, how.surely


def named(name: str, task: Task) -> Task:
    """Return the task for a play that goes on whatever becomes of it."""
    if _ROLE in task:
        return {"name": name, "block": [{"name": name, **task}], "rescue": [{"ansible.builtin.meta": "noop"}]}
    return {"name": name, **task, "ignore_errors": True, "ignore_unreachable": True}
