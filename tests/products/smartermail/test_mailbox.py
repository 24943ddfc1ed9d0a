"""The last step: is there room?"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.host import SaysMailboxFull
from simulator.policy.route import Deliver, Expand, Return
from tests.policy.builders import BOB, JOHN, SUN, a_held, a_message, a_moment
from tests.products.builders import a_smartermail, reasons

_SIZE = a_message().size
_FULL, _DOMAIN_FULL = "552 The mailbox is full", "552 The domain size limit has been exceeded"


def _domain(**settings: Any) -> dict[str, Any]:
    return {"Domains": {"contoso.com": {k.replace("_", " "): v for k, v in settings.items()}}}


def _john(**user: Any) -> dict[str, Any]:
    return {"john": {k.replace("_", " "): v for k, v in user.items()}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (_domain(), ["", "", ""]),
        (_domain(Users=_john(Mailbox_Size_Limit=_SIZE)), ["", _FULL, _FULL]),
        (_domain(Users=_john(Mailbox_Size_Limit=_SIZE - 1)), [_FULL, _FULL, _FULL]),
        (_domain(Users=_john(Mailbox_Size_Limit="1MB", Mailbox_Size=1024**2 - 2 * _SIZE)), ["", "", _FULL]),
        (_domain(Users={"bob": {"Mailbox Size Limit": 1}}), ["", "", ""]),
        (_domain(Disk_Space=2 * _SIZE), ["", "", _DOMAIN_FULL]),
        (_domain(Disk_Space="1MB", Users={"bob": {"Mailbox Size": "1MB"}}), [_DOMAIN_FULL] * 3),
        (_domain(Disk_Space=1, Users=_john(Mailbox_Size_Limit=1)), [_FULL] * 3),
    ],
)  # fmt: skip
def test_mail_that_does_not_fit_comes_back(settings: dict[str, Any], expected: list[str]) -> None:
    host, at = a_smartermail(settings, "john@contoso.com", "bob@contoso.com"), a_moment()
    said = [host.route(a_held(JOHN, message=a_message()), JOHN, at).route for _ in range(3)]
    assert expected == [str(r.reply) if isinstance(r, Return) else "" for r in said]
    assert all(r == Deliver(JOHN) for r, text in zip(said, expected, strict=True) if not text)


def test_mailboxes_of_another_domain_take_no_room() -> None:
    host = a_smartermail(_domain(Disk_Space=_SIZE), "john@contoso.com", "ann@fabrikam.example")
    at = a_moment()
    ann = type(JOHN).parse("ann@fabrikam.example")
    assert Deliver(ann) == host.route(a_held(ann, message=a_message()), ann, at).route
    assert Deliver(JOHN) == host.route(a_held(JOHN, message=a_message()), JOHN, at).route


def test_what_does_not_fit_is_told_with_the_setting_that_decides() -> None:
    host = a_smartermail(_domain(Users=_john(Mailbox_Size_Limit=1)))
    assert {"Mailbox Size Limit": "full"} == reasons(host.route(a_held(JOHN), JOHN, a_moment()), "ROOM")


@pytest.mark.parametrize(("delete", "expected"), [(True, Expand((SUN,), "forward")), (False, None)])
def test_a_full_mailbox_forwards_only_what_it_does_not_keep(delete: bool, expected: object) -> None:
    forwarding = {"john": {"Forwarding Address": "sun@customer.example", "Delete messages when forwarded": delete}}
    host = a_smartermail(_domain(Forwarding=forwarding, Users=_john(Mailbox_Size_Limit=1)))
    route = host.route(a_held(JOHN, sender=BOB), JOHN, a_moment()).route
    assert expected == route if expected else isinstance(route, Return)


def test_a_mailbox_that_a_fault_has_filled_says_the_same() -> None:
    host = a_smartermail()
    assert isinstance(host, SaysMailboxFull)
    assert _FULL == str(host.mailbox_full(JOHN))
