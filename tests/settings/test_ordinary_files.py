"""What stands in place of a file: nothing waits for it, nothing fills the memory, and the reason is said."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.services.recordings import read_recording
from hubsoft_tui.settings.canned_texts import read_canned
from hubsoft_tui.settings.documents import read_document
from hubsoft_tui.settings.secrets import read_file

READERS = {
    "settings": lambda path: read_document(path, "config"),
    "secrets": read_file,
    "canned texts": lambda path: read_canned([path]),
    "recording": read_recording,
}


def put(kind: str, path: Path) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    else:
        with path.open("wb") as file:
            file.truncate(5 << 30)
        path.chmod(0o600)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop", "socket", "huge"])
def test_what_is_no_file_is_said_at_once(tmp_path, monkeypatch, reader, kind):
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    place = Path("there")
    put(kind, place)
    with pytest.raises(HubSoftError, match="there cannot be read"):
        READERS[reader](place)


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 100_000) + " = 1",
        "[" + ".".join(["ab"] * 50_000) + "]",
        "x = {" + " . ".join(['"a.b"'] * 50_000) + " = 1}",
        "x = 1\n[[" + ".".join(["'a'"] * 40) + "]]",
    ],
)
def test_a_name_of_too_many_parts_takes_no_memory(tmp_path, text):
    place = tmp_path / "config.toml"
    place.write_text(text)
    with pytest.raises(HubSoftError, match="a name of too many parts"):
        read_document(place, "config")


def test_many_lines_are_found_in_one_look(tmp_path):
    place = tmp_path / "config.toml"
    place.write_text("".join(f"[table{number}]\n\n" for number in range(60_000)))
    document = read_document(place, "config")
    assert document is not None
    assert str(document.origin("table59999").place).endswith("line 119999")
