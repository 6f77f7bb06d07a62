"""What may stand where the shared server is looked for: the true reason is told, nothing is raised but that, and
what is damaged there is written over."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hubsoft_tui.core.types import SharedContact
from hubsoft_tui.errors import SharedServerLost
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.shared.connection import SharedAddress, SharedServer
from tests.hubs import documents
from tests.shared.conftest import both_servers

pytestmark = both_servers

SAID = [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no Redis or Valkey"),
    (b"SSH-2.0-OpenSSH_9.2p1\r\n", "is no Redis or Valkey"),
    (b"+" + b"a" * 100_000, "is no Redis or Valkey"),
    (b"*1\r\n" * 2_000, "is no Redis or Valkey"),
    (b"+OK\r\n" * 50, "is no Redis or Valkey"),
    (b"-NOAUTH Authentication required.\r\n", "refuses the user or the password"),
    (b"-NOPERM this user has no permissions\r\n", "shared check names"),
    (b"-ERR The user executing the script can't run this command\r\n", "shared check names"),
    (b"-READONLY You can't write against a read only replica.\r\n", "read-only copy"),
    (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "no memory left"),
    (b"-BUSY Redis is busy running a script.\r\n", "SCRIPT KILL"),
    (b"-MISCONF Errors writing to the AOF file: No space left on device\r\n", "cannot write to its disk"),
    (b"-DENIED Redis is running in protected mode\r\n", "protected mode"),
    (b"-ERR max number of clients reached\r\n", "too many connections"),
    (b"-MOVED 1234 10.0.0.3:6379\r\n", "part of a cluster"),
    (b"-ERR Error compiling script (new function)\r\n", "Redis 7.0"),
    (b"-WRONGTYPE Operation against a key\r\n", "is damaged"),
    (b"-STRANGE s3cr3t\r\n", "failed (STRANGE)"),
    (b"", "closes the connection at once"),
]


@asynccontextmanager
async def talker(said: bytes, secured: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Listen, answer each piece with the same, and close when there is nothing to say."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said and await reader.read(65536):
            writer.write(said)
            if said.startswith(b"-DENIED"):
                break
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=secured) as server:
        yield server.sockets[0].getsockname()[1]


async def reason(url: str, ca_file: str = "") -> str:
    """Return why a turn failed there."""
    server = SharedServer(SharedAddress(url, ca_file), "account")
    try:
        with pytest.raises(SharedServerLost) as told:
            await server.turn({})
    finally:
        await server.close()
    return str(told.value)


@pytest.mark.parametrize(("said", "told"), SAID, ids=[told for _, told in SAID])
async def test_what_stands_there_instead_is_told(said: bytes, told: str) -> None:
    async with talker(said) as port:
        why = await reason(f"redis://hub:s3cr3t@127.0.0.1:{port}/0")
    assert told in why
    assert "s3cr3t" not in why


async def test_where_nothing_stands_it_is_told() -> None:
    assert "No server listens at [::1]:1:" in await reason("redis://[::1]:1/0")
    assert "is not known here" in await reason(f"redis://{'a' * 70}.example/0")
    assert "No server listens at /nowhere/v.sock" in await reason("unix:///nowhere/v.sock")


def certified(folder: Path, name: str, days: int) -> ssl.SSLContext:
    """Return a server's side of TLS, with a certificate for `name` that signs itself and ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(end - dt.timedelta(days=30)).not_valid_after(end).add_extension(names, False)
    public = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "crt").write_bytes(public)
    (folder / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "crt", folder / "key")
    return context


@pytest.mark.parametrize(
    ("name", "days", "ca_file", "told"),
    [
        ("other.example", 9, "crt", "It is for another server"),
        ("localhost", -9, "crt", "Check this machine's clock"),
        ("localhost", 9, "", "in shared.ca_file"),
        ("localhost", 9, "key", "holds no certificate"),
        ("localhost", 9, "none", "cannot be read"),
    ],
)
async def test_a_certificate_is_told_with_what_to_do(
    tmp_path: Path, name: str, days: int, ca_file: str, told: str
) -> None:
    async with talker(b"", certified(tmp_path, name, days)) as port:
        assert told in await reason(f"rediss://localhost:{port}/0", ca_file and str(tmp_path / ca_file))


async def contact(services: Services) -> SharedContact:
    shared = services.engine.budget().shared
    assert shared is not None
    return shared.contact


async def test_what_is_damaged_at_the_server_is_written_over(
    homes: Callable[..., Hub], simulator, server_url: str
) -> None:
    one, other = homes("one"), homes("two")
    await one.run(lambda services: services.shared.begin(at_once=True))
    asked = iter(documents(simulator, 40))

    async def used() -> None:
        for hub in (one, other):
            found = await hub.run(lambda services: services.customers.lookup(next(asked)))
            assert found.found
            assert await hub.run(contact) is SharedContact.ON

    await used()
    with redis.Redis.from_url(server_url) as client:
        keys = [key for key in client.keys("hs:*") if b":c:" not in key]
        prefix = keys[0].rpartition(b"}")[0] + b"}:"
        keys += [prefix + name for name in (b"login", b"probe", b"word")]
        assert {key.removeprefix(prefix) for key in keys} >= {b"ledger", b"token", b"fence", b"used"}
        for spoil in (
            lambda key: client.lpush(key, "x"),
            lambda key: client.set(key, os.urandom(40)),
            lambda key: client.set(key, b""),
        ):
            for key in keys:
                client.delete(key)
                spoil(key)
            await used()
        assert client.type(prefix + b"ledger") == b"string"
        assert client.type(prefix + b"used") == b"zset"
