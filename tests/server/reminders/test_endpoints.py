"""Which addresses pass for a push service's."""

import pytest

from server.reminders.endpoints import EndpointRefused, check_endpoint, is_public

GOOD = [
    "https://fcm.googleapis.com/fcm/send/abc:def",
    "https://fcm.googleapis.com:443/wp/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
    "https://web.push.apple.com/QGu",
    "https://wns2-pn1p.notify.windows.com/w/?token=BQ%2f",
]

HOSTILE = [
    "http://fcm.googleapis.com/fcm/send/x",
    "ftp://fcm.googleapis.com/x",
    "file:///etc/passwd",
    "//fcm.googleapis.com/x",
    "fcm.googleapis.com/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evil.example/fcm.googleapis.com",
    "https://evil.example/?https://fcm.googleapis.com/",
    "https://evil.example#fcm.googleapis.com",
    "https://evilfcm.googleapis.com/x",
    "https://push.apple.com/x",
    "https://.push.apple.com/x",
    "https://fcm.googleapis.com@127.0.0.1/x",
    "https://user:pass@fcm.googleapis.com/x",
    "https://user@fcm.googleapis.com/x",
    "https://@fcm.googleapis.com/x",
    "https://fcm.googleapis.com:22/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:0/x",
    "https://fcm.googleapis.com:99999/x",
    "https://fcm.googleapis.com:x/x",
    "https://fcm.googleapis.com\\@127.0.0.1/x",
    "https://127.0.0.1\\fcm.googleapis.com/x",
    "https://fcm.googleapis.com\t.evil.example/x",
    "https://fcm.googleapis.com\n/x",
    " https://fcm.googleapis.com/x",
    "https://fcm.googleapis.com /x",
    "https://fcm.googleapis.com/x#y",
    "https://fcm。googleapis。com/x",
    "https://ｆcm.googleapis.com/x",
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://0x7f.0.0.1/x",
    "https://0/x",
    "https://127.0.0.1./x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fe80::1%25eth0]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://localhost.localdomain/x",
    "https:///x",
    "https://",
    "https:fcm.googleapis.com/x",
    "",
    "javascript:alert(1)",
    "https://fcm.googleapis.com/" + "x" * 3000,
]

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.5",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "",
    "localhost",
    "2130706433",
]


@pytest.mark.parametrize("text", GOOD)
def test_the_services_of_the_browsers_pass(text: str) -> None:
    assert check_endpoint(text).port == 443


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EndpointRefused):
        check_endpoint(text)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_inner_addresses_are_not_public_in_any_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["142.250.1.95", "2404:6800:4005:80a::200a", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_a_setting_may_name_a_host_with_its_port() -> None:
    assert check_endpoint("https://push.test:8443/x", ["push.test:8443"]).port == 8443
    with pytest.raises(EndpointRefused):
        check_endpoint("https://push.test/x", ["push.test:8443"])
