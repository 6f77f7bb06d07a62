"""Everything that can go wrong, as one tree. Each says what happened and what to do now.

HubSoftError                      exit code 1
├── InvalidInput                  2   a document, phone, protocol or option that cannot be right
│   └── SettingsError             2   a setting, its place, what was found, what is allowed
├── NotFound                      3   HubSoft answered: there is no such thing
├── Unreachable                   4   HubSoft did not answer and nothing remembered could
│   ├── TimedOut                  4   the caller's or the request's time passed before an answer came
│   └── BadAnswer                 4   something answered, but not as HubSoft does (a proxy's page, cut JSON)
│       └── Unproven              4   HubSoft answered, and neither shows what was asked for nor denies it
│           └── NotOffered        4   this HubSoft server is older than what was asked for
├── CredentialsRefused            5   HubSoft does not accept the user, password or client
├── Refused                       1   HubSoft understood and said no; its words are kept
├── RateLimited                   1   HubSoft answered 429 more often than we may repeat
│   └── BudgetLost                1   what was sent in the last window is not known, so the next is waited for
├── QueueFull                     1   too many questions are waiting already
├── UnknownOutcome                1   a write may or may not have happened
├── AlreadyRunning                1   the same is being done already, here or by another process
├── Closed                        1   the engine was closed while the question waited
└── StoreError                    1   the state on disk cannot be read or written
    └── StoreBusy                 1   another process holds it for the moment; trying again helps
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from .texts import Text, say

_OUT_OF_TIME: Final = frozenset({9, 10})
"""What OpenSSL calls a certificate that does not count yet, or no longer;"""
_OTHER_NAME: Final = frozenset({62, 63, 64})
"""and one that is for another host."""


class HubSoftError(Exception):
    """The root: `str(error)` is a sentence for people, in their language, without secrets or documents."""

    exit_code: ClassVar[int] = 1

    def __init__(self, text: Text | str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class InvalidInput(HubSoftError):
    """What was typed or given cannot be right; nothing was sent."""

    exit_code = 2


class SettingsError(InvalidInput):
    """A setting is wrong: the text names the file, line or variable, what was found and what is allowed."""


class NotFound(HubSoftError):
    """HubSoft answered, and has no such record."""

    exit_code = 3


class Unreachable(HubSoftError):
    """HubSoft did not answer, and nothing remembered could stand in."""

    exit_code = 4


class TimedOut(Unreachable):
    """The time the caller had, or the request, passed before an answer came."""


class BadAnswer(Unreachable):
    """Something answered, but it is not HubSoft's format: an HTML page, cut JSON, an unknown envelope."""


class Unproven(BadAnswer):
    """HubSoft answered, but neither shows what was asked for nor says that it is not there."""


class NotOffered(Unproven):
    """The server is of an older version, and does not have what was asked for."""


class CredentialsRefused(HubSoftError):
    """HubSoft refuses the user, the password, or the client id and secret."""

    exit_code = 5


class Refused(HubSoftError):
    """HubSoft understood and said no. `words` are HubSoft's own, cleaned of control characters."""

    def __init__(self, words: str, *, fields: tuple[str, ...] = ()) -> None:
        details = "; ".join(fields)
        super().__init__(say("HubSoft refused: {words}", words=f"{words} ({details})" if details else words))
        self.words = words
        self.fields = fields


class RateLimited(HubSoftError):
    """HubSoft answered 429 and the request could not be repeated in time. `retry_after` is in seconds."""

    def __init__(self, text: Text | str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class BudgetLost(RateLimited):
    """What was spent is not known, as the budget's file or its shared server was lost: nothing is sent for a while."""


class QueueFull(HubSoftError):
    """The queue holds `max_queue_size` requests and this one ranks lowest."""


class UnknownOutcome(HubSoftError):
    """A write was sent and its outcome is not known: it may have happened. Never repeat it blindly."""


class AlreadyRunning(HubSoftError):
    """The same is being done already, here or by another process; the text says by which."""


class Closed(HubSoftError):
    """The engine was closed before the question was answered."""


class StoreError(HubSoftError):
    """The state on disk cannot be read or written; the text names the file and what to do."""


class SharedServerLost(StoreError):
    """The server that several machines share cannot be used. `refused` tells that it said so, and did nothing."""

    def __init__(self, text: Text | str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class StoreBusy(StoreError):
    """Another process holds the state on disk for the moment; nothing was changed, and trying again helps."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what is behind it: libraries of the network keep the layer that failed only there."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def certificate_remedy(code: int, unknown_signer: Text) -> Text:
    """Say what to do about a certificate that OpenSSL does not trust for the reason `code` names."""
    if code in _OUT_OF_TIME:
        return say(
            "Check this machine's clock; if it is right, the server's owner must renew the certificate."
        )
    if code in _OTHER_NAME:
        return say("It is for another server: check the address.")
    return unknown_signer
