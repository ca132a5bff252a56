"""Where requests to other servers may go: laws over all addresses, and tables of URLs."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from control_api.destinations import NotAllowed, Reach, examined, is_of_the_world, literal

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)
WORLD = Reach()

NEVER = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),  # noqa: S104 — never bound
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::1"),
    *("2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fec0::1", "ff02::1", "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1", "4000::1"),
]
ALWAYS = [
    *("1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.254"),
    *("2606:4700:4700::1111", "2a00:1450::1", "2400::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
]


@pytest.mark.parametrize("text", NEVER)
def test_what_is_not_the_worlds_is_not_asked(text: str) -> None:
    assert not WORLD.has(ip_address(text))


@pytest.mark.parametrize("text", ALWAYS)
def test_what_everybody_can_reach_is_asked(text: str) -> None:
    assert WORLD.has(ip_address(text))


@given(V4)
@example(IPv4Address("169.254.169.254"))
def test_an_address_within_another_is_judged_as_itself(inner: IPv4Address) -> None:
    for prefix in ("::ffff:", "64:ff9b::"):
        assert WORLD.has(IPv6Address(f"{prefix}{inner}")) == WORLD.has(inner)
    for prefix in ("::", "::ffff:0:"):
        assert not WORLD.has(IPv6Address(f"{prefix}{inner}")), "nobody uses these any more"


@given(V4 | V6)
def test_nothing_is_of_the_world_that_python_says_is_not(address: IPv4Address | IPv6Address) -> None:
    if is_of_the_world(address):
        assert address.is_global
        kinds = ("private", "loopback", "link_local", "multicast", "reserved", "unspecified")
        assert [kind for kind in kinds if getattr(address, f"is_{kind}")] == []


@given(V4 | V6)
def test_refused_goes_before_allowed_and_allowed_before_the_rule(address: IPv4Address | IPv6Address) -> None:
    one = ip_network(address)
    assert not Reach(allow=(one,), refuse=(one,)).has(address)
    assert not Reach(refuse=(one,)).has(address)
    mapped = isinstance(address, IPv6Address) and (address.ipv4_mapped or address in ip_network("64:ff9b::/96"))
    assert mapped or Reach(allow=(one,)).has(address)


@given(st.lists(st.sampled_from(ALWAYS), max_size=3), st.lists(st.sampled_from(ALWAYS), max_size=3))
def test_one_bad_address_among_good_ones_is_enough(before: list[str], after: list[str]) -> None:
    WORLD.check("host", [*before, *after])
    for bad in ("127.0.0.1", "fe80::1%eth0", "nonsense"):
        with pytest.raises(NotAllowed):
            WORLD.check("host", [*before, bad, *after])


def test_a_refusal_does_not_tell_where_a_name_leads() -> None:
    with pytest.raises(NotAllowed) as refused:
        WORLD.check("intern.example", ["10.11.12.13"])
    assert "10.11" not in str(refused.value)
    assert str(refused.value).startswith("intern.example leads to an address that is not asked")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://a.example/", "begins with https:// or http://"),
        ("file:///etc/passwd", "begins with https:// or http://"),
        ("gopher://a.example/", "begins with https:// or http://"),
        ("a.example", "begins with https:// or http://"),
        ("//a.example/", "begins with https:// or http://"),
        ("http:///path", "names a host"),
        ("http://u:p@a.example/", "leave name and password out"),
        ("http://@a.example/", "leave name and password out"),
        ("http://:@a.example/", "leave name and password out"),
        ("http://a.example:25/", "port 25 is not asked"),
        ("http://a.example:22/", "port 22 is not asked"),
        ("http://a.example:0/", "port 0 is not asked"),
        ("http://a.example:6000/", "port 6000 is not asked"),
        ("http://a.example:99999/", "that is no URL"),
        ("http://2130706433/", "no address as it is usually written"),
        ("http://0x7f000001/", "no address as it is usually written"),
        ("http://0x7f.1/", "no address as it is usually written"),
        ("http://0177.0.0.1/", "no address as it is usually written"),
        ("http://127.1/", "no address as it is usually written"),
        ("http://0/", "no address as it is usually written"),
        ("http://1.2.3.4.5/", "no address as it is usually written"),
        ("http://127.0.0.1./", "no address as it is usually written"),
        ("http://a.example.0x/", "no address as it is usually written"),
        ("http://[fe80::1%25eth0]/", "without a zone"),
        ("http://[::1%lo]/", "without a zone"),
        ("http://[::1/", "that is no URL"),
        ("http://%31%32%37.0.0.1/", "is no name of a host"),
        ("http://127.0.0.1%00.example/", "is no name of a host"),
        ("http://a..b/", "is no name of a host"),
        ("http://" + "a" * 64 + ".example/", "is no name of a host"),
        ("http://１２７.0.0.1/", "in ASCII"),
        ("http://127。0。0。1/", "in ASCII"),
        ("http://a.example/ x", "without spaces"),
        ("http://a.example/\r\nHost: b", "without spaces"),
        ("http://a.example\\@b.example/", "in ASCII"),
        ("http://a.example/" + "x" * 2048, "longer than 2048"),
    ],
)
def test_urls_that_are_not_asked(text: str, words: str) -> None:
    with pytest.raises(NotAllowed, match=words.replace(".", r"\.")):
        examined(text)


@pytest.mark.parametrize(
    "text",
    [
        *("https://a.example/", "http://a.example:8080/x?y=z", "https://xn--zca.example/", "http://192.0.2.1/"),
        *("http://[2606:4700::1]:8443/", "https://a-b_c.example./", "HTTPS://A.EXAMPLE/@x?m=a@b", "http://localhost/"),
    ],
)
def test_urls_that_are_asked_as_far_as_they_say_themselves(text: str) -> None:
    assert examined(text).scheme in ("http", "https")


@given(V4 | V6)
def test_every_literal_address_is_known_as_one(address: IPv4Address | IPv6Address) -> None:
    shown = f"[{address}]" if address.version == 6 else str(address)
    found = literal(examined(f"http://{shown}/").raw_host or "")
    assert found is not None
    assert ip_address(found) == address


@given(st.text(max_size=40))
@example("http://a@b:80@c/")
def test_any_text_is_examined_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}/"):
        try:
            found = examined(url)
        except NotAllowed:
            continue
        assert found.scheme in ("http", "https")
        assert (found.raw_user or "", found.raw_password or "") == ("", "")
        assert found.raw_host
