"""Writes loose git objects without starting a process: a commit in a test costs microseconds."""

import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class LooseStore:
    """The `objects` folder of a repository, for writing."""

    def __init__(self, objects: Path) -> None:
        self._objects = objects
        self._written: set[str] = set()

    def write(self, kind: str, content: bytes) -> str:
        """Store an object once and return its sha."""
        data = f"{kind} {len(content)}\0".encode() + content
        sha = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        if sha not in self._written:
            path = self._objects / sha[:2] / sha[2:]
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                # A reader must never see half an object, so it gets its name when it is whole.
                partial = path.with_name(f"tmp_obj_{sha[2:]}")
                partial.write_bytes(zlib.compress(data, 1))
                partial.replace(path)
            self._written.add(sha)
        return sha


def build_tree(store: LooseStore, files: Mapping[str, tuple[str, str]]) -> str:
    """Write the tree objects for path -> (mode, sha of the file) and return the root's sha."""
    root: dict[str, Any] = {}
    for path, entry in files.items():
        *folders, name = path.split("/")
        folder = root
        for step in folders:
            folder = folder.setdefault(step, {})
        folder[name] = entry
    return _write_tree(store, root)


def _write_tree(store: LooseStore, folder: dict[str, Any]) -> str:
    rows = []
    for name, entry in folder.items():
        raw = name.encode(errors="surrogateescape")
        if isinstance(entry, dict):
            # Git sorts folders as if their names ended in a slash.
            rows.append((raw + b"/", b"40000 " + raw, _write_tree(store, entry)))
        else:
            rows.append((raw, entry[0].encode() + b" " + raw, entry[1]))
    content = b"".join(head + b"\0" + bytes.fromhex(sha) for _, head, sha in sorted(rows))
    return store.write("tree", content)
