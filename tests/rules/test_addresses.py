"""Which addresses may be called for somebody who is not trusted with the network."""

from ipaddress import ip_address, ip_network

import pytest

from regulars.rules import addresses

CLOSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",  # noqa: S104
    "127.0.0.1",
    "127.8.8.8", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:5ef5:79fd::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1",
    "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1",
]  # fmt: skip
OPEN = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255",
    "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("text", CLOSED)
def test_what_is_not_everybodys_is_closed(text: str) -> None:
    assert not addresses.is_public(ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_the_internet_is_open(text: str) -> None:
    assert addresses.is_public(ip_address(text))


def test_networks_hold_addresses_of_their_own_version() -> None:
    networks = [ip_network("10.1.0.0/16"), ip_network("::1/128")]
    assert addresses.within(ip_address("10.1.2.3"), networks)
    assert addresses.within(ip_address("::1"), networks)
    assert not addresses.within(ip_address("10.2.0.1"), networks)
    assert not addresses.within(ip_address("::ffff:10.1.2.3"), networks)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://till.example/hooks?a=1", None), ("https://till.example", None),
        ("HTTPS://Till.Example:8443/x", None), ("http://till.example/", None),
        ("https://käse.example/", None),
        ("https://[2606:4700::1]/x", None), ("ftp://till.example/", "https"), ("till.example/x", "https"),
        ("javascript:alert(1)", "https"), ("https:///x", "host"), ("https://", "host"),
        ("https://user@till.example/", "password"), ("https://user:word@till.example/", "password"),
        ("https://till.example:99999/", "address"), ("https://till.example:x/", "address"),
        ("https://[::1/", "address"), ("https://till.example/a b", "spaces"),
        ("https://till.example/\n", "spaces"),
        ("https://till.example\\@10.0.0.1/", "spaces"), ("https://till.example/ü", "ASCII"), ("", "https"),
        ("https://till.example/" + "x" * 480, "500"), ("https://" + "ä" * 70 + ".example/", "address"),
    ],
)  # fmt: skip
def test_an_address_must_be_one_of_a_web_server(url: str, problem: str | None) -> None:
    found = addresses.url_problem(url)
    assert found is None if problem is None else problem in str(found)


@pytest.mark.parametrize(
    "url",
    [
        "https://a..b/", "https://-/", "https://%00/", "https://[v1.x]/", "https://till.example:0/",
        "https://./", "https://.till.example/", "https://till-.example/", "https://a!b.example/",
        "https://till.example../", "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/",
        "https://[::1%25eth0]/", "https://[]/",
    ],
)  # fmt: skip
def test_nonsense_is_no_host(url: str) -> None:
    assert "must " in str(addresses.url_problem(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://till.example./", "https://my_till.example/", "https://1.1.1.1/", "https://[2606:4700::1]/",
        "https://xn--strae-oqa.example/", "https://käse.example/", "https://till/", "https://0x7f000001/",
    ],
)  # fmt: skip
def test_hosts_in_all_forms(url: str) -> None:
    assert addresses.url_problem(url) is None


@pytest.mark.parametrize("name", ["straße.example", "ὀδός.example", "STRAẞE.example"])
def test_names_of_which_programs_make_different_ones_are_to_be_written_out(name: str) -> None:
    assert "xn--" in str(addresses.url_problem(f"https://{name}/"))


LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.mark.parametrize(
    "url",
    [
        "http://till.example/", "https://127.0.0.1/", "https://localhost/", "https://LOCALHOST./",
        "https://a.localhost/", "https://[::1]/", "https://169.254.169.254/", "http://10.0.0.1/",
        "http://1.1.1.1/",
    ],
)  # fmt: skip
def test_what_is_closed_is_seen_without_asking_a_name_server(url: str) -> None:
    assert addresses.forbidden(url, []) is not None


def test_what_an_installation_allows_is_allowed() -> None:
    for url in ("https://till.example/", "https://1.1.1.1/"):
        assert addresses.forbidden(url, []) is None
    for url in ("http://127.0.0.1:9000/", "http://localhost:9000/", "https://127.0.0.1/"):
        assert addresses.forbidden(url, LOOPBACK) is None
    assert (
        addresses.forbidden("http://till.example/", LOOPBACK) is None
    )  # looked at when its address is known
    assert addresses.forbidden("http://1.1.1.1/", LOOPBACK) == "must begin with https://"
    assert addresses.forbidden("https://10.0.0.1/", LOOPBACK) is not None


def test_addresses_are_sent_as_name_servers_know_them() -> None:
    assert addresses.ascii_url("https://Käse.example?x=1#y") == b"https://xn--kse-qla.example/?x=1"
    assert addresses.host_header("https://till.example:443/") == "till.example"
    assert addresses.host_header("http://[::1]:8080/") == "[::1]:8080"
