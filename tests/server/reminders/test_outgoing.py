"""Pushes reach the push service, and nothing else, whatever an endpoint says."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.reminders.keys import make_keys
from server.reminders.outgoing import Outgoing
from server.reminders.plan import Reminder
from server.reminders.push import Outcome, Sender, Sent, topic
from server.reminders.subscriptions import Device
from tests.push_service import HOST, Browser, PushService

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
REMINDER = Reminder(
    "due:2026-W47:2026-11-18",
    ("d1",),
    "您有1次走访本周到期,点开查看",
    "/app/pupils/p1",
    NOW + timedelta(days=2),
)
KEYS = make_keys()


@pytest.fixture
def service(push_service: PushService) -> PushService:
    """The push service, by a shorter name."""
    return push_service


def device(endpoint: str, browser: Browser | None = None) -> Device:
    keys = (browser or Browser()).subscription(endpoint)["keys"]
    return Device("id", endpoint, keys["p256dh"], keys["auth"])


async def push(outgoing: Outgoing, to: Device) -> Outcome:
    return await Sender(KEYS, "mailto:office@school.example", outgoing).send(to, REMINDER, "school", NOW)


async def test_the_phone_can_read_it_and_the_service_cannot(service: PushService) -> None:
    browser = Browser()
    assert await push(service.outgoing(), device(service.endpoint("a"), browser)) == Outcome(Sent.OK)
    (posted,) = service.posted
    message = json.loads(browser.read(posted.body))
    assert message["body"] == REMINDER.text
    assert message["url"] == REMINDER.url
    assert "走访" not in posted.body.decode("latin-1")


async def test_it_says_how_long_it_is_worth_and_who_sends(service: PushService) -> None:
    await push(service.outgoing(), device(service.endpoint("a")))
    headers = service.posted[0].headers
    assert headers["ttl"] == str(2 * 86400)
    assert headers["urgency"] == "normal"
    assert len(headers["topic"]) == 32
    assert headers["authorization"].startswith("vapid t=")
    assert KEYS.public in headers["authorization"]


def test_two_schools_of_one_person_do_not_push_each_other_away() -> None:
    assert topic(REMINDER, "one") != topic(REMINDER, "other")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (410, {}, Outcome(Sent.GONE)),
        (404, {}, Outcome(Sent.GONE)),
        (400, {}, Outcome(Sent.REFUSED)),
        (403, {}, Outcome(Sent.REFUSED)),
        (413, {}, Outcome(Sent.REFUSED)),
        (429, {"Retry-After": "600"}, Outcome(Sent.LATER, timedelta(minutes=10))),
        (503, {"Retry-After": "Wed, 18 Nov 2026 03:00:00 GMT"}, Outcome(Sent.LATER, timedelta(hours=1))),
        (503, {"Retry-After": "99999999999999999999"}, Outcome(Sent.LATER)),
        (503, {"Retry-After": "864000"}, Outcome(Sent.LATER, timedelta(hours=12))),
        (503, {"Retry-After": "soon"}, Outcome(Sent.LATER)),
        (500, {}, Outcome(Sent.LATER)),
    ],
)
async def test_the_services_answer_is_understood(
    service: PushService, status: int, headers: dict[str, str], expected: Outcome
) -> None:
    service.answers = [(status, headers)]
    assert await push(service.outgoing(), device(service.endpoint("a"))) == expected


async def test_a_redirect_is_not_followed(service: PushService) -> None:
    service.answers = [(307, {"Location": service.endpoint("canary")})]
    assert await push(service.outgoing(), device(service.endpoint("a"))) == Outcome(Sent.REFUSED)
    assert [posted.path for posted in service.posted] == ["/a"]


async def test_a_host_that_resolves_inwards_is_not_called(service: PushService) -> None:
    for inner in ["127.0.0.1", "::1", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"]:

        async def resolve(_host: str, _port: int, inner: str = inner) -> list[str]:
            return [inner]

        outgoing = replace(service.outgoing(resolve=resolve), allowed=Outgoing().allowed)
        assert await push(outgoing, device(service.endpoint("a"))) == Outcome(Sent.REFUSED)
    assert service.posted == []


async def test_one_inner_address_among_public_ones_is_enough_to_refuse(service: PushService) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["142.250.1.95", "127.0.0.1"]

    outgoing = replace(service.outgoing(resolve=resolve), allowed=Outgoing().allowed)
    assert await push(outgoing, device(service.endpoint("a"))) == Outcome(Sent.REFUSED)
    assert service.posted == []


async def test_a_name_that_changes_its_address_is_asked_only_once(service: PushService) -> None:
    answers = [["203.0.113.7"], ["127.0.0.1"]]
    asked = 0

    async def resolve(_host: str, _port: int) -> list[str]:
        nonlocal asked
        asked += 1
        return answers[min(asked, 2) - 1]

    outgoing = service.outgoing(resolve=resolve, allowed="203.0.113.7".__eq__, seconds=0.3)
    assert (await push(outgoing, device(service.endpoint("a")))).sent is Sent.LATER
    assert asked == 1
    assert service.posted == []


@pytest.mark.parametrize(
    "template",
    [
        "http://push.test:{port}/canary",
        "https://127.0.0.1:{port}/canary",
        "https://2130706433:{port}/canary",
        "https://0x7f.1:{port}/canary",
        "https://[::ffff:127.0.0.1]:{port}/canary",
        "https://localhost:{port}/canary",
        "https://push.test@127.0.0.1:{port}/canary",
        "https://push.test:{port}@localhost:{port}/canary",
        "https://push.test.localhost:{port}/canary",
        "https://localhost:{port}#push.test/canary",
        "https://localhost:{port}\\@push.test/canary",
    ],
)
async def test_an_address_that_is_not_the_services_reaches_no_canary(
    service: PushService, template: str
) -> None:
    endpoint = template.format(port=service.port)
    assert await push(service.outgoing(), device(endpoint)) == Outcome(Sent.REFUSED)
    assert service.posted == []


async def test_another_certificate_is_not_believed(service: PushService) -> None:
    outgoing = replace(service.outgoing(), tls=None)
    assert (await push(outgoing, device(service.endpoint("a")))).sent is Sent.LATER
    assert service.posted == []


async def test_a_service_that_never_answers_is_given_up(service: PushService) -> None:
    async def never(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    outgoing = service.outgoing(resolve=never, seconds=0.05)
    assert await push(outgoing, device(service.endpoint("a"))) == Outcome(Sent.LATER)


async def test_keys_that_are_none_are_refused(service: PushService) -> None:
    bad = Device("id", service.endpoint("a"), "AAAA", "AAAA")
    assert await push(service.outgoing(), bad) == Outcome(Sent.REFUSED)
    assert HOST in bad.endpoint
