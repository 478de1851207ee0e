# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles on real hosts: the demo's keys judged and placed, a service that uses them, and when it restarts.

The tests of this file build on each other's hosts, in the order in which they stand here.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import demo
from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.demo._scenarios import host_variables
from tests.lab.e2e._support import HOST_KEY, HOSTS, STORE, Controller, Run, decrypt, listing, names, place, virgin
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

PROGRAM = Path(demo.__path__[0]) / "files" / "balance.py"
COPY = {
    "name": "program",
    "ansible.builtin.copy": {"src": str(PROGRAM), "dest": "/usr/local/lib/balance.py", "mode": "0644"},
}
BUILD = {"name": "build", "ansible.builtin.include_role": {"name": "trading.hosts.trading_host"}}
RUN_SERVICE = "trading.hosts.trading_service : Run it"


@dataclass(frozen=True)
class Service:
    """The service of one host, and the exchange that its key is for."""

    name: str
    credential: str
    exchange: str

    @property
    def unit(self) -> str:
        return f"{self.name}.service"

    @property
    def declared(self) -> dict[str, Any]:
        command = ["/usr/bin/python3", "/usr/local/lib/balance.py", f"%d/{self.credential}", self.exchange]
        return {"name": self.name, "command": command, "credentials": [self.credential]}


SERVICES = {"alpha": Service("grid-bot", "grid", "bybit"), "beta": Service("copy-bot", "copy", "bitget")}


class Site:
    """The demo's inventory, and what stands on its hosts."""

    def __init__(self, lab: Lab, directory: Path, *, user: str, pipelining: bool) -> None:
        self.lab = lab
        self.simulator = Simulator.attach(STATE_DIR)
        self.controller = Controller(lab, directory, user=user, pipelining=pipelining)
        self.variables: dict[str, dict[str, Any]] = {}

    def create_keys(self) -> None:
        self.simulator.reset()
        for host in HOSTS:
            self.variables[host] = host_variables(
                self.simulator,
                host,
                public=self.lab.public_addresses(host)[0],
                report=self.report_path(host),
                now=datetime.datetime.now(tz=datetime.UTC),
            )
            self.variables[host]["trading_host_services"] = [SERVICES[host].declared]
            self.variables[host]["exchange_credentials_sample_interval"] = 0.2
        self.write()

    def take_over(self, other: Site) -> None:
        """Have the same inventory as another site, for another user."""
        self.variables = {
            host: {**variables, "exchange_credentials_report_path": str(self.report_path(host))}
            for host, variables in other.variables.items()
        }
        self.write()

    def write(self, **changes: Any) -> None:
        """Write the inventory, with changes to both hosts' variables."""
        for host, variables in self.variables.items():
            self.controller.write_vars({**variables, **changes}, hosts=[host])

    def report_path(self, host: str) -> Path:
        return self.controller.directory / f"{host}.report.json"

    def report(self, host: str) -> dict[str, Any]:
        return dict(json.loads(self.report_path(host).read_text()))

    def key(self, host: str, name: str) -> dict[str, Any]:
        found = self.variables[host]["exchange_credentials_api_keys"]
        return next(entry for entry in found if entry["name"] == name)


def clean(lab: Lab) -> None:
    """Make hosts on which none of this was ever done."""
    for host, service in SERVICES.items():
        lab.execute(host, ["systemctl", "disable", "--quiet", "--now", service.unit], check=False)
        lab.execute(host, ["userdel", service.name], check=False)
        lab.execute(
            host, ["rm", "--recursive", "--force", f"/etc/systemd/system/{service.unit}", f"/var/lib/{service.name}"]
        )
        lab.execute(host, ["systemctl", "daemon-reload"])
    virgin(lab)


def state(lab: Lab) -> dict[str, Any]:
    """Return what a role could have changed: accounts, units, credentials, the host key."""
    return {host: listing(lab, host, "etc", "var/lib/systemd", "usr/local") for host in HOSTS}


def shown(lab: Lab, host: str, *properties: str) -> dict[str, str]:
    """Return properties of the host's service."""
    lines = lab.execute(host, ["systemctl", "show", f"--property={','.join(properties)}", SERVICES[host].unit]).stdout
    return dict(line.split("=", 1) for line in lines.splitlines())


def invocation(lab: Lab, host: str) -> str:
    return shown(lab, host, "InvocationID")["InvocationID"]


def balance(lab: Lab, host: str) -> str:
    """Wait until the service's present invocation has read its balance, and return the line in its journal."""
    match = f"_SYSTEMD_INVOCATION_ID={invocation(lab, host)}"
    argv = ["journalctl", "--boot", "--output", "cat", "--no-pager", match]

    def line() -> str | None:
        lines = lab.execute(host, argv).stdout.splitlines()
        return next((text for text in lines if text.startswith(("balance ", "refused "))), None)

    return wait_for(line, what=f"{SERVICES[host].name} on {host} to read its balance", timeout=30)


def recap(run: Run) -> dict[str, dict[str, int]]:
    """Return Ansible's own counts for each host."""
    found = {}
    for line in run.output.partition("PLAY RECAP")[2].splitlines():
        if match := re.match(r"(\w+)\s+: (ok=.*)", line):
            found[match[1]] = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", match[2])}
    return found


def changed(run: Run) -> list[str]:
    return [f"{result.host}: {result.task}" for result in run.results if result.status == "changed"]


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    clean(lab)
    made = Site(lab, tmp_path_factory.mktemp("site"), user="deploy", pipelining=True)
    made.create_keys()
    yield made
    clean(lab)


def test_check_mode_on_hosts_that_have_nothing(lab: Lab, site: Site) -> None:
    before = state(lab)
    run = site.controller.run(COPY, BUILD, arguments=["-v", "--check", "--diff"])
    assert run.returncode == 0, run.output
    assert state(lab) == before
    for host, service in SERVICES.items():
        assert not (lab.root(host) / HOST_KEY).exists()
        assert f"{service.name}:" not in (lab.root(host) / "etc/passwd").read_text()
        foreseen = run.of(host, "trading.hosts.exchange_credentials : Place the credentials that policy accepts").data
        assert {entry["name"]: entry["changed_reasons"] for entry in foreseen["credentials"]} == {
            name: ["absent"] for name in PLACED[host]
        }
        assert f"{host}: trading.hosts.trading_service : Write the unit" in changed(run)


def test_with_fail_one_rejected_key_keeps_all_of_its_host_from_being_placed(lab: Lab, site: Site) -> None:
    site.write(exchange_credentials_on_rejected="fail")
    run = site.controller.run(COPY, BUILD)
    site.write()
    assert {host: counts["failed"] for host, counts in recap(run).items()} == {"alpha": 1, "beta": 1}
    assert "hedge on alpha" in run.message("alpha")
    assert "scalp on beta" in run.message("beta")
    for host in HOSTS:
        assert names(lab, host) == []
        assert not (lab.root(host) / HOST_KEY).exists()
        assert not (lab.root(host) / "etc/systemd/system" / SERVICES[host].unit).exists()


#: Of each key: the host, the verdict, and the failures that nothing else explains: rule, severity, basis, paste text.
JUDGED: dict[str, tuple[str, str, set[tuple[str, str, str, str | None]]]] = {
    "grid": ("alpha", "pass", set()),
    "hedge": ("alpha", "fail", {("key-accepted", "critical", "proved", "91.198.115.11")}),
    "sweep": ("alpha", "fail", {("withdrawal-forbidden", "critical", "observed", None)}),
    "scalp": (
        "beta",
        "fail",
        {
            ("ip-restriction-required", "critical", "observed", "91.198.115.22"),
            ("key-expiry", "medium", "observed", "91.198.115.22"),
            ("lifetime-without-ip-restriction", "medium", "observed", "91.198.115.22"),
        },
    ),
    "copy": ("beta", "fail", {("passphrase-strength", "medium", "observed", None)}),
    "office": ("beta", "fail", {("allowlist-entry-not-public", "medium", "observed", None)}),
}
PLACED = {"alpha": ["grid"], "beta": ["copy", "office"]}


@pytest.fixture(scope="module")
def built(lab: Lab, site: Site) -> Run:
    clean(lab)
    site.simulator.clear_requests()
    run = site.controller.run(COPY, BUILD)
    assert run.returncode == 0, run.output
    return run


@pytest.mark.core_pass
def test_the_keys_are_judged_and_what_policy_accepts_is_placed(lab: Lab, site: Site, built: Run) -> None:
    for host in HOSTS:
        report = site.report(host)
        lines = {line["key"]: line for line in report["lines"]}
        assert {name: (line["host"], line["verdict"]) for name, line in lines.items()} == {
            name: (where, verdict) for name, (where, verdict, _report) in JUDGED.items() if where == host
        }
        for name, line in lines.items():
            assert line["seen_from"] == lab.public_addresses(host)[:1]
            findings = {
                (finding["rule"], finding["severity"], finding["basis"], finding["paste"])
                for finding in report["findings"]
                if finding["subject"]["key"] == name
                and finding["status"] == "fail"
                and finding["root"] is None
                and finding["severity"] not in ("low", "info")
            }
            assert findings == JUDGED[name][2]
        assert names(lab, host) == PLACED[host]
        for name in PLACED[host]:
            given = site.key(host, name)
            content = {"apiKey": given["api_key"], "secret": given["secret"], "password": given.get("passphrase")}
            assert json.loads(decrypt(lab, host, name)) == {key: value for key, value in content.items() if value}
        assert balance(lab, host) == "balance 1000 USDT"


def asked(simulator: Simulator) -> dict[str, list[str | None]]:
    """Return how each signed call of each key ended, by the key's label."""
    calls: dict[str, list[str | None]] = {}
    for request in simulator.requests():
        if request.had["signature"]:
            calls.setdefault(str(request.label), []).append(request.code)
    return calls


def test_the_services_are_shut_in(lab: Lab, site: Site, built: Run, record_property: Any) -> None:
    for host, service in SERVICES.items():
        told = shown(lab, host, "User", "NoNewPrivileges", "ProtectSystem", "MainPID", "UnitFileState")
        pid = told.pop("MainPID")
        # systemd 252 tells this one on the bus only.
        path = f"/org/freedesktop/systemd1/unit/{service.unit.replace('-', '_2d').replace('.', '_2e')}"
        interface = [path, "org.freedesktop.systemd1.Service", "LoadCredentialEncrypted"]
        loaded = lab.execute(host, ["busctl", "get-property", "org.freedesktop.systemd1", *interface]).stdout.strip()
        assert loaded == f'a(ss) 1 "{service.credential}" "/{STORE}/{service.credential}"'
        assert told == {
            "User": service.name,
            "NoNewPrivileges": "yes",
            "ProtectSystem": "strict",
            "UnitFileState": "enabled",
        }

        # The kernel's word, not systemd's.
        process = dict(
            line.split(":\t", 1)
            for line in lab.execute(host, ["cat", f"/proc/{pid}/status"]).stdout.splitlines()
            if ":\t" in line
        )
        uid = lab.execute(host, ["id", "--user", service.name]).stdout.strip()
        assert process["Uid"].split() == [uid] * 4 != ["0"] * 4
        assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")
        assert {int(process[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}

        directory = f"/run/credentials/{service.unit}"
        assert lab.execute(host, ["ls", directory]).stdout.split() == [service.credential]
        for argv in (
            ["ls", directory],
            ["cat", f"{directory}/{service.credential}"],
            ["cat", f"/{STORE}/{service.credential}"],
        ):
            for other in ("nobody", "deploy"):
                peek = lab.execute(host, ["runuser", "--user", other, "--", *argv], check=False)
                assert (peek.returncode != 0, peek.stdout) == (True, "")
                assert "Permission denied" in peek.stderr

        said = built.of(host, "trading.hosts.trading_service : Refuse a sandbox that is too open").data["msg"]
        exposure = re.search(r"Overall exposure level for [\w.-]+: ([0-9.]+)$", said)
        assert exposure is not None
        assert float(exposure[1]) <= 2.0
        record_property(f"exposure of {service.unit} on {host}", float(exposure[1]))


def test_a_second_run_changes_nothing_and_asks_little(lab: Lab, site: Site, built: Run) -> None:
    before, running = state(lab), [invocation(lab, host) for host in HOSTS]
    site.simulator.clear_requests()
    again = site.controller.run(COPY, BUILD)
    assert {host: (counts["changed"], counts["failed"]) for host, counts in recap(again).items()} == dict.fromkeys(
        HOSTS, (0, 0)
    )
    assert asked(site.simulator)["hedge"] == ["50110"]
    foreseen = site.controller.run(COPY, BUILD, arguments=["-v", "--check", "--diff"])
    assert {host: (counts["changed"], counts["failed"]) for host, counts in recap(foreseen).items()} == dict.fromkeys(
        HOSTS, (0, 0)
    )
    assert state(lab) == before
    assert [invocation(lab, host) for host in HOSTS] == running


def test_a_key_that_is_new_in_a_placed_document_is_judged_as_new(lab: Lab, site: Site, built: Run) -> None:
    """Nobody declared the account: that blocks what comes to the host anew, and not what a bot uses already."""
    kept = site.variables["alpha"]
    grid = undeclared(site.key("alpha", "grid"))
    spare = undeclared({**new_key(site, "alpha"), "name": "spare"})
    judge = "trading.hosts.exchange_credentials : Judge the keys"
    role = {"name": "keys", "ansible.builtin.include_role": {"name": "trading.hosts.exchange_credentials"}}
    before = decrypt(lab, "alpha", "grid")
    runs = []
    for given in ([grid, spare], [grid]):
        document = {"name": "grid", "format": "ccxt", "api_keys": [key["name"] for key in given]}
        changes = {"exchange_credentials_api_keys": given, "exchange_credentials_documents": [document]}
        site.variables["alpha"] = {**kept, **changes}
        site.write()
        runs.append(site.controller.run(role, arguments=["-v", "--limit", "alpha"]))
    site.variables["alpha"] = kept
    site.write()
    assert [run.of("alpha", judge).data["blocked_keys"] for run in runs] == [["spare"], []]
    assert decrypt(lab, "alpha", "grid") == before


def test_after_a_reboot_the_services_trade_again(lab: Lab, built: Run) -> None:
    before = [invocation(lab, host) for host in HOSTS]
    for host in HOSTS:
        assert lab.reboot(host) == "running"
    for host, earlier in zip(HOSTS, before, strict=True):
        assert invocation(lab, host) != earlier
        assert balance(lab, host) == "balance 1000 USDT"


def new_key(site: Site, host: str) -> dict[str, Any]:
    """Create another key like that of the host's service, as a person who rotates it would."""
    credential, exchange = SERVICES[host].credential, SERVICES[host].exchange
    old = site.key(host, credential)
    created = datetime.datetime.fromisoformat(f"{old['declared']['created_on']}T12:00:00+00:00")
    made = site.simulator.create_key(
        exchange,
        permissions="spot-trade",
        allowlist=site.lab.public_addresses(host)[:1],
        label=credential,
        account_id=old["declared"]["account"],
        created_at=int(created.timestamp() * 1000),
        passphrase=old.get("passphrase"),
        parent_id="10000001",
    )
    given = {"api_key": made.key, "secret": made.secret, "passphrase": made.passphrase}
    return {**old, **{name: value for name, value in given.items() if value}}


def undeclared(key: dict[str, Any]) -> dict[str, Any]:
    """Return the key without the account that it is declared to belong to."""
    return {**key, "declared": {name: value for name, value in key["declared"].items() if name != "account"}}


def rotate(site: Site, host: str) -> None:
    """Put another key of the host's service into the inventory."""
    fresh = new_key(site, host)
    variables = site.variables[host]
    keys = variables["exchange_credentials_api_keys"]
    variables["exchange_credentials_api_keys"] = [fresh if entry["name"] == fresh["name"] else entry for entry in keys]


def place_key(key: str, *, name: str) -> dict[str, Any]:
    """Return the task that places one of the host's variables as the credential of its service."""
    fields = {field: f"{{{{ {key}.{field} }}}}" for field in ("api_key", "secret")}
    fields["passphrase"] = f"{{{{ {key}.passphrase | default(omit) }}}}"
    return place({"name": "{{ service.credentials[0] }}", "format": "ccxt", "fields": fields}, name=name)


def test_an_interrupted_run_is_completed_by_the_next_one_as_root(
    lab: Lab, site: Site, built: Run, tmp_path: Path
) -> None:
    """One run ended after it had placed, another after it had written the unit and before systemd read it."""
    root = Site(lab, tmp_path, user="root", pipelining=False)
    for host, service in SERVICES.items():
        rotate(site, host)
        site.variables[host] |= {"key": site.key(host, service.credential), "service": service.declared}
        unit = lab.root(host) / "etc/systemd/system" / service.unit
        text = unit.read_text()
        unit.write_text(text.replace("LimitCORE=0", "LimitCORE=1"))
        lab.execute(host, ["systemctl", "daemon-reload"])
        unit.write_text(text)
    root.take_over(site)
    site.write()
    before = [invocation(lab, host) for host in HOSTS]
    placed = root.controller.run(place_key("key", name="place"))
    assert [result.data["restart_needed"] for result in placed.everywhere("place")] == [["grid"], ["copy"]]
    assert [invocation(lab, host) for host in HOSTS] == before

    completed = root.controller.run(COPY, BUILD)
    assert sorted(changed(completed)) == [f"{host}: {RUN_SERVICE}" for host in HOSTS]
    for host, earlier in zip(HOSTS, before, strict=True):
        assert invocation(lab, host) != earlier
        assert shown(lab, host, "LimitCORE", "NRestarts") == {"LimitCORE": "0", "NRestarts": "0"}
        assert balance(lab, host) == "balance 1000 USDT"
        assert {line["key"]: line["verdict"] for line in root.report(host)["lines"]} == {
            name: verdict for name, (where, verdict, _report) in JUDGED.items() if where == host
        }


def service_task(name: str, **variables: Any) -> dict[str, Any]:
    """Return the task that runs the role for the host's service, with changes to its variables."""
    declared = {f"trading_service_{key}": f"{{{{ service.{key} }}}}" for key in ("name", "command", "credentials")}
    role = {"name": "trading.hosts.trading_service"}
    return {"name": name, "ansible.builtin.include_role": role, "vars": {**declared, **variables}}


def probe(name: str) -> dict[str, Any]:
    """Return the task that asks which run of the service this is."""
    argv = ["systemctl", "show", "--property=InvocationID", "{{ service.name }}.service"]
    return {"name": name, "ansible.builtin.command": {"argv": argv}, "changed_when": False}


#: Changes mode and owner of a credential, and on one host what encrypts it: with the null key, that anybody can use.
#: Its time and its content stay.
DRIFT = """
set -e
cd /etc/credstore.encrypted
name={{ service.credentials[0] }}
touch --reference=$name /run/time
{% if inventory_hostname == "beta" %}
systemd-creds decrypt --name=$name $name - | systemd-creds encrypt --with-key=tpm2-absent --name=$name - /run/drift
cat /run/drift > $name
{% endif %}
chmod 0644 $name
chown deploy:deploy $name
touch --reference=/run/time $name
"""
REPAIRED = {"alpha": (["mode", "owner"], [], "skipped"), "beta": (["key_type", "mode", "owner"], ["copy"], "changed")}


def test_what_restarts_a_service_and_what_does_not(lab: Lab, site: Site, built: Run) -> None:
    for host, service in SERVICES.items():
        site.variables[host] |= {"service": service.declared, "other": new_key(site, host)}
    site.write()
    run = site.controller.run(
        probe("at first"),
        place_key("other", name="content"),
        service_task("after another content"),
        probe("after another content"),
        place_key("other", name="same"),
        service_task("after an unrelated variable", trading_service_exposure_max=3.5),
        probe("after the same content and an unrelated variable"),
        service_task("after another unit", trading_service_memory_max="512M"),
        probe("after another unit"),
        {"name": "drift", "ansible.builtin.shell": DRIFT},
        place_key("other", name="repair"),
        service_task("after the repair", trading_service_memory_max="512M"),
        probe("after the repair"),
    )
    assert run.returncode == 0, run.output
    for host, service in SERVICES.items():
        ids = [
            result.data["stdout"]
            for result in run.results
            if result.host == host and "InvocationID=" in str(result.data.get("stdout"))
        ]
        first, content, same, unit, repair = ids
        assert (content != first, same == content, unit != content) == (True, True, True)
        # Nobody can say what the service has read of a credential that anybody could have written.
        reasons, restart_needed, restarted = REPAIRED[host]
        assert (repair != unit) == (restarted == "changed")
        restarts = [result.status for result in run.results if result.host == host and result.task == RUN_SERVICE]
        assert [each for each in restarts if each != "skipped"] == [
            "changed",
            "changed",
            *([restarted] if restarted == "changed" else []),
        ]
        assert run.of(host, "content").data["restart_needed"] == [service.credential]
        mended = run.of(host, "repair").data
        assert sorted(mended["credentials"][0]["changed_reasons"]) == reasons
        assert mended["restart_needed"] == restart_needed
        assert (
            lab.execute(host, ["stat", "-c", "%U:%G %a", f"/{STORE}/{service.credential}"]).stdout == "root:root 600\n"
        )
        assert shown(lab, host, "NRestarts") == {"NRestarts": "0"}
        assert balance(lab, host) == "balance 1000 USDT"


MISSING = {"name": "missing-bot", "command": ["/bin/true"], "credentials": ["nowhere"]}
LOOSE = {
    "name": "loose-bot",
    "command": ["/bin/true"],
    "unit_options": {"ProtectSystem": "no", "PrivateUsers": "no", "CapabilityBoundingSet": "~"},
}


def test_a_service_that_cannot_run_says_why_and_an_exchange_that_is_away_keeps_no_bot_down(
    lab: Lab, site: Site, built: Run
) -> None:
    for host, service in SERVICES.items():
        given = site.variables[host]
        site.variables[host] = {
            **given,
            "exchange_credentials_on_rejected": "fail",
            "exchange_credentials_api_keys": [site.key(host, service.credential)],
            "exchange_credentials_documents": [
                {"name": service.credential, "format": "ccxt", "api_keys": [service.credential]}
            ],
            "trading_host_services": [MISSING, LOOSE, service.declared],
        }
        site.simulator.fault(service.exchange, "status", status=503, times=99)
    site.write()
    run = site.controller.run(BUILD)
    site.simulator.clear_faults()
    for host in HOSTS:
        report = site.report(host)
        # On a host that has not got this key yet, this would block.
        assert ("key-accepted", "unknown", "critical") in {
            (finding["rule"], finding["status"], finding["severity"]) for finding in report["findings"]
        }
        assert report["blocking"] == []
        ran = [result.status for result in run.results if (result.host, result.task) == (host, RUN_SERVICE)]
        assert "failed" not in ran
        assert names(lab, host) == PLACED[host]
        failures = {
            result.task.rpartition(" : ")[2]: result.data["msg"]
            for result in run.results
            if result.host == host and result.status == "failed"
        }
        assert set(failures) == {
            "Refuse to start without its credentials",
            "Refuse a sandbox that is too open",
            "Say which services were not built",
        }
        missing, loose, end = failures.values()
        assert missing.startswith("missing-bot needs the credentials nowhere, which are not on this host")
        assert re.match(
            r"Overall exposure level for loose-bot.service: [0-9.]+; trading_service_exposure_max is 2.0", loose
        )
        assert (missing in end, loose in end) == (True, True)
        assert "\n" not in missing + loose
        for name in ("missing-bot", "loose-bot"):
            assert not (lab.root(host) / f"etc/systemd/system/{name}.service").exists()
            assert f"{name}:" not in (lab.root(host) / "etc/passwd").read_text()
