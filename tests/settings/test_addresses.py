"""Addresses as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.settings.rules import is_loopback, normalise_url, webhook_address


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        ("https://api.provedor.example", "https://api.provedor.example"),
        (" HTTPS://API.Provedor.example:443/ \n", "https://api.provedor.example"),
        ("https://api.provedor.example/oauth/token", "https://api.provedor.example"),
        ("https://api.provedor.example/api/v1/integracao/", "https://api.provedor.example"),
        ("https://api.provedor.example/api/v1/integracao/cliente/todos", "https://api.provedor.example"),
        ("https://api.provedor.example:8443/hubsoft/api/v1", "https://api.provedor.example:8443/hubsoft"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://ação.example", "https://xn--ao-siap.example"),
    ],
)
def test_what_is_pasted_becomes_one_form(pasted: str, address: str) -> None:
    assert normalise_url(pasted) == address
    assert normalise_url(address) == address


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("", "not an address"),
        ("api provedor", "not an address"),
        ("https://", "not an address"),
        ("https://a b.example", "not an address"),
        ("https://host:port", "not an address"),
        ("https://host:0", "not an address"),
        ("https://[::1", "not an address"),
        ("https://-x.example", "not an address"),
        ("https://host\\@evil.example", "not an address"),
        ("https://host\x1b.example", "not an address"),
        ("api.provedor.example", "must begin with https://, e.g. https://api.provedor.example"),
        ("ftp://api.provedor.example", "must begin with https://"),
        ("http://api.provedor.example", "would send the password"),
        ("http://127.0.0.1.evil.example", "would send the password"),
        ("http://10.0.0.1", "would send the password"),
        ("https://user:hunter2@api.provedor.example", "must not carry a user"),
        ("https://api.provedor.example/?x=hunter2", "must end before"),
        ("https://api.provedor.example/#x", "must end before"),
        ("https://api.provedor.example/a/../b c", "not an address"),
        ("https://api.provedor.example/%2e", "only the server's"),
    ],
)
def test_what_cannot_be_right_is_refused(pasted: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        normalise_url(pasted)
    assert "hunter2" not in str(caught.value)


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"https?://[a-z0-9.:@/\[\]_-]{0,30}", fullmatch=True))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = normalise_url(text)
    except InvalidInput:
        return
    assert normalise_url(address) == address


def test_this_machine_is_known_by_name_and_number() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.8.8.8", "::1"))
    assert not any(is_loopback(host) for host in ("localhost.example", "0.0.0.0", "10.0.0.1", "", "::"))


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.example/services/T0/B0/k3y",
        "https://hooks.example:8443/a?b=c&d=%20",
        "http://localhost:8080/hook",
        "http://127.0.0.1/hook",
        "http://[::1]:99/hook",
    ],
)
def test_a_webhook_is_called_at_the_address_as_it_is(address: str) -> None:
    assert webhook_address(f" {address}\n") == address


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://hooks.example/k3y", "use https://hooks.example/…"),
        ("http://10.0.0.7/k3y", "readable by others"),
        ("https://user:k3y@hooks.example/", "must not carry a user or password"),
        ("https://hooks.example/x#k3y", "must end before any #"),
        ("ftp://hooks.example/k3y", "must begin with https://"),
        ("https:///k3y", "not an address"),
        ("https://hooks.example/a b", "not an address"),
    ],
)
def test_a_webhook_that_would_be_read_by_others_is_refused(address: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        webhook_address(address)
    assert "k3y" not in str(caught.value)


def test_the_address_that_is_proposed_for_a_number_is_one_that_works():
    with pytest.raises(InvalidInput, match=r"use https://\[2001:db8::1\]\."):
        normalise_url("http://[2001:db8::1]:80")
