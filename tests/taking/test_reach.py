"""Whether a link would open outside of the clinic."""

import pytest

from fadjma.config import Settings, SettingsError
from fadjma.taking import reach


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "clinique", "fadjma.local", "fadjma.LAN:8443"),
        *("10.1.2.3", "192.168.1.10:8000", "172.16.0.9", "169.254.1.1", "[fe80::1]", "[fd00::1]:80", "100.64.0.1"),
        *("serveur.home.arpa", "x.internal", "fadjma.local.", "", "[", "a.test"),
    ],
)
def test_what_only_a_local_network_knows(host: str) -> None:
    assert not reach.is_public(host)
    assert reach.base(None, "https", host) is None


@pytest.mark.parametrize("host", ["clinique.example.org", "clinique.example.org:8443", "41.82.1.2", "[2a02:1::1]:443"])
def test_what_the_internet_may_know_is_taken_over_tls_alone(host: str) -> None:
    assert reach.base(None, "https", host) == f"https://{host}"
    assert reach.base(None, "http", host) is None


def test_what_is_set_goes_first() -> None:
    assert reach.base("https://clinique.example.org", "http", "192.168.1.10") == "https://clinique.example.org"


def test_it_is_set_as_an_address_over_tls() -> None:
    def read(value: str) -> str | None:
        return Settings.from_environment({"FADJMA_DEMO": "1", "FADJMA_PUBLIC_URL": value}).public_url

    assert (read(""), read("https://a.example/ ")) == (None, "https://a.example")
    for wrong in ("http://a.example", "a.example", "https://a.example/fadjma", "https://", "https://u@a.example"):
        with pytest.raises(SettingsError, match="FADJMA_PUBLIC_URL"):
            read(wrong)
