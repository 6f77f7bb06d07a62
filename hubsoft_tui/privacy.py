"""What must not be seen: documents masked, secrets redacted, control characters made harmless."""

from __future__ import annotations

import re
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
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


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


def redact(text: object) -> str:
    """Hide every secret, document, phone, e-mail address and payment code in `text`; for logs and crash reports.

    Rather hides too much than too little. Never raises: what cannot be read becomes a note saying so.
    """
    try:
        found = text if isinstance(text, str) else str(text)
        for pattern, replacement in _SECRETS:
            found = pattern.sub(replacement, found)
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
_CPF: Final = re.compile(r"(?<![0-9])[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[-. ]?[0-9]{2}(?![0-9])")
_CNPJ: Final = re.compile(
    r"(?i)(?<![0-9A-Z])[0-9A-Z]{2}[. ]?[0-9A-Z]{3}[. ]?[0-9A-Z]{3}[/ ]?[0-9A-Z]{4}[- ]?[0-9]{2}(?![0-9A-Z])"
)
_PHONE: Final = re.compile(
    r"(?<![0-9])(?:\+?55[ -]?)?(?:\([1-9][1-9]\)|[1-9][1-9])[ -]?"
    r"(?:9[ -]?)?[2-9][0-9]{3}[ -]?[0-9]{4}(?![0-9])"
    r"|(?<![0-9])9[0-9]{4}-[0-9]{4}(?![0-9])"
)


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
