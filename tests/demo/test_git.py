"""The bare repository: what it writes by hand is what git reads."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.github.git import BareRepository, GitError, is_ref_name
from demo.github.objects import parse_commit


@pytest.fixture
def git(tmp_path: Path) -> BareRepository:
    return BareRepository.init(tmp_path / "web.git")


def test_commits_are_sound(git: BareRepository) -> None:
    first = git.commit({"a/b/c.txt": "1", "a.txt": "2", "a-b": "3", "ä": b"\xff"}, message="One\n")
    second = git.commit({"a/b/c.txt": None, "a/d": "4"}, parents=[first], message="Two\n")
    git.update_ref("refs/heads/main", second)
    git.tag("v1", second, "First", date=datetime(2024, 5, 1, tzinfo=UTC))

    git.run("fsck", "--strict", "--no-dangling")

    names = git.run("-c", "core.quotePath=off", "ls-tree", "-r", "--name-only", second)
    assert names.decode().split() == ["a-b", "a.txt", "a/d", "ä"]
    assert git.rev_list(["main"]) == [second, first]
    assert git.rev_list(["main"], [first]) == [second]
    assert git.rev_list([]) == []


def test_refs(git: BareRepository) -> None:
    first = git.commit(message="One\n")
    tag = git.tag("v1", first, "First")
    git.update_refs({"refs/heads/main": first, "refs/tags/light": first})

    assert [(ref.name, ref.sha == ref.commit) for ref in git.refs()] == [
        ("refs/heads/main", True),
        ("refs/tags/light", True),
        ("refs/tags/v1", False),
    ]
    assert git.refs("refs/tags/v1")[0].commit == first
    assert git.resolve(["refs/tags/v1", "v1^{commit}", "none", "a\nb", "HEAD"]) == [
        tag,
        first,
        None,
        None,
        first,
    ]
    git.update_ref("refs/heads/main", None)
    assert git.resolve(["HEAD"]) == [None]


def test_a_ref_cannot_be_folder_and_file(git: BareRepository) -> None:
    first = git.commit(message="One\n")
    git.update_ref("refs/heads/feature", first)

    with pytest.raises(GitError):
        git.update_ref("refs/heads/feature/x", first)
    git.update_ref("refs/heads/feature", None)
    git.update_ref("refs/heads/feature/x", first)
    git.update_ref("refs/heads/feature/x", None)
    git.update_ref("refs/heads/feature", first)

    assert [ref.name for ref in git.refs()] == ["refs/heads/feature"]


def test_packed_refs_are_seen(git: BareRepository) -> None:
    first = git.commit(message="One\n")
    second = git.commit(parents=[first], message="Two\n")
    git.update_ref("refs/heads/main", first)
    assert git.resolve(["main"]) == [first]
    git.run("pack-refs", "--all")
    git.run("repack", "-adq")

    git.update_ref("refs/heads/main", second)

    assert git.resolve(["main", "main~1"]) == [second, first]


def test_borrowing_from_a_clone_with_a_work_tree(git: BareRepository, tmp_path: Path) -> None:
    first = git.commit({"a": "a"}, message="One\n")
    git.update_ref("refs/heads/main", first)
    subprocess.run(["git", "clone", "-q", git.path, tmp_path / "clone"], check=True)
    other = BareRepository.init(tmp_path / "other.git")
    assert other.resolve([first]) == [None]

    other.alternate(tmp_path / "clone")

    assert other.resolve([first]) == [first]
    assert other.refs() == []
    other.close()
    assert other.resolve([first]) == [first]


def test_settings_of_the_user_do_not_count(
    git: BareRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[broken\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")

    assert BareRepository(git.path).rev_list([git.commit(message="One\n")])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Ana <ana@acme.example> 1700000000 +0200", ("Ana", "ana@acme.example", 1700000000)),
        (b" <> 1700000000 +0000", ("", "", 1700000000)),
        (b"Ana <a <b>> 5 +0000", ("Ana", "a <b>", 5)),
        (b"Ana <a> 99999999999999999999 +0000", ("Ana", "a", 0)),
        (b"Ana <a> 5 +9999", ("Ana", "a", 0)),
        (b"Ana", ("", "", 0)),
        (b"", ("", "", 0)),
    ],
)
def test_odd_author_lines(line: bytes, expected: tuple[str, str, int]) -> None:
    author = parse_commit("0" * 40, b"tree x\nauthor " + line + b"\n\nm").author

    assert (author.name, author.email, int(author.at.timestamp())) == expected


@pytest.mark.parametrize(
    ("encoding", "raw", "message"),
    [
        ("ISO-8859-1", b"Gr\xf6\xdfe", "Größe"),
        ("windows-1251", b"\xcf\xf0", "Пр"),
        ("no-such-thing", "ä".encode(), "ä"),
        ("utf-8", b"\xff", "\ufffd"),
    ],
)
def test_declared_encodings(encoding: str, raw: bytes, message: str) -> None:
    content = b"tree x\nencoding " + encoding.encode() + b"\n\n" + raw + b"\n"

    assert parse_commit("0" * 40, content).message == message


@pytest.mark.parametrize("name", ["main", "feature/x", "v1.0+build", "releases/1.x", "ü"])
def test_names(name: str) -> None:
    assert is_ref_name(name)


@pytest.mark.parametrize("name", ["", "HEAD~2", "main^", "a..b", "a b", "@{u}", ":/x", "-x", "a:b"])
def test_no_names(name: str) -> None:
    assert not is_ref_name(name)
