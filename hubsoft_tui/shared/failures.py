"""Why the shared server cannot be used, and what to do. The library's own words may hold the password."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Final

from redis import exceptions

from ..errors import causes, certificate_remedy
from ..texts import N_, Text, say

RIGHTS: Final = N_(
    "The shared server {host} lets its user do too little: hubsoft-tui shared check names what is missing."
)
COPY: Final = N_("The shared server {host} is a read-only copy: set shared.url to its primary.")
CLUSTER: Final = N_("The shared server {host} is part of a cluster: use one that is not.")
OLD: Final = N_(
    "The shared server {host} does not know all commands: it must be Redis 7.0 or Valkey 7.2, or newer."
)
CLASSES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (
        exceptions.AuthenticationError,
        N_(
            "The shared server {host} refuses the user or the password: check shared_password and shared.url."
        ),
    ),
    (exceptions.NoPermissionError, RIGHTS),
    (exceptions.ReadOnlyError, COPY),
    (exceptions.MasterDownError, COPY),
    (
        exceptions.OutOfMemoryError,
        N_(
            "The shared server {host} has no memory left: set maxmemory-policy volatile-lru, or give it more."
        ),
    ),
    (exceptions.BusyLoadingError, N_("The shared server {host} is still loading its data.")),
    (exceptions.ClusterDownError, CLUSTER),
    (exceptions.AskError, CLUSTER),
    (exceptions.TryAgainError, CLUSTER),
)
"""What the library has a class for."""
WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("can't run this command|can't access|ACL failure|no permissions", RIGHTS),
    (
        "^BUSY",
        N_("The shared server {host} is busy with a script that runs for long: SCRIPT KILL there ends it."),
    ),
    (
        "^MISCONF",
        N_(
            "The shared server {host} cannot write to its disk and takes nothing: look whether that is full, and at "
            "its log."
        ),
    ),
    (
        "^NOREPLICAS",
        N_("The shared server {host} is without its copies and takes nothing: start them again."),
    ),
    (
        "^DENIED",
        N_(
            "The shared server {host} lets no other machine in (protected mode): give it a user and a password, as "
            "docs/shared.md says."
        ),
    ),
    (
        "max number of clients",
        N_("The shared server {host} has too many connections: end some, or raise its maxclients."),
    ),
    (
        "DB index|invalid DB",
        N_("The shared server {host} has no database of that number: end shared.url with /0."),
    ),
    ("cluster mode", CLUSTER),
    ("unknown (sub)?command|compiling script|Unknown Redis command", OLD),
    (
        "user_script|WRONGTYPE",
        N_(
            "What the shared server {host} keeps for this program is damaged: remove the keys hs:* there, then run "
            "hubsoft-tui shared begin."
        ),
    ),
)
"""What it has none for, by what the server says."""


def why_lost(error: BaseException, host: str, *, encrypted: bool, known: bool) -> Text:
    """Say what failed at `host`, reached by TLS or not; `known` is one that has answered before."""
    for each, text in CLASSES:
        if isinstance(error, each):
            return say(text, host=host)
    said = str(error)
    for words, text in WORDS:
        if isinstance(error, exceptions.RedisError) and re.search(words, said):
            return say(text, host=host)
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        if encrypted and not known:
            return say(
                "The shared server {host} did not answer in time: is it on, and does its port speak TLS?",
                host=host,
            )
        return say("The shared server {host} did not answer in time.", host=host)
    if isinstance(error, exceptions.ConnectionError | OSError):
        return _way(list(causes(error)), host, encrypted=encrypted, known=known)
    if isinstance(error, exceptions.ResponseError):
        code = re.match(r"[A-Z]{3,}\b", said)
        kind = code[0] if code else type(error).__name__
        return say("The shared server {host} failed ({kind}): look at its log.", host=host, kind=kind)
    return say(
        "What answers at {host} is no Redis or Valkey: check the host and the port in shared.url.", host=host
    )


def _way(layers: list[BaseException], host: str, *, encrypted: bool, known: bool) -> Text:
    """Say what is wrong with the way to the server."""
    for cause in layers:
        if isinstance(cause, ssl.SSLCertVerificationError):
            unknown_signer = say("Name the file of who signed it (ca.crt) in shared.ca_file.")
            return say(
                "The certificate of the shared server {host} is not trusted ({reason}). {what}",
                host=host,
                reason=cause.verify_message.rstrip("."),
                what=certificate_remedy(cause.verify_code, unknown_signer),
            )
        if encrypted and (
            isinstance(cause, FileNotFoundError | PermissionError | IsADirectoryError) or _no_file(cause)
        ):
            return say(
                "shared.ca_file cannot be read, or holds no certificate: copy the server's ca.crt there."
            )
        if isinstance(cause, ssl.SSLError):
            return say("The shared server {host} does not speak TLS as expected: check its port.", host=host)
        if isinstance(cause, socket.gaierror | UnicodeError):
            return say(
                "The name of the shared server {host} is not known here: check shared.url and the network.",
                host=host,
            )
        if isinstance(cause, ConnectionRefusedError | FileNotFoundError):
            return say(
                "No server listens at {host}: start it, or check the host and the port in shared.url.",
                host=host,
            )
        if isinstance(cause, PermissionError):
            return say("This user may not open {host}: join the group of its server.", host=host)
    if not known and not encrypted and any("losed" in str(each) or "reset" in str(each) for each in layers):
        return say(
            "The shared server {host} closes the connection at once: if its port wants TLS, write rediss:// in "
            "shared.url.",
            host=host,
        )
    return say("The shared server {host} cannot be reached: check the network on the way to it.", host=host)


def _no_file(cause: BaseException) -> bool:
    return isinstance(cause, ssl.SSLError) and (cause.library or "") in {"X509", "PEM", "ASN1"}
