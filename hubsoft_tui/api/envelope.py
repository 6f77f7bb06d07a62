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

EMPTY: Final[dict[str, object]] = {"status": "success"}
"""What stands in for HTTP 404 where that means "no rows"."""

_ERRORS: Final = frozenset({"error", "erro", "fail", "failed", "falha", "false"})
_OAUTH: Final = frozenset(
    {"invalid_credentials", "invalid_client", "invalid_grant", "unauthorized_client", "access_denied"}
)
_SECRETS: Final = frozenset({"senha", "senhas", "password", "client_secret"})
_INVALID: Final = re.compile(
    r"preench|obrigatori|nao e valid|invalid|limite maximo|valor(es)? (valido|aceito)|verifique os dados"
    r"|permiss"
)
_NOTHING: Final = re.compile(
    r"nao (foi |foram )?(encontrad|localizad|existe)|\bnenhum|\binexistente|nao ha (registro|dado|resultado)"
    r"|not found|sem resultado"
)
_MAX_WORDS: Final = 300
_MAX_READ: Final = 2000
_MAX_FIELDS: Final = 20


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


def check(payload: object) -> dict[str, Any]:
    """Return `payload` if it is an envelope that does not say no.

    Raises NotFound or Refused with HubSoft's words, CredentialsRefused, or BadAnswer if it is no envelope.
    """
    if not isinstance(payload, dict):
        raise BadAnswer(say("HubSoft's answer has an unknown form. Is the address in the profile HubSoft's?"))
    if _is_oauth(payload):
        raise _credentials()
    status = payload.get("status")
    if status is False or (isinstance(status, str) and status.strip().lower() in _ERRORS):
        raise refusal(payload)
    if status is None and ("message" in payload or "errors" in payload):
        raise refusal(payload)
    return payload


def refusal(payload: dict[str, Any]) -> NotFound | Refused:
    """Build the error for an envelope that says no: NotFound if it found nothing, else Refused."""
    words = _words(payload)
    fields = _fields(payload.get("errors"))
    if nothing_found(" ".join((words, *fields))):
        return NotFound(say("HubSoft found nothing: {words}", words=words))
    return Refused(words or _("it gave no reason"), fields=fields)


def nothing_found(words: str) -> bool:
    """Tell whether HubSoft's words mean "there is no such thing" rather than "you asked wrongly"."""
    plain = unicodedata.normalize("NFKD", words.lower()).encode("ascii", "ignore").decode()
    return _NOTHING.search(plain) is not None and _INVALID.search(plain) is None


def failure(status: int, body: bytes = b"", content_type: str = "") -> HubSoftError:
    """Build the error for an HTTP status other than 2xx; HubSoft's words are kept where it said any."""
    if status == 429:
        return RateLimited(say("HubSoft answers that we ask too often (HTTP 429). Wait a minute."))
    said = _envelope(body, content_type)
    if status == 401 or _is_oauth(said):
        return _credentials()
    if 400 <= status < 500 and _words(said):
        return refusal(said)
    if status == 403:
        return Refused(_("the user in the profile may not do this (HTTP 403)"))
    return BadAnswer(_explained(status))


def _explained(status: int) -> Text:
    if status >= 500:
        return say("HubSoft failed inside (HTTP {status}). Try again in a moment.", status=status)
    if 300 <= status < 400:
        return say("The address in the profile sends us elsewhere (HTTP {status}): check it.", status=status)
    if status == 404:
        return say("HubSoft has nothing at this address (HTTP 404): check the address in the profile.")
    return say("HubSoft answered HTTP {status} without saying why.", status=status)


def rows(payload: dict[str, Any], key: str, *, missing_is_empty: bool) -> tuple[list[Any], Page | None]:
    """Find the rows under `key`, and the page they are, in either of HubSoft's paginations.

    Raises BadAnswer when `key` is missing or holds no list, unless that means "no rows" here.
    """
    value = payload.get(key)
    page = None
    if isinstance(value, dict) and "data" in value:
        page = _page(value, "current_page", "last_page", "total", first=1)
        value = value["data"]
    elif isinstance(payload.get("paginacao"), dict):
        page = _page(payload["paginacao"], "pagina_atual", "ultima_pagina", "total_registros", first=0)
    found = listed(value)
    if found is None and missing_is_empty and _says_nothing(value) and payload.get("status") is not None:
        found = []
    if found is None:
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
        return True, json.loads(written)
    except (ValueError, RecursionError):
        return False, None


def _envelope(body: bytes, content_type: str) -> dict[str, Any]:
    try:
        payload = parse(body, content_type)
    except BadAnswer:
        return {}
    return payload if isinstance(payload, dict) else {}


def _credentials() -> CredentialsRefused:
    return CredentialsRefused(
        say("HubSoft does not accept our credentials: check client, user and password in the profile.")
    )


def _is_oauth(payload: dict[str, Any]) -> bool:
    return isinstance(error := payload.get("error"), str) and error in _OAUTH


def _words(payload: dict[str, Any]) -> str:
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
    """HubSoft's words as one line that may be shown and logged: cleaned, nobody's data in it, not too long."""
    words = redact(scalars.text(value[:_MAX_READ]) or "")
    return words if len(words) <= _MAX_WORDS else f"{words[:_MAX_WORDS]}…"


def _says_nothing(value: object) -> bool:
    return scalars.empty(value) or (isinstance(value, str) and nothing_found(value))


def _page(data: dict[str, Any], number: str, last: str, total: str, *, first: int) -> Page | None:
    try:
        values = [scalars.integer(data.get(key)) for key in (number, last, total)]
    except UnreadableError:
        return None
    if any(value is None or value < 0 for value in values):
        return None
    current, final, count = (value or 0 for value in values)
    return Page(number=max(0, current - first), last=max(0, final - first), total=count)
