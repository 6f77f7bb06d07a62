"""From the bytes of an answer to HubSoft's envelope, or to the right error.

HubSoft says no inside HTTP 200, misspells `success`, wraps JSON in JSON, and shares its address with proxies
that speak HTML. `parse` reads the bytes, `check` looks for a refusal in what was read, `failure` explains an
HTTP status.
"""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from typing import Any, Final

from ..errors import BadAnswer, CredentialsRefused, HubSoftError, NotFound, RateLimited, Refused
from ..privacy import redact
from ..texts import Text, _, say
from . import scalars
from .models import Page
from .rows import listed
from .scalars import UnreadableError
from .verdicts import Nouns, says_absent

_ERRORS: Final = frozenset({"error", "erro", "fail", "failed", "falha", "false"})
_OAUTH: Final = frozenset(
    {"invalid_credentials", "invalid_client", "invalid_grant", "unauthorized_client", "access_denied"}
)
_SECRETS: Final = frozenset({"senha", "senhas", "password", "client_secret"})
_SWITCHED_OFF: Final = re.compile(r"metodo.* nao disponivel")
_MAX_WORDS: Final = 300
_MAX_READ: Final = 2000
_MAX_FIELDS: Final = 20
_SHORT: Final = 64 * 1024
"""So long an answer is looked through for contradictions; what says that something is not there is far shorter."""


def parse(body: bytes, content_type: str = "") -> object:
    """Read the JSON in `body`, whatever it is wrapped in. Raises BadAnswer with a sentence for people."""
    written = _decode(body).strip()
    if not written:
        raise BadAnswer(say("HubSoft's answer was empty. Try again in a moment."))
    # Some servers call JSON text/html; only what does not begin as JSON is a page.
    if written.startswith("<") or ("html" in content_type.lower() and written[0] not in '{["'):
        raise BadAnswer(
            say(
                "Something between us and HubSoft answered with a web page. Check the address in the "
                "profile, and whether a proxy or firewall stands in between."
            )
        )
    read, value = _load(written)
    for _nested in range(3):
        if not isinstance(value, str):
            break
        read, value = _load(value.strip().removeprefix("\ufeff"))
    if not read:
        raise BadAnswer(say("HubSoft's answer was cut off or is not JSON. Try again in a moment."))
    return value


def check(payload: object, things: Nouns = frozenset()) -> dict[str, Any]:
    """Return `payload` if it is an envelope that does not say no.

    Raises NotFound when HubSoft says that there are none of `things`, else Refused with its words,
    CredentialsRefused, or BadAnswer if it is no envelope of HubSoft's.
    """
    if not isinstance(payload, dict):
        raise _unknown()
    if _is_oauth(payload):
        raise _credentials()
    if says_no(payload):
        raise refusal(payload, things)
    status = payload.get("status")
    if _fails(status) or (status is None and ("message" in payload or "errors" in payload)):
        raise _unknown()
    return payload


def says_no(payload: dict[str, Any]) -> bool:
    """Tell whether it is HubSoft that says no: what any gateway writes (`message`, `error`) is not its envelope."""
    if _fails(payload.get("status")):
        return isinstance(payload.get("msg"), str) and bool(words_of(payload))
    message = payload.get("message")
    if payload.get("status") is not None or not isinstance(message, str):
        return False
    return bool(_fields(payload.get("errors"))) or _SWITCHED_OFF.search(_plain(message)) is not None


def refusal(payload: dict[str, Any], things: Nouns = frozenset()) -> NotFound | Refused:
    """Build the error for an envelope that says no: NotFound if it found none of `things`, else Refused."""
    words = words_of(payload)
    fields = _fields(payload.get("errors"))
    if things and all(says_absent(each, things) for each in (words, *fields)):
        return NotFound(say("HubSoft found nothing: {words}", words=words))
    return Refused(words or _("it gave no reason"), fields=fields)


def failure(status: int, body: bytes = b"", content_type: str = "") -> HubSoftError:
    """Build the error for an HTTP status other than 2xx. Who spoke comes before the number: HubSoft, or a stranger."""
    if status == 429:
        return RateLimited(say("HubSoft answers that we ask too often (HTTP 429). Wait a minute."))
    said = spoken(body, content_type)
    if (status == 401 and (said or not body.strip())) or _is_oauth(said):
        return _credentials()
    if 400 <= status < 500 and says_no(said):
        return refusal(said)
    return BadAnswer(_explained(status))


def _explained(status: int) -> Text:
    if status >= 500:
        return say("HubSoft failed inside (HTTP {status}). Try again in a moment.", status=status)
    if 300 <= status < 400:
        return say("The address in the profile sends us elsewhere (HTTP {status}): check it.", status=status)
    return say(
        "The address in the profile answered HTTP {status}, but not as HubSoft does: check it, and whether a "
        "proxy or firewall stands in between.",
        status=status,
    )


def rows(payload: dict[str, Any], key: str) -> tuple[list[Any], Page | None]:
    """Find the rows under `key`, and the page they are, in either of HubSoft's paginations.

    Raises BadAnswer when `key` is missing or holds no list.
    """
    value = payload.get(key)
    page = None
    if isinstance(value, dict) and "data" in value:
        page = _page(value, "current_page", "last_page", "total", first=1)
        value = value["data"]
    elif isinstance(payload.get("paginacao"), dict):
        page = _page(payload["paginacao"], "pagina_atual", "ultima_pagina", "total_registros", first=0)
    found = listed(value)
    if found is None or value == {}:
        raise unknown_form(key)
    return found, page


def record(payload: dict[str, Any], key: str) -> dict[str, Any]:
    """Find the one record under `key`. Raises BadAnswer when it is not there."""
    value = payload.get(key)
    if not isinstance(value, dict) or not value:
        raise unknown_form(key)
    return value


def unknown_form(key: str) -> BadAnswer:
    """Build the error for an answer in which `key` is not what it should be."""
    return BadAnswer(say("HubSoft's answer has no usable “{key}”: its version may have changed.", key=key))


def _decode(body: bytes) -> str:
    bare = body.removeprefix(codecs.BOM_UTF8)
    try:
        return bare.decode()
    except UnicodeDecodeError:
        return bare.decode("latin-1")


def _load(written: str) -> tuple[bool, object]:
    # The parser's own error holds the whole text, passwords included: it must not travel as a cause or
    # context.
    try:
        hook = _without_twins if len(written) <= _SHORT else None
        return True, json.loads(written, object_pairs_hook=hook)
    except (ValueError, RecursionError):
        return False, None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says the same key twice: it contradicts itself. Raises ValueError."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made


def spoken(body: bytes, content_type: str = "") -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one when there is none."""
    try:
        payload = parse(body, content_type)
    except BadAnswer:
        return {}
    return payload if isinstance(payload, dict) else {}


def _unknown() -> BadAnswer:
    return BadAnswer(say("HubSoft's answer has an unknown form. Is the address in the profile HubSoft's?"))


def _fails(status: object) -> bool:
    return status is False or (isinstance(status, str) and status.strip().lower() in _ERRORS)


def _plain(words: str) -> str:
    return unicodedata.normalize("NFKD", words.lower()).encode("ascii", "ignore").decode()


def _credentials() -> CredentialsRefused:
    return CredentialsRefused(
        say("HubSoft does not accept our credentials: check client, user and password in the profile.")
    )


def _is_oauth(payload: dict[str, Any]) -> bool:
    return isinstance(error := payload.get("error"), str) and error in _OAUTH


def words_of(payload: dict[str, Any]) -> str:
    """Return HubSoft's own sentence as it may be shown and logged; empty where there is none."""
    for key in ("msg", "message", "error_description", "error"):
        if isinstance(value := payload.get(key), str) and (words := _sayable(value)):
            return words
    return ""


def _fields(errors: object) -> tuple[str, ...]:
    """Flatten HubSoft's list, or Laravel's lists by field; what concerns a password is named, not quoted."""
    found: list[str] = []
    if isinstance(errors, str):
        errors = [errors]
    if isinstance(errors, dict):
        for name, texts in errors.items():
            if str(name).rpartition(".")[2].lower() in _SECRETS:
                found.append("senha")
            else:
                found += _sayings(texts)
    else:
        found += _sayings(errors)
    return tuple(found[:_MAX_FIELDS])


def _sayings(value: object) -> list[str]:
    elements = value if isinstance(value, list) else [value]
    texts = (_sayable(element) for element in elements[:_MAX_FIELDS] if isinstance(element, str))
    return [words for words in texts if words]


def _sayable(value: str) -> str:
    """HubSoft's words as one line that may be shown and logged: cleaned, without personal data, not too long."""
    words = redact(scalars.text(value[:_MAX_READ]) or "")
    if len(value) > _MAX_READ:
        words = words.rpartition(" ")[0]  # the last may be half of what is hidden
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}…"


def _page(data: dict[str, Any], number: str, last: str, total: str, *, first: int) -> Page | None:
    try:
        values = [scalars.integer(data.get(key)) for key in (number, last, total)]
    except UnreadableError:
        return None
    if any(value is None or value < 0 for value in values):
        return None
    current, final, count = (value or 0 for value in values)
    return Page(number=max(0, current - first), last=max(0, final - first), total=count)
