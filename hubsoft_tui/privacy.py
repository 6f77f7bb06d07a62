"""What must not be seen: documents masked, secrets redacted, control characters made harmless."""

from __future__ import annotations

import re
from binascii import b2a_base64
from functools import cached_property
from typing import Final

_BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Lone surrogates cannot be written as UTF-8: one in a name would stop a log, a file or the screen.
_ALWAYS: Final = f"\x7f-\x9f{_BIDI}\u2028\u2029\ufeff\ud800-\udfff"
_UNSAFE: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_ALWAYS}]")
_UNSAFE_LINE: Final = re.compile(f"[\x00-\x1f{_ALWAYS}]")
REPLACEMENT: Final = "\ufffd"
HIDDEN: Final = "***"


def clean(text: str, *, multiline: bool = False) -> str:
    """Replace control, C1 and bidirectional characters by U+FFFD; newline and tab stay when `multiline`.

    API text passes here where it becomes ours: a ticket's subject can otherwise write the operator's
    clipboard (ESC ] 52) or retitle the terminal.
    """
    return (_UNSAFE if multiline else _UNSAFE_LINE).sub(REPLACEMENT, text)


def as_typed(text: str) -> str:
    """Return what a terminal sent: bytes that are not UTF-8 came from a Latin-1 keyboard, and are read as that."""
    if text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text):
        return text
    sent = text.encode("utf-8", "surrogateescape")
    try:
        return sent.decode()  # under a locale that knows ASCII alone
    except UnicodeDecodeError:
        return sent.decode("cp1252", "replace")


def format_document(document: str) -> str:
    """Write a CPF as `862.149.410-81` and a CNPJ as `12.ABC.345/01DE-35`; anything else as it is."""
    bare = _bare(document)
    if _CPF_BARE.fullmatch(bare):
        return f"{bare[:3]}.{bare[3:6]}.{bare[6:9]}-{bare[9:]}"
    if _CNPJ_BARE.fullmatch(bare):
        return f"{bare[:2]}.{bare[2:5]}.{bare[5:8]}/{bare[8:12]}-{bare[12:]}"
    return document


def mask_document(document: str) -> str:
    """Hide a CPF as `***.149.410-**` and a CNPJ as `12.***.***/01DE-35`; anything else as `***`."""
    bare = _bare(document)
    if _CPF_BARE.fullmatch(bare):
        return f"***.{bare[3:6]}.{bare[6:9]}-**"
    if _CNPJ_BARE.fullmatch(bare):
        return f"{bare[:2]}.***.***/{bare[8:12]}-{bare[12:]}"
    return document if not document or _MASKED_DOCUMENT.fullmatch(document) else HIDDEN


def format_phone(phone: str) -> str:
    """Write a phone with its area code as `(37) 99999-2968`; anything else as it is."""
    digits = _phone_digits(phone)
    return f"({digits[:2]}) {digits[2:-4]}-{digits[-4:]}" if digits else phone


def mask_phone(phone: str) -> str:
    """Hide a mobile phone as `(37) 9****-2968`, a fixed one as `(37) ****-2968`, anything else as `***`."""
    digits = _phone_digits(phone)
    if digits:
        return f"({digits[:2]}) {digits[2:-8]}****-{digits[-4:]}"
    return phone if not phone or _MASKED_PHONE.fullmatch(phone) else HIDDEN


def mask_email(address: str) -> str:
    """Hide an e-mail address as `j***@provider.example`; anything else as `***`."""
    name, at, host = address.rpartition("@")
    if not address:
        return ""
    return f"{name[:1]}{HIDDEN}@{host}" if at and name and host else HIDDEN


class HiddenSecret:
    """A secret of this process, and how it is found in a text, in whatever form a server repeats it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._lower = secret.lower()
        self._coded = _coded(secret.encode("utf-8", "replace"))

    def hidden_in(self, text: str) -> str:
        """Return `text` without it."""
        for coded in self._coded:
            text = text.replace(coded, HIDDEN)
        if self._lower not in text.lower() and not _SPELT.search(text):
            return text
        return self._pattern.sub(HIDDEN, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # What follows the beginning of a long one is part of it: a pattern of all of it is long to make.
        spelt = "".join(map(_spellings, self._secret[:_LONG]))
        return re.compile(spelt + (r"[^\s\"'<>]*" if len(self._secret) > _LONG else ""), re.IGNORECASE)


_LONG: Final = 40
_SPELT: Final = re.compile(r"[%\\&+]")
"""What a spelling that is not the secret's own has in it."""
_hidden: dict[str, HiddenSecret] = {}
HIDDEN_MOST: Final = 64
"""Secrets of one process that are kept out of its texts; tokens come and go."""
SHORTEST_SECRET: Final = 4
"""A shorter one would be found in every word."""


def hide(secret: str) -> None:
    """Keep `secret` out of whatever is redacted from now on."""
    if len(secret) < SHORTEST_SECRET or secret in _hidden:
        return
    while len(_hidden) >= HIDDEN_MOST:
        del _hidden[next(iter(_hidden))]
    _hidden[secret] = HiddenSecret(secret)


def _spellings(character: str) -> str:
    """Return a pattern of what stands for a character as it is, in JSON, an address, a form or a page."""
    units = character.encode("utf-16-be", "replace")
    spellings = [
        rf"\\*{re.escape(character)}",
        "".join(f"%(?:25)?{byte:02x}" for byte in character.encode("utf-8", "replace")),
        "".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)),
        f"&#(?:{ord(character)}|x0*{ord(character):x});?",
    ]
    if character in _ON_PAGES:
        spellings.append(f"&{_ON_PAGES[character]};")
    if character == " ":
        spellings.append(r"\+")
    return f"(?:{'|'.join(spellings)})"


_ON_PAGES: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_URL_SAFE: Final = str.maketrans("+/", "-_")


def _coded(secret: bytes) -> tuple[str, ...]:
    """Return what base64 makes of a secret, wherever in a text it begins."""
    found = set()
    for before in range(3):
        coded = b2a_base64(bytes(before) + secret, newline=False).decode().rstrip("=")
        whole = coded[(before * 8 + 5) // 6 : len(coded) - 1]
        found |= {whole, whole.translate(_URL_SAFE)}
    return tuple(found)


def redact(text: object) -> str:
    """Hide every secret, document, phone, e-mail address and payment code in `text`; for logs and crash reports.

    Rather hides too much than too little. Never raises: what cannot be read becomes a note saying so.
    """
    try:
        found = text if isinstance(text, str) else str(text)
        for secret in tuple(_hidden.values()):
            found = secret.hidden_in(found)
        for pattern, replacement in _SECRETS:
            found = pattern.sub(replacement, found)
        found = _SPELT_DIGIT.sub(_digit, found)
        found = _PAYMENT.sub(HIDDEN, found)
        found = _EMAIL.sub(lambda match: mask_email(match[0]), found)
        for pattern in (_CNPJ, _CPF):
            found = pattern.sub(lambda match: mask_document(match[0]), found)
        return _PHONE.sub(_mask_found_phone, found)
    except Exception:  # noqa: BLE001 - the text comes from anywhere, also from a broken __str__
        return "[unreadable]"


_CPF_BARE: Final = re.compile(r"[0-9]{11}")
_CNPJ_BARE: Final = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_MASKED_DOCUMENT: Final = re.compile(
    r"\*{3}(?:\.[0-9]{3}\.[0-9]{3}-\*\*)?|[0-9A-Z]{2}\.\*{3}\.\*{3}/[0-9A-Z]{4}-[0-9]{2}"
)
_MASKED_PHONE: Final = re.compile(r"\*{3}|\([0-9]{2}\) 9?\*{4}-[0-9]{4}")

# A key that names a secret, however it is quoted (JSON, JSON inside a string, Python, a header, a form), and
# its value up to the closing quote, or the end of the text when the closing quote was cut off.
_NAMES: Final = (
    r"\w*(?:senha(?:_\w{1,20})?|password|passwd|passphrase|pwd|secret|_token|api_?key|token(?=\\?[\"']|\s*=))"
)
_VALUE: Final = (
    r"(?:\\\"(?:\\\\(?:\\[\\\"]|.)|(?!\\\").)*(?:\\\")?"
    r"|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|(?![\[{\"'\\])[^\s&]+)"
)
_SECRETS: Final = (
    (
        re.compile(
            r"(?i)\b(authorization\b\\?[\"']?\s*[:=]\s*\\?[\"']?)(?:(?:bearer|basic|digest)\s+)?[^\s\"'\\,]+"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(rf"(?is)(?<!\w)({_NAMES}\\?[\"']?\s*(?:[:=]|%3D)\s*)[bru]?{_VALUE}"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*"), HIDDEN),
    (re.compile(r"(?i)(://)[^\s/@:]+:[^\s/@]+@"), rf"\1{HIDDEN}@"),
)
# A PIX code up to its checksum, a typeable line with or without its points, a barcode.
_PAYMENT: Final = re.compile(
    r"(?i)(?<![0-9])000201[0-9]{2}.{0,60}?br\.gov\.bcb\.pix(?:.{0,500}?6304[0-9a-f]{4}(?![0-9a-z])|[^\s\"'\\]*)"
    r"|(?<![0-9])[0-9]{5}\.?[0-9]{5}[ ]?[0-9]{5}\.?[0-9]{6}[ ]?[0-9]{5}\.?[0-9]{6,7}[ ]?[0-9][ ]?[0-9]{14}(?![0-9])"
    r"|(?<![0-9])[0-9]{44}(?:[0-9]{4})?(?![0-9])"
)
# Possessive, and only where a run begins: a long run without @ is read once, not once per character.
_EMAIL: Final = re.compile(r"(?<![\w.%+-])[\w.%+-]++@[\w-]++(?:\.[\w-]++)+")
# Between the groups of a document: a mark or a space of any script, or what stands for one in an address or JSON.
_APART: Final = r"(?:[-._/\s\u00b7\u2010-\u2015\u2212+]|%(?:25)?(?:20|a0)|\\+(?:u00[0-9a-f]{2}|[/nt]))?"
# A digit, or a mark between digits, as an address, JSON or a page may spell it.
_SPELT_DIGIT: Final = re.compile(r"(?i)(?:\\+u00|%(?:25)?|&#x0*)(3[0-9]|2[def]);?|&#(4[5-9]|5[0-7]);?")
_CPF: Final = re.compile(
    rf"(?i)(?<![0-9])[0-9]{{3}}{_APART}[0-9]{{3}}{_APART}[0-9]{{3}}{_APART}[0-9]{{2}}(?![0-9])"
)
_CNPJ: Final = re.compile(
    r"(?i)(?<![0-9A-Z])[0-9A-Z]{2}[. ]?[0-9A-Z]{3}[. ]?[0-9A-Z]{3}[/ ]?[0-9A-Z]{4}[- ]?[0-9]{2}(?![0-9A-Z])"
)
_PHONE: Final = re.compile(
    r"(?<![0-9])(?:\+?55[ -]?)?(?:\([1-9][1-9]\)|[1-9][1-9])[ -]?"
    r"(?:9[ -]?)?[2-9][0-9]{3}[ -]?[0-9]{4}(?![0-9])"
    r"|(?<![0-9])9[0-9]{4}-[0-9]{4}(?![0-9])"
)


def _digit(match: re.Match[str]) -> str:
    return chr(int(match[1], 16) if match[1] else int(match[2]))


def _bare(document: str) -> str:
    return re.sub(r"[\s./-]", "", document).upper()


def _phone_digits(phone: str) -> str:
    digits = re.sub(r"[\s()+.-]", "", phone)
    if not re.fullmatch(r"[0-9]{10,13}", digits):
        return ""
    if len(digits) > 11:
        digits = digits.removeprefix("55")
    return digits if len(digits) in {10, 11} else ""


def _mask_found_phone(match: re.Match[str]) -> str:
    return mask_phone(match[0])
