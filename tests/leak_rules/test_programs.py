# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""gitleaks and trufflehog themselves take the leak rules, find with them what they should, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exposed._forms import FORMS
from tests.collection import CHECKOUT
from tests.generated import leak_rules
from tests.leak_rules import programs, samples

RULES = {rule.id for rule in leak_rules.rules()}


class Sample(NamedTuple):
    """A text, the rule that must find a secret in it, and that secret."""

    file: str
    text: str
    rule: str
    secret: str


def _samples() -> Iterator[Sample]:
    for exchange in FORMS:
        secret, texts = samples.with_name(exchange)
        for what, text in texts.items():
            yield Sample(f"{exchange}-{what}", text, f"{exchange}-api-secret", secret)
        if f"{exchange}-api-key-pair" in RULES:
            secret, text = samples.without_name(exchange)
            yield Sample(f"{exchange}-pair", text, f"{exchange}-api-key-pair", secret)
    yield Sample("wallet", samples.WALLETS_TEXT, "hyperliquid-api-secret", samples.WALLET)


LOUD = {sample.file: sample for sample in _samples()}
QUIET = {name.replace(" ", "-"): text for name, text in {**samples.QUIET, **samples.FILTERED}.items()}
FILTERED = {name.replace(" ", "-") for name in samples.FILTERED}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with every sample in a file of its own."""
    directory = tmp_path_factory.mktemp("texts")
    for name, text in ({file: sample.text for file, sample in LOUD.items()} | QUIET).items():
        (directory / name).write_text(text, encoding="utf-8")
    return directory


def _older_trufflehog() -> bool:
    numbers = re.match(r"\d+\.\d+\.\d+", programs.version("trufflehog"))
    assert numbers is not None
    return tuple(map(int, numbers[0].split("."))) < leak_rules.TRUFFLEHOG_NEEDS


@pytest.fixture(scope="session")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file for trufflehog; for an older one, what the README's command makes of it."""
    if not _older_trufflehog():
        return leak_rules.TRUFFLEHOG
    readme = (leak_rules.DIRECTORY / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^sed .*$", readme, re.MULTILINE)
    directory = tmp_path_factory.mktemp("older")
    shutil.copy(leak_rules.TRUFFLEHOG, directory)
    subprocess.run(["sh", "-c", command], cwd=directory, check=True)
    return directory / str(command).rpartition(" > ")[2]


@pytest.fixture(scope="session")
def by_gitleaks(place: Path) -> programs.Scan:
    return programs.gitleaks(rules=leak_rules.GITLEAKS, place=place)


@pytest.fixture(scope="session")
def by_trufflehog(place: Path, detectors: Path) -> programs.Scan:
    return programs.trufflehog(rules=detectors, place=place)


def test_gitleaks_takes_the_file_without_a_word(by_gitleaks: programs.Scan) -> None:
    assert by_gitleaks.complaints == ()
    # Its own rules are still there.
    assert "generic-api-key" in {finding.rule for finding in by_gitleaks.findings}


def test_trufflehog_takes_the_file_without_a_word(by_trufflehog: programs.Scan, place: Path) -> None:
    assert by_trufflehog.complaints == ()
    if _older_trufflehog():
        refused = programs.trufflehog(rules=leak_rules.TRUFFLEHOG, place=place)
        assert len(refused.complaints) == 1
        assert re.search(r"unknown field .*(description|entropy|exclude_words)", refused.complaints[0])


@pytest.mark.parametrize("file", LOUD)
def test_gitleaks_finds_it(by_gitleaks: programs.Scan, file: str) -> None:
    sample = LOUD[file]
    assert programs.Finding(rule=sample.rule, file=file, secret=sample.secret) in by_gitleaks.findings
    assert _others(by_gitleaks, sample) == set()


@pytest.mark.parametrize("file", LOUD)
def test_trufflehog_finds_it(by_trufflehog: programs.Scan, file: str) -> None:
    sample = LOUD[file]
    # An older trufflehog tells the text around the secret with it.
    found = {
        finding.rule for finding in by_trufflehog.findings if finding.file == file and sample.secret in finding.secret
    }
    # A newer one tells a secret once, by whichever of the exchange's two rules comes first.
    assert sample.rule in found if _older_trufflehog() else found
    assert _others(by_trufflehog, sample) == set()


def _others(scan: programs.Scan, sample: Sample) -> set[str]:
    """Return those of our rules that took the secret for another exchange's."""
    exchange = sample.rule.partition("-api-")[0]
    return {rule for rule in scan.rules(sample.file) & RULES if not rule.startswith(f"{exchange}-api-")}


@pytest.mark.parametrize("file", QUIET)
def test_gitleaks_leaves_it_alone(by_gitleaks: programs.Scan, file: str) -> None:
    assert by_gitleaks.rules(file) & RULES == set()


@pytest.mark.parametrize("file", QUIET)
def test_trufflehog_leaves_it_alone(by_trufflehog: programs.Scan, file: str) -> None:
    # What an older trufflehog lacks, says the README.
    loud = _older_trufflehog() and file in FILTERED
    assert bool(by_trufflehog.rules(file)) is loud


def test_gitleaks_own_rules_do_not_heed_our_words(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(f"curl -u bot:secret-{samples.WALLET[2:20]} https://broker.test/orders\n")
    assert "curl-auth-user" in programs.gitleaks(rules=leak_rules.GITLEAKS, place=tmp_path).rules("run.sh")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what this project's users get. (Its tests hold the examples of exchanges' own pages.)"""
    directory = tmp_path_factory.mktemp("project")
    for part in ("docs", "leak-rules", "playbooks", "plugins", "roles"):
        shutil.copytree(CHECKOUT / part, directory / part, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def test_this_project_is_quiet_to_gitleaks(project: Path) -> None:
    assert programs.gitleaks(rules=leak_rules.GITLEAKS, place=project).findings == ()


def test_this_project_is_quiet_to_trufflehog(project: Path, detectors: Path) -> None:
    assert programs.trufflehog(rules=detectors, place=project).findings == ()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a git checkout whose second commit removed the secret that its first one brought."""
    directory = tmp_path_factory.mktemp("checkout")
    settings = directory / "group_vars.yml"
    sample = LOUD["okx-yaml"]

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=test", "-c", "user.email=test@example.test", *words],
            cwd=directory,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
            check=True,
            capture_output=True,
        )

    git("init", "--quiet")
    for text in (sample.text, "okx: !vault\n"):
        settings.write_text(text, encoding="utf-8")
        git("add", settings.name)
        git("commit", "--quiet", "--message=change")
    return directory


def test_gitleaks_finds_it_in_the_history(checkout: Path) -> None:
    assert programs.gitleaks(rules=leak_rules.GITLEAKS, place=checkout).findings == ()
    sample = LOUD["okx-yaml"]
    scan = programs.gitleaks(rules=leak_rules.GITLEAKS, place=checkout, what="git")
    assert scan.complaints == ()
    assert programs.Finding(rule=sample.rule, file="group_vars.yml", secret=sample.secret) in scan.findings


def test_trufflehog_finds_it_in_the_history(checkout: Path, detectors: Path) -> None:
    assert programs.trufflehog(rules=detectors, place=checkout / "group_vars.yml").findings == ()
    scan = programs.trufflehog(rules=detectors, place=checkout, what="git")
    assert scan.complaints == ()
    assert LOUD["okx-yaml"].rule in scan.rules("group_vars.yml")
