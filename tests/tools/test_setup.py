"""The set-up against a small project of its own: made once, kept, repaired, never half done."""

import base64
import hashlib
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.setup import APART, DEV, RUN, SetupError, is_usable, prepare, read_stamp


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is set up, once for all tests that leave it usable."""
    root = make_project(tmp_path_factory.mktemp("prepared"))
    assert prepare(root, dev=False) == [RUN]
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def make_project(directory: Path) -> Path:
    """A project without requirements, at a path that scripts often break on."""
    root = directory / "a place with spaces"
    root.mkdir()
    (root / RUN).write_text("# nothing\n", "utf-8")
    return root


def test_a_second_start_installs_nothing(prepared: Path) -> None:
    assert prepare(prepared, dev=False) == []


def test_changed_requirements_are_installed_again(prepared: Path) -> None:
    (prepared / RUN).write_text("# nothing, but differently\n", "utf-8")

    assert prepare(prepared, dev=False) == [RUN]


def test_a_requirement_without_its_hash_is_refused_and_leaves_no_stamp(prepared: Path) -> None:
    """In an environment whose requirements are not known to be installed; it is kept for later."""
    kept = (prepared / RUN).read_text("utf-8")
    (prepared / ".venv" / ".stamp").unlink()
    (prepared / RUN).write_text("flask==3.1.3\n", "utf-8")

    with pytest.raises(SetupError, match=r"requirements\.txt could not be installed"):
        prepare(prepared, dev=False)

    assert read_stamp(prepared / ".venv") == {}
    (prepared / RUN).write_text(kept, "utf-8")
    assert prepare(prepared, dev=False) == [RUN]


def test_another_version_of_a_program_lies_apart(prepared: Path) -> None:
    [(older, folder)] = APART.items()
    newer, venv = prepared / DEV, prepared / ".venv"
    newer.write_text(require(make_wheel(prepared, "2.0")), "utf-8")
    (prepared / older).write_text(require(make_wheel(prepared, "1.0")), "utf-8")

    assert prepare(prepared, dev=True) == [DEV, older]
    assert says(venv / "bin" / "tool") == "2.0"
    assert says(venv / folder / "bin" / "tool") == "1.0"

    (prepared / older).write_text(require(make_wheel(prepared, "1.1")), "utf-8")
    assert prepare(prepared, dev=True) == [older]
    assert says(venv / "bin" / "tool") == "2.0"
    assert says(venv / folder / "bin" / "tool") == "1.1"
    assert prepare(prepared, dev=True) == []


def make_wheel(directory: Path, version: str) -> Path:
    """A package with nothing in it but the program `tool`, which prints its version."""
    path = directory / f"tool-{version}-py3-none-any.whl"
    about = f"tool-{version}.dist-info"
    files = {
        f"tool-{version}.data/scripts/tool": f"#!/bin/sh\necho {version}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: tool\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},{sum_of(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in (files | {f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            wheel.writestr(entry, text)
    return path


def sum_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def require(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"tool @ {wheel.as_uri()} --hash=sha256:{digest}\n"


def says(program: Path) -> str:
    done = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_moved_environment_is_made_anew(prepared: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(prepared, moved, symlinks=True)
    assert not is_usable(moved / ".venv")

    assert prepare(moved, dev=False) == [RUN]

    assert is_usable(moved / ".venv")


def test_an_environment_whose_making_was_interrupted_is_made_anew(project: Path) -> None:
    broken = project / ".venv" / "bin"
    broken.mkdir(parents=True)
    (broken / "python").symlink_to(sys.executable)

    assert prepare(project, dev=False) == [RUN]


def test_git_is_named_when_it_is_missing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))

    with pytest.raises(SetupError, match="git is missing"):
        prepare(project, dev=False)


def test_the_makefile_names_a_missing_python_in_one_line() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["make", "-s", "PYTHON=python-that-is-not-there", "ready"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert done.stderr.startswith("python-that-is-not-there is missing: install Python 3.11")
