# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` runs."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tests import debian
from tests.browser.chromium import find as find_browser
from tests.leak_rules import programs as leak_programs

from .engine import CannotRun, Done, Stage, StageFailed, Workplace

RUN = Path(__file__).parent
BIN = Path(sys.executable).parent
# Two labs at once would want more memory and processor than a small machine has.
_lab_in_use = threading.Lock()
#: The simulator's tests, those of this program, and those of the shared packages, which run on hosts without Ansible
#: too (and here on three Pythons): they have nothing to do with the ansible-core in use.
_SHARED = ("agent", "allowlist", "credential", "egress", "exchanges", "exposed", "firewall", "policy")
_MEET_NO_ANSIBLE = ("run", "simulator", *(f"module_utils/_{name}" for name in _SHARED))
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# Pythons of supported hosts, on which no supported ansible-core runs.
HOST_ONLY_PYTHONS = ("3.9", "3.10")
SANITY_PYTHONS = (*HOST_ONLY_PYTHONS, "3.11", "3.12", "3.13", "3.14")
# The oldest Python that mypy still judges by. The compile stage and the tests on 3.9 cover what it cannot.
OLDEST_PYTHON_OF_MYPY = "3.10"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Core:
    """A release of ansible-core and the Pythons of a controller that may run it, oldest first."""

    version: str
    pythons: tuple[str, ...]

    @property
    def series(self) -> str:
        """Its major and minor version, such as 2.21."""
        return ".".join(self.version.split(".")[:2])


def supported_cores() -> tuple[Core, ...]:
    """What `cores.txt` lists, newest first."""
    lines = (line.split() for line in (RUN / "cores.txt").read_text().splitlines() if line[:1].isdigit())
    return tuple(Core(version=version, pythons=tuple(pythons)) for version, *pythons in lines)


def core_in_use() -> Core:
    """The newest release that the Python of this run allows, which is what `make` installed."""
    return next(core for core in supported_cores() if THIS_PYTHON in core.pythons)


@functools.cache
def find_python(*versions: str) -> str | None:
    """The path of the first of these Pythons that works here."""
    found = subprocess.run(["sh", RUN / "find-python.sh", *versions], capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def as_administrator() -> list[str]:
    """What to put before a command that changes the system. Raises `CannotRun` without the right to."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
        return ["sudo", "-n"]
    raise CannotRun("this needs root, or sudo without a password")


def all_stages() -> tuple[Stage, ...]:
    """Every stage, in the order in which they start: the lab takes longest, and the other cores need it after."""
    cores = [core for core in supported_cores() if core != core_in_use()]
    return (
        _stage("lab", lab, "test"),
        _stage("units", units, "test"),
        _stage("sanity", sanity, "test"),
        _stage("integration", integration, "test"),
        _stage("programs", programs, "test"),
        _stage("leak-rules", leak_rules, "test"),
        _stage("ansible-lint", ansible_lint, "test", "lint"),
        _stage("importer", importer, "test"),
        *(
            _stage(f"host-python-{python}", functools.partial(host_python, python=python), "test", "hosts")
            for python in HOST_ONLY_PYTHONS
        ),
        _stage("mypy", mypy, "test", "lint"),
        _stage("format", ruff_format, "test", "lint"),
        _stage("ruff", ruff, "test", "lint"),
        _stage("yamllint", yamllint, "test", "lint"),
        _stage("reuse", reuse, "test", "lint"),
        _stage("changelog", changelog, "test", "lint"),
        *(_stage(f"core-{core.series}", functools.partial(other_core, core=core), "test", "cores") for core in cores),
        _stage("browser", browser, "soak"),
        *(
            _stage(f"soak-{file.stem.removeprefix('test_')}", functools.partial(soak, file=file.as_posix()), "soak")
            for file in soak_files()
        ),
        _stage("molecule", molecule, "soak"),
    )


def _stage(name: str, work: Callable[[Workplace], Done], *groups: str) -> Stage:
    return Stage(name=name, work=work, groups=groups)


def ruff_format(place: Workplace) -> Done:
    """The Python files are in the project's format."""
    place.call(BIN / "ruff", "format", "--no-cache", "--check", ".")
    return Done()


def ruff(place: Workplace) -> Done:
    """No finding of ruff, with its settings in pyproject.toml."""
    place.call(BIN / "ruff", "check", "--no-cache", "--output-format=concise", ".")
    return Done()


def mypy(place: Workplace) -> Done:
    """Types hold everywhere, and on hosts' Pythons for what runs on hosts."""
    environment = {
        "MYPYPATH": f"{place.collection.parents[2]}:{place.collection}",
        "MYPY_CACHE_DIR": str(place.cache / "mypy"),
    }
    plugins = "ansible_collections.trading.hosts.plugins"
    shared = [f"{plugins}.{kind}" for kind in ("module_utils", "modules") if _holds_python(place, f"plugins/{kind}")]
    command = (BIN / "mypy", "--config-file", place.collection / "pyproject.toml")
    place.call(
        *command,
        "--python-version",
        OLDEST_PYTHON_OF_MYPY,
        *(word for name in shared for word in ("-p", name)),
        environment=environment,
    )
    place.call(*command, "-p", plugins, "-p", "tests", environment=environment)
    return Done()


def _holds_python(place: Workplace, directory: str) -> bool:
    return any((place.collection / directory).rglob("*.py"))


def yamllint(place: Workplace) -> Done:
    """YAML files are well formed and alike."""
    place.call(BIN / "yamllint", "--strict", ".")
    return Done()


def reuse(place: Workplace) -> Done:
    """Every file names its licence and holder."""
    place.call(BIN / "reuse", "lint", "--lines")
    return Done()


def changelog(place: Workplace) -> Done:
    """The changelog's fragments are well formed."""
    place.call(BIN / "antsibull-changelog", "lint")
    return Done()


def ansible_lint(place: Workplace) -> Done:
    """The production profile of ansible-lint, with nothing skipped."""
    _release(place)
    output = place.call(
        BIN / "ansible-lint",
        "--offline",
        "--nocolor",
        "--profile",
        "production",
        environment={"ANSIBLE_COLLECTIONS_PATH": str(place.collection.parents[2])},
    )
    if "Passed: 0 failure(s), 0 warning(s)" not in output:
        raise StageFailed("ansible-lint did not say that all passed")
    return Done()


def units(place: Workplace) -> Done:
    """The unit tests, on the Python and ansible-core of this run."""
    done = place.pytest(sys.executable, "tests/unit", "-n", "2")
    return dataclasses.replace(
        done, detail=f"ansible-core {core_in_use().version}, Python {THIS_PYTHON}: {done.detail}"
    )


def other_core(place: Workplace, *, core: Core) -> Done:
    """The unit tests and one pass of the lab on another supported ansible-core, where a Python for it is found."""
    python = find_python(*core.pythons)
    if python is None:
        raise CannotRun(f"ansible-core {core.series} needs Python {' or '.join(core.pythons)}; none was found here")
    environment = _environment(
        place,
        name=f"core-{core.series}",
        python=python,
        requirements=(f"ansible-core=={core.version}", "tests/requirements.txt"),
    )
    # Two of these stages run side by side, and only one lab can be up: whoever gets it goes there first.
    lab_pass = _core_pass(place, environment) if _lab_in_use.acquire(blocking=False) else None
    without = [f"--ignore=tests/unit/{name}" for name in _MEET_NO_ANSIBLE]
    done = place.pytest(environment, "tests/unit", "-n", "2", "--hypothesis-profile=another-core", *without)
    if lab_pass is None:
        _lab_in_use.acquire()
        lab_pass = _core_pass(place, environment)
    return Done(
        passed=done.passed + lab_pass.passed,
        failed=done.failed + lab_pass.failed,
        detail=f"ansible-core {core.version}, {python}: {done.detail}; lab: {lab_pass.detail}",
    )


def _core_pass(place: Workplace, environment: Path) -> Done:
    """One pass of the lab, which the caller has got hold of."""
    try:
        if os.geteuid() != 0:
            return Done(passed=0, detail="needs root")
        return place.pytest(environment, "tests/lab/e2e", "-m", "core_pass")
    except CannotRun as error:
        return Done(passed=0, detail=str(error))
    finally:
        _lab_in_use.release()


def programs(place: Workplace) -> Done:
    """The trading programs' own loaders read what is placed for them."""
    python = _environment(
        place,
        name="programs",
        python=str(Path(sys.executable).resolve()),
        requirements=("tests/requirements-programs.txt",),
    )
    return place.pytest(python, "tests/programs")


def leak_rules(place: Workplace) -> Done:
    """gitleaks and trufflehog themselves find with our rules what they should."""
    if not shutil.which("apt-get"):
        raise CannotRun("gitleaks and trufflehog come from Debian, by apt-get, which is missing here")
    _install(place, "mmdebstrap", proof="mmdebstrap")
    _install(place, "debian-archive-keyring", proof=debian.KEYRING)
    status, output = place.attempt(sys.executable, "-m", "tests.leak_rules")
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
    if status == leak_programs.CANNOT_FETCH:
        raise CannotRun(f"gitleaks and trufflehog could not be fetched: {last}")
    if status:
        raise StageFailed(f"fetching gitleaks and trufflehog ended with status {status}: {last}")
    done = place.pytest(sys.executable, "tests/leak_rules")
    return dataclasses.replace(done, detail=f"{last}: {done.detail}")


def host_python(place: Workplace, *, python: str) -> Done:
    """What runs on hosts, on a Python that only hosts have. It works without Ansible."""
    path = find_python(python)
    if path is None:
        raise CannotRun(f"Python {python} was not found here")
    environment = _environment(place, name=f"host-{python}", python=path, requirements=("tests/requirements-host.txt",))
    place.call(environment, "-m", "compileall", "-q", "-f", "plugins/modules", "plugins/module_utils")
    return place.pytest(environment, "tests/unit/module_utils", "-n", "2")


def _environment(place: Workplace, *, name: str, python: str, requirements: tuple[str, ...]) -> Path:
    """Make a virtual environment in the cache and return its interpreter."""
    directory = place.cache / "venvs" / name
    place.call("sh", RUN / "make-venv.sh", directory, python, *requirements)
    return directory / "bin" / "python"


def sanity(place: Workplace) -> Done:
    """`ansible-test sanity`, all of it, for every Python found here that a host may have."""
    _install(place, "shellcheck", proof="shellcheck")
    _place_pip_bootstrap()
    # ansible-test takes an interpreter from PATH by its name, and pyenv's shims have such names too.
    pythons = place.cache / "pythons"
    shutil.rmtree(pythons, ignore_errors=True)
    pythons.mkdir()
    versions = []
    for version in SANITY_PYTHONS:
        if path := find_python(version):
            (pythons / f"python{version}").symlink_to(path)
            versions.append(version)
    status, output = place.attempt(
        BIN / "ansible-test",
        "sanity",
        "--color=no",
        "--controller",
        f"origin:python=venv/{THIS_PYTHON}",
        *(word for version in versions for word in ("--target-python", version)),
        environment={"PATH": f"{BIN}:{pythons}:{os.environ['PATH']}"},
    )
    # ansible-test only warns when a tool is missing, and passes.
    warnings = re.findall(
        r"^WARNING: (.*(?:not found|could not be found|missing|[Ss]kipping).*)$", output, re.MULTILINE
    )
    if warnings:
        raise StageFailed(warnings[0])
    ran = len(set(re.findall(r'^Running sanity test "([^"]+)"', output, re.MULTILINE)))
    if status:
        raise StageFailed(f"{len(re.findall('^ERROR: [^ ]+:[0-9]', output, re.MULTILINE))} findings")
    return Done(passed=ran, detail=f"{ran} tests, Python {', '.join(versions)}")


def _install(place: Workplace, package: str, *, proof: str) -> None:
    """Install a package of Debian and Ubuntu, unless its proof, a command or a file, is there."""
    if Path(proof).exists() if proof.startswith("/") else shutil.which(proof):
        return
    if not shutil.which("apt-get"):
        raise StageFailed(f"{package} is missing: install it")
    place.call(*as_administrator(), "apt-get", "update")
    # Another stage may be installing something.
    patient = ("-o", "DPkg::Lock::Timeout=300")
    place.call(*as_administrator(), "apt-get", *patient, "install", "-y", "--no-install-recommends", package)


def _place_pip_bootstrap() -> None:
    """Spare ansible-test the download of a script that installs pip: Python brings pip along."""
    found = importlib.util.find_spec("ansible_test")
    if found is None or not found.submodule_search_locations:
        raise StageFailed("ansible-test is not installed beside ansible-core")
    source = Path(found.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    version = re.search(r"pip='([\d.]+)'", source.read_text())
    if version is None:
        raise StageFailed("this ansible-test no longer says which pip it wants; see _place_pip_bootstrap")
    script = Path.home() / ".ansible" / "test" / "cache" / f"get_pip_{version[1].replace('.', '_')}.py"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text("import ensurepip\n\nensurepip.bootstrap(upgrade=True, default_pip=True)\n")


def integration(place: Workplace) -> Done:
    """The integration targets, as ansible-test runs them, with this run's Python."""
    targets = sorted(path.name for path in (place.collection / "tests/integration/targets").glob("*/") if path.is_dir())
    if not targets:
        raise CannotRun("there is no such test yet")
    place.call(
        BIN / "ansible-test",
        "integration",
        "--color=no",
        "--local",
        f"--python={THIS_PYTHON}",
    )
    return Done(passed=len(targets), detail=f"{len(targets)} targets: {', '.join(targets)}")


def _release(place: Workplace) -> None:
    """Write the changelog into the copy, as the next release will, unless it is there already."""
    if any((place.collection / "changelogs" / "fragments").glob("*.yml")):
        place.call(BIN / "antsibull-changelog", "release")


def importer(place: Workplace) -> Done:
    """Build the artifact as a release would, and import it as Galaxy and Automation Hub do, without a warning."""
    python = _environment(
        place,
        name="importer",
        python=str(Path(sys.executable).resolve()),
        requirements=(f"ansible-core=={core_in_use().version}", "tests/requirements-importer.txt"),
    )
    _release(place)
    output_path = place.collection.parents[2]
    place.call(BIN / "ansible-galaxy", "collection", "build", "--output-path", output_path)
    (artifact,) = output_path.glob("*.tar.gz")
    settings = output_path / "importer.cfg"
    settings.write_text("[galaxy-importer]\nCHECK_REQUIRED_TAGS = True\nREQUIRE_V1_OR_GREATER = True\n")
    output = place.call(
        python,
        "-m",
        "galaxy_importer.main",
        artifact,
        cwd=output_path,
        environment={"GALAXY_IMPORTER_CONFIG": str(settings), "PATH": f"{python.parent}:{os.environ['PATH']}"},
    )
    bad = re.findall(r"^(?:WARNING|ERROR): .*$", output, re.MULTILINE)
    if bad:
        raise StageFailed(f"{len(bad)} warnings, such as: {bad[0]}")
    return Done(detail=f"no warning; the artifact has {artifact.stat().st_size // 1000} kB")


def lab(place: Workplace) -> Done:
    """End to end: real hosts, booted for this, over SSH."""
    if os.geteuid() != 0:
        raise CannotRun("booting hosts needs root; run it as: sudo make test")
    with _lab_in_use:
        end_to_end = place.pytest(sys.executable, "tests/lab/e2e")
    # A process of its own: it boots other labs, and only one can be up.
    own = place.pytest(sys.executable, "tests/lab/test_lab_end.py")
    return Done(
        passed=end_to_end.passed + own.passed,
        failed=end_to_end.failed + own.failed,
        detail=f"end to end: {end_to_end.detail}; the lab's end: {own.detail}",
    )


def soak_files() -> list[Path]:
    """The tests that take too long for every run, as paths in the checkout."""
    lab = Path("tests/lab")
    return [
        *(lab / "soak" / path.name for path in sorted((RUN.parent / "lab/soak").glob("test_*.py"))),
        lab / "test_lab.py",
    ]


def soak(place: Workplace, *, file: str) -> Done:
    """One file of what takes too long for every run, with a lab of its own: the next one finds no host of it."""
    if os.geteuid() != 0:
        raise CannotRun("booting hosts needs root; run it as: sudo make soak")
    with _lab_in_use:
        return place.pytest(sys.executable, file)


def molecule(place: Workplace) -> Done:
    """Molecule builds each scenario on the lab's hosts, once more without a change, and verifies it."""
    if os.geteuid() != 0:
        raise CannotRun("booting hosts needs root; run it as: sudo make soak")
    python = _environment(
        place,
        name="molecule",
        python=str(Path(sys.executable).resolve()),
        requirements=(
            f"ansible-core=={core_in_use().version}",
            "tests/requirements.txt",
            "tests/requirements-molecule.txt",
        ),
    )
    extensions = place.collection / "extensions"
    names = sorted(path.parent.name for path in extensions.glob("molecule/*/molecule.yml"))
    environment = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(place.collection.parents[2]),
    }
    with _lab_in_use:
        for name in names:
            place.call(
                python.parent / "molecule", "test", "--scenario-name", name, cwd=extensions, environment=environment
            )
    return Done(passed=len(names), detail=f"{len(names)} scenarios: {', '.join(names)}")


def browser(place: Workplace) -> Done:
    """The page of a report in Chromium."""
    if find_browser() is None:
        _install(place, "chromium", proof="chromium")
    return place.pytest(sys.executable, "tests/browser")
