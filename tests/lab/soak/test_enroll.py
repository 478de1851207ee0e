# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``enroll``: a new key comes to a host, by a person at a terminal and without one.

The tests of this file build on each other's host, in the order in which they stand here.
"""

from __future__ import annotations

import concurrent.futures
import json
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.e2e._person import Person
from tests.lab.e2e._support import STORE, Controller, Run, decrypt, names, place, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

HOST = "alpha"
ACCOUNT = "10000001"
SETTINGS: dict[str, Any] = {
    "exchange_credentials_install_libraries": False,
    "exchange_credentials_samples": 2,
    "exchange_credentials_sample_interval": 0.2,
}


class Desk:
    """A controller whose inventory declares nothing yet, and the exchange's pages."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.controller = Controller(lab, directory, pipelining=True)
        self.simulator = Simulator.attach(STATE_DIR)
        self.secrets: list[str] = []
        self.output: list[str] = []
        self.began = time.time()
        self.public = lab.public_addresses(HOST)[0]
        self.registry = directory / "host_vars" / HOST / "keys.yml"

    def create(self, exchange: str, name: str, **changes: Any) -> SimulatedKey:
        given: dict[str, Any] = {
            "permissions": "spot-trade",
            "allowlist": [self.public],
            "label": name,
            "account_id": ACCOUNT,
            "parent_id": "10000000",
        }
        key = self.simulator.create_key(exchange, **{**given, **changes})
        self.secrets += [text for text in (key.secret, key.passphrase) if text and "BEGIN" not in text]
        return key

    def words(self, name: str, exchange: str, **options: Any) -> list[str]:
        given: dict[str, Any] = {
            "api_key": name,
            "exchange": exchange,
            "access": "read_write",
            "products": "spot",
            "account": ACCOUNT,
            "owner": "Ada",
            "purpose": "grid trading",
            "recovery": "recreate",
            "by": "Ada",
            "format": "ccxt",
            **options,
        }
        enroll = {
            f"exchange_credentials_enroll_{option}": value for option, value in given.items() if value is not None
        }
        return ["--limit", HOST, "-e", json.dumps({**SETTINGS, **enroll})]

    def person(self, name: str, exchange: str, **options: Any) -> Person:
        return Person(*self.controller.playbook_command("trading.hosts.enroll", *self.words(name, exchange, **options)))

    def run(self, name: str, exchange: str, *more: str, **options: Any) -> Run:
        """Run it where there is no terminal."""
        run = self.controller.playbook("trading.hosts.enroll", *self.words(name, exchange, **options), *more)
        self.output.append(run.output)
        return run

    def end(self, person: Person, status: int = 0) -> None:
        assert person.end() == status, person.output
        self.output.append(person.output)

    def vaulted(self, **values: Any) -> list[str]:
        """Return the words that give a lookup's values: a vaulted file, as ``-e @file``."""
        self.controller.project.write_host_vars("given", {"given": values})
        return ["-e", f"@{self.controller.directory / 'host_vars' / 'given.json'}"]

    def holds(self, document: str) -> dict[str, Any]:
        return dict(json.loads(decrypt(self.lab, HOST, document)))

    def files(self) -> list[str]:
        return [name for name in names(self.lab, HOST) if not name.startswith(".")]

    def written(self, name: str) -> dict[str, Any]:
        """Return what the inventory says of a key."""
        variables = yaml.safe_load(self.registry.read_text(encoding="utf-8"))
        found = [key for key in variables["exchange_credentials_api_keys"] if key["name"] == name]
        assert len(found) == 1
        return dict(found[0])


@pytest.fixture(scope="module")
def desk(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    virgin(lab, HOST)
    yield Desk(lab, tmp_path_factory.mktemp("enroll"))
    virgin(lab, HOST)


def test_what_is_missing_is_said_in_one_sentence(desk: Desk) -> None:
    run = desk.run("grid", "bybit", account=None, owner=None, by=None)
    assert run.returncode != 0
    assert re.search(r"To enrol grid, also give exchange_credentials_enroll_account .*_owner .*_by ", run.output)
    assert desk.files() == []


def test_without_a_terminal_and_without_a_key_it_stops_before_anything(desk: Desk) -> None:
    run = desk.run("grid", "bybit")
    assert run.returncode != 0
    assert "Nobody typed grid, so nothing was done." in run.message(HOST)
    for way in ("exchange_credentials_enroll_values", "exchange_credentials_enroll_sealed", "key_pair=always"):
        assert way in run.message(HOST)
    assert {result.task.rpartition(" : ")[2] for result in run.results} & {"See how far it is"} == set()
    assert desk.files() == []
    assert not desk.registry.exists()


def test_without_a_person_and_without_a_key_there_is_nothing_to_enrol(desk: Desk) -> None:
    run = desk.run("grid", "bybit", key_pair="never", unattended=True)
    assert run.returncode != 0
    assert "There is no key, and nobody is to be asked" in run.message(HOST)
    assert (desk.files(), desk.registry.exists()) == ([], False)


def test_one_key_is_enrolled_on_one_host(desk: Desk) -> None:
    run = desk.run("grid", "bybit", "--limit", "alpha,beta", unattended=True)
    assert run.returncode != 0
    assert "A key is enrolled on one host, and this play has 2; name one with --limit" in run.message(HOST)
    assert (desk.files(), desk.registry.exists()) == ([], False)


def test_check_mode_only_says_what_to_do(desk: Desk) -> None:
    run = desk.run("grid", "binance", "--check")
    assert run.returncode == 0, run.output
    (told,) = (result.data["msg"] for result in run.results if result.task.endswith("Show what to do"))
    assert told[0] == f"Log in at Binance, to the account {ACCOUNT}."
    assert "Self-generated" in " ".join(told)
    assert [result.task for result in run.results if result.status == "changed" and "pair" not in result.task] == []
    assert desk.files() == []


def test_a_person_is_led_through_and_types_a_wrong_secret_first(desk: Desk) -> None:
    key = desk.create("bybit", "grid")
    person = desk.person("grid", "bybit", key_pair="never")
    person.answer("Type grid to begin", "grid")
    person.answer(f"Type {desk.public} if it is this host's own", desk.public)
    person.read("Turn on the second factor first")
    person.read("Name it grid")
    person.read("SpotTrade")
    person.read(f"paste exactly this: {desk.public}")
    person.answer("Press Enter when the exchange shows the key", "")
    # Swapped, and so nothing was sent.
    person.answer("The id .API key. of the new key", key.secret)
    person.answer("The secret of the new key", key.key)
    person.read("Nothing was sent. Enter all of it again")
    asked = len(desk.simulator.requests(exchange="bybit"))
    wrong = key.secret[:-4] + "0000"
    person.answer("The id .API key. of the new key", key.key)
    person.answer("The secret of the new key", wrong)
    person.read("Bybit did not accept the key")
    assert len(desk.simulator.requests(exchange="bybit")) == asked + 1
    person.answer("Press Enter to ask again", "new")
    person.answer("The id .API key. of the new key", key.key)
    person.answer("The secret of the new key", key.secret)
    person.answer("Which second factor", "app")
    desk.end(person)
    assert "is in place on alpha" in person.output
    assert "When the host is lost" in person.output
    assert desk.files() == ["grid"]
    assert desk.holds("grid") == {"apiKey": key.key, "secret": key.secret}
    written = desk.written("grid")
    assert written["declared"]["two_factor"]["kind"] == "app"
    assert written["declared"]["two_factor"]["attested_by"] == "Ada"
    # Bybit shows the day on which a key was created, and all else that a person could vouch for.
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", written["declared"]["created_on"])
    assert "attested" not in written["declared"]
    assert written["declared"]["owner"] == "Ada"
    assert not set(written) & {"api_key", "secret", "passphrase"}


def test_the_second_run_changes_nothing(desk: Desk) -> None:
    before = desk.registry.read_text(encoding="utf-8")
    run = desk.run("grid", "bybit", key_pair="never", unattended=True)
    assert run.returncode == 0, run.output
    assert [result.task for result in run.results if result.status == "changed"] == []
    assert (desk.files(), desk.registry.read_text(encoding="utf-8")) == (["grid"], before)


def test_another_key_does_not_take_its_place(desk: Desk) -> None:
    key = desk.create("bybit", "grid")
    words = desk.vaulted(api_key=key.key, secret=key.secret)
    run = desk.run("grid", "bybit", *words, values="{{ given }}")
    assert run.returncode != 0
    assert "holds another key" in run.message(HOST)
    assert desk.holds("grid")["apiKey"] != key.key
    assert desk.files() == ["grid"]


def test_it_does_not_begin_beside_a_rotation_or_what_does_not_open(lab: Lab, desk: Desk) -> None:
    left = [
        {"name": "grid.previous", "format": "ccxt", "fields": {"api_key": "leftleftleft", "secret": "CANARYleftover"}}
    ]
    assert desk.controller.run(place(*left), hosts=HOST, become=True).returncode == 0
    run = desk.run("grid", "bybit", unattended=True)
    assert run.returncode != 0
    assert "a rotation of grid is under way; end that first" in run.message(HOST)
    store = lab.root(HOST) / STORE
    (store / "grid.previous").unlink()
    (store / "torn").write_bytes((store / "grid").read_bytes()[:40])
    run = desk.run("torn", "bybit", unattended=True)
    assert run.returncode != 0
    assert "torn is not enrolled, because what lies there does not open (" in run.message(HOST)
    (store / "torn").unlink()
    assert desk.files() == ["grid"]


def test_values_that_cannot_be_right_are_not_sent(desk: Desk) -> None:
    words = desk.vaulted(api_key="KEYKEYKEYKEYKEYKEY", secret="KEYKEYKEYKEYKEYKEY")
    run = desk.run("other", "bybit", *words, values="{{ given }}")
    assert run.returncode != 0
    assert "equals api_key" in run.message(HOST)
    assert "Nothing was sent" in run.message(HOST)
    assert desk.files() == ["grid"]


def test_a_key_from_a_lookup_waits_while_policy_refuses_it(desk: Desk) -> None:
    key = desk.create("bybit", "vaulted", permissions="withdraw")
    words = desk.vaulted(api_key=key.key, secret=key.secret)
    run = desk.run("vaulted", "bybit", *words, values="{{ given }}", two_factor="hardware")
    assert run.returncode != 0
    assert "withdrawal-forbidden" in run.message(HOST)
    assert desk.files() == ["grid", "vaulted.new"]
    # Mended there, it goes on without the values.
    desk.simulator.update_key(key, permissions="spot-trade")
    run = desk.run("vaulted", "bybit", unattended=True, two_factor="hardware")
    assert run.returncode == 0, run.output
    assert desk.files() == ["grid", "vaulted"]
    assert desk.holds("vaulted")["secret"] == key.secret
    assert desk.written("vaulted")["declared"]["two_factor"]["kind"] == "hardware"


def test_a_key_with_a_passphrase_and_an_address_that_was_forgotten(desk: Desk) -> None:
    key = desk.create("bitget", "copy", passphrase="Zq8Wn2Lk5Vt7Xc3Rb", allowlist=["91.198.115.77"])
    person = desk.person("copy", "bitget")
    person.answer("Type copy to begin", "copy")
    person.answer("if it is this host's own", "")
    person.read("There is no text to paste yet")
    person.read("Choose a passphrase")
    person.answer("Press Enter when the exchange shows the key", "")
    person.answer("The id .API key. of the new key", key.key)
    person.answer("The secret of the new key", key.secret)
    person.answer("The passphrase", key.passphrase or "")
    person.read("Bitget did not accept the key")
    # It is on the host by now. The person leaves, and comes back later.
    person.answer("Press Enter to ask again", "end")
    desk.end(person, status=2)
    assert desk.files() == ["copy.new", "grid", "vaulted"]
    person = desk.person("copy", "bitget")
    person.answer("Type copy to begin", "copy")
    person.answer("Press Enter to go on with it", "")
    person.read("Bitget did not accept the key")
    desk.simulator.update_key(key, allowlist=[desk.public])
    person.answer("Press Enter to ask again", "")
    person.answer("Which second factor", "hardware")
    person.read("Bitget does not show the label of a key either")
    person.answer("Type yes if it is so", "yes")
    desk.end(person)
    assert desk.holds("copy") == {"apiKey": key.key, "secret": key.secret, "password": key.passphrase}


def test_a_person_is_not_asked_for_ever(desk: Desk, lab: Lab) -> None:
    key = desk.create("bybit", "stuck", allowlist=["91.198.115.77"])
    person = desk.person("stuck", "bybit", key_pair="never")
    person.answer("Type stuck to begin", "stuck")
    person.answer("if it is this host's own", desk.public)
    person.answer("Press Enter when the exchange shows the key", "")
    person.answer("The id .API key. of the new key", key.key)
    person.answer("The secret of the new key", key.secret)
    asked = len(desk.simulator.requests(exchange="bybit"))
    # One turn was for the values.
    for _turn in range(8):
        person.answer("Press Enter to ask again", "")
    desk.end(person, status=2)
    assert len(desk.simulator.requests(exchange="bybit")) == asked + 9
    # The key waits, so that nobody has to enter it once more.
    assert "stuck.new" in desk.files()
    (lab.root(HOST) / STORE / "stuck.new").unlink()


def test_a_key_that_settles_is_asked_about_again(desk: Desk) -> None:
    key = desk.create("gate", "slow")
    desk.simulator.update_key(key, revoked=True)
    words = desk.vaulted(api_key=key.key, secret=key.secret)

    def later() -> None:
        def refused() -> bool:
            return any(request.code == "INVALID_KEY" for request in desk.simulator.requests(exchange="gate"))

        wait_for(refused, what="a refusal", timeout=120)
        desk.simulator.update_key(key, revoked=False)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        working = pool.submit(later)
        # Gate tells nothing of what a sub-account's key may do.
        run = desk.run("slow", "gate", *words, values="{{ given }}", vouched=["permissions", "label"])
        working.result()
    assert run.returncode == 0, run.output
    assert "Not accepted yet (invalid_key). At Gate a change of a key takes up to 5 minutes" in run.output
    assert "slow" in desk.files()
    assert set(desk.written("slow")["declared"]["attested"]) >= {"permissions", "label"}


def test_a_pair_is_made_on_the_host_first(desk: Desk) -> None:
    person = desk.person("pair", "binance")
    person.answer("Type pair to begin", "pair")
    person.answer("if it is this host's own", desk.public)
    person.read(r"\[trading.hosts.exchange_credentials : Have the key created\]")
    person.read("Paste this public key")
    person.read("-----END PUBLIC KEY-----")
    shown = person.output[: person.seen]
    public = shown[shown.rindex("-----BEGIN PUBLIC KEY-----") :].replace("\r\n", "\n") + "\n"
    key = desk.create("binance", "pair", secret=re.sub(r"(?m)^ +", "", public))
    person.answer("Press Enter when the exchange shows the key", "")
    person.answer("The id .API key. of the new key", key.key)
    person.answer("Which second factor", "the dog")
    person.answer("Binance does not show the addresses", desk.public)
    person.answer("Type yes if it is so", "yes")
    desk.end(person)
    assert "pair" in desk.files()
    assert not [name for name in desk.files() if name.startswith("pair.")]
    assert "BEGIN PRIVATE KEY" in desk.holds("pair")["secret"]
    desk.secrets.append(desk.holds("pair")["secret"].splitlines()[1])
    attested = desk.written("pair")["declared"]["attested"]
    assert attested["allowlist"]["by"] == "Ada"
    assert desk.written("pair")["declared"]["allowlist"] == [desk.public]
    assert "two_factor" not in desk.written("pair")["declared"]
    assert desk.written("copy")["declared"]["two_factor"]["kind"] == "hardware"


def test_a_sealed_key_comes_without_a_secret_on_the_controller(desk: Desk, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed.age"
    run = desk.run("sealed", "bybit", sealed=str(sealed))
    assert run.returncode != 0
    recipient = re.search(r"age1[0-9a-z]+", run.message(HOST))
    assert recipient is not None
    to = recipient[0]
    assert '{"api_key": "...", "secret": "..."}' in run.message(HOST)
    key, another = desk.create("bybit", "sealed"), desk.create("bybit", "sealed")

    def seal(given: SimulatedKey, recipient: str = to) -> None:
        subprocess.run(
            ["age", "--encrypt", "--armor", "--recipient", recipient, "--output", str(sealed), "-"],
            input=json.dumps({"api_key": given.key, "secret": given.secret}).encode(),
            check=True,
        )

    # What was sealed for somebody else does not open here.
    subprocess.run(["age-keygen", "--output", str(tmp_path / "other")], check=True, capture_output=True)
    told = subprocess.run(["age-keygen", "-y", str(tmp_path / "other")], check=True, capture_output=True, text=True)
    seal(key, told.stdout.strip())
    before = desk.files()
    run = desk.run("sealed", "bybit", sealed=str(sealed))
    assert run.returncode != 0
    assert "cannot be opened on this host (" in run.message(HOST)
    assert desk.files() == before
    seal(key)
    run = desk.run("sealed", "bybit", sealed=str(sealed))
    assert run.returncode == 0, run.output
    assert desk.holds("sealed") == {"apiKey": key.key, "secret": key.secret}
    # The same text once more is no news, and another key's does not pass for it.
    run = desk.run("sealed", "bybit", sealed=str(sealed), unattended=True)
    assert run.returncode == 0, run.output
    assert [result.task for result in run.results if result.status == "changed"] == []
    seal(another)
    run = desk.run("sealed", "bybit", sealed=str(sealed), unattended=True)
    assert run.returncode != 0
    assert "holds another key" in run.message(HOST)
    assert desk.holds("sealed") == {"apiKey": key.key, "secret": key.secret}


def test_a_pair_comes_without_a_person_and_a_sealed_copy_is_kept(desk: Desk, tmp_path: Path) -> None:
    recovery = tmp_path / "recovery"
    subprocess.run(["age-keygen", "--output", str(recovery)], check=True, capture_output=True)
    told = subprocess.run(["age-keygen", "-y", str(recovery)], check=True, capture_output=True, text=True)
    settings = {
        "exchange_credentials_escrow_to": str(tmp_path / "escrow"),
        "exchange_credentials_recipients": [told.stdout.strip()],
        "exchange_credentials_store": "age",
    }
    more = ("-e", json.dumps(settings))
    options: dict[str, Any] = {"key_pair": "always", "unattended": True, "recovery": "escrow", "two_factor": "app"}
    run = desk.run("alone", "bybit", *more, **options)
    assert run.returncode != 0
    assert "Register the public key that is shown above at Bybit" in run.message(HOST)
    assert "alone.pair.age" in desk.files()
    made = next(
        result.data for result in run.results if result.task.endswith("Make a pair, whose private half stays here")
    )
    key = desk.create("bybit", "alone", secret=made["key_pair"]["public_key"])
    # What is given of a key does not belong on a command line.
    run = desk.run("alone", "bybit", *more, values={"api_key": key.key}, **options)
    assert "stands on ansible's command line" in run.message(HOST)
    words = desk.vaulted(api_key=key.key)
    run = desk.run("alone", "bybit", *more, *words, values="{{ given }}", **options)
    assert run.returncode == 0, run.output
    assert [name for name in desk.files() if name.startswith("alone")] == ["alone.age"]
    copy = tmp_path / "escrow" / HOST / "alone.age"
    opened = subprocess.run(
        ["age", "--decrypt", "--identity", str(recovery), str(copy)], check=True, capture_output=True
    ).stdout
    assert json.loads(opened)["apiKey"] == key.key
    desk.secrets.append(json.loads(opened)["secret"].splitlines()[1])
    # The id of another key does not pass for it, and its own one is no news.
    for id_, status in ((desk.create("bybit", "alone").key, 2), (key.key, 0)):
        run = desk.run("alone", "bybit", *more, *desk.vaulted(api_key=id_), values="{{ given }}", **options)
        assert run.returncode == status, run.output
        assert ("holds another key" in run.output) == (status != 0)
    assert [name for name in desk.files() if name.startswith("alone")] == ["alone.age"]


def test_the_audit_knows_what_was_enrolled(desk: Desk, tmp_path: Path) -> None:
    report = tmp_path / "audit"
    run = desk.controller.playbook(
        "trading.hosts.audit", "--limit", HOST, "-e", f"audit_directory={report}", "-e", "audit_fail_on=never"
    )
    assert run.returncode == 0, run.output
    told = json.loads((report / "report.json").read_text(encoding="utf-8"))
    mine = {"grid", "vaulted", "copy", "slow", "pair", "sealed", "alone"}
    failed = [
        (finding["subject"]["key"], finding["rule"], finding["evidence"])
        for finding in told["findings"]
        if finding["status"] == "fail" and finding["severity"] in ("critical", "high")
    ]
    assert failed == []
    assert {line["key"] for line in told["lines"]} == mine


def test_the_role_goes_on_with_what_was_enrolled(desk: Desk) -> None:
    before = desk.files()
    role = {"name": "role", "ansible.builtin.include_role": {"name": "trading.hosts.exchange_credentials"}}
    run = desk.controller.run({**role, "vars": SETTINGS}, hosts=HOST, become=True)
    assert run.returncode == 0, run.output
    assert [result.task for result in run.results if result.status == "changed"] == []
    assert desk.files() == before


def test_no_secret_is_anywhere_but_where_it_belongs(lab: Lab, desk: Desk) -> None:
    disk = [lab.root(HOST) / top for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")]
    assert sweep(Needles.of(desk.secrets), desk.controller.directory, *disk, newer_than=desk.began) == []
    assert len(desk.secrets) > 5
    assert not [secret for secret in desk.secrets for output in desk.output if secret in output]
