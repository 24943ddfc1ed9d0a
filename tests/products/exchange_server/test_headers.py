from __future__ import annotations

import pytest

from simulator.mail.message import Message
from simulator.products.exchange_server.headers import is_internal, outgoing, stamped
from tests.policy.builders import a_message, a_moment
from tests.products.exchange_server.builders import held, session

ORG, CROSS = "X-MS-Exchange-Organization-", "X-MS-Exchange-CrossPremises-"


def _stamped(basis: str, **headers: str) -> Message:
    message = a_message(**headers)
    return stamped(held(message=message, facts={"basis": basis}), "mail.contoso.com", a_moment())


@pytest.mark.parametrize(
    ("basis", "headers", "expected"),
    [
        ("anonymous", {}, "Anonymous"),
        ("partner", {}, "Anonymous"),
        ("mailbox", {}, "Internal"),
        ("externally-secured", {}, "Internal"),
        ("cloud", {}, "Anonymous"),
        ("cloud", {f"{CROSS}AuthAs": "Internal"}, "Internal"),
        ("cloud", {f"{CROSS}AuthAs": "Anonymous"}, "Anonymous"),
        ("cloud", {f"{ORG}AuthAs": "Internal"}, "Anonymous"),
        ("anonymous", {f"{CROSS}AuthAs": "Internal", f"{ORG}AuthAs": "Internal"}, "Anonymous"),
    ],
)
def test_who_is_internal(basis: str, headers: dict[str, str], expected: str) -> None:
    message = _stamped(basis, **headers)
    assert [expected] == message.all(f"{ORG}AuthAs")
    assert (expected == "Internal") == is_internal(held(message=message))


def test_headers_from_outside_are_removed() -> None:
    message = _stamped(
        "anonymous", **{f"{ORG}SCL": "-1", f"{CROSS}SCL": "-1", "X-MS-Exchange-CrossTenant-Id": "x", "X-Mine": "y"}
    )
    assert [None, None, None, "y"] == [
        message.get(n) for n in (f"{ORG}SCL", f"{CROSS}SCL", "X-MS-Exchange-CrossTenant-Id", "X-Mine")
    ]


def test_the_services_headers_are_promoted_and_replace_what_was_there() -> None:
    message = _stamped("cloud", **{f"{CROSS}SCL": "-1", f"{ORG}SCL": "9", f"{CROSS}AuthSource": "db.example"})
    assert (["-1"], ["db.example"], None) == (
        message.all(f"{ORG}SCL"),
        message.all(f"{ORG}AuthSource"),
        message.get(f"{CROSS}SCL"),
    )


def test_a_pass_leaves_one_received_line() -> None:
    client = session("203.0.113.9", tls=True)
    message = stamped(held(session=client, facts={"basis": "anonymous"}), "mx.contoso.com", a_moment())
    assert 1 == message.received_count
    received = message.get("Received") or ""
    assert received.startswith(
        "from client.example (203.0.113.9) by mx.contoso.com with Microsoft SMTP Server (version=TLS1_3"
    )


def test_a_report_of_the_servers_own_is_internal() -> None:
    assert is_internal(held(generated=True))


def test_leaving_demotes_or_strips() -> None:
    message = _stamped("mailbox")
    hybrid, plain = outgoing(message, hybrid=True), outgoing(message, hybrid=False)
    assert ("Internal", None) == (hybrid.get(f"{CROSS}AuthAs"), hybrid.get(f"{ORG}AuthAs"))
    assert (None, None) == (plain.get(f"{CROSS}AuthAs"), plain.get(f"{ORG}AuthAs"))
    assert message.rest == hybrid.rest == plain.rest


def test_without_hybrid_cross_premises_headers_leave_neither() -> None:
    assert outgoing(a_message(**{f"{CROSS}SCL": "-1"}), hybrid=False).get(f"{CROSS}SCL") is None


def test_network_message_ids_differ() -> None:
    at = a_moment()
    first, second = (stamped(held(), "mail.contoso.com", at).get(f"{ORG}Network-Message-Id") for _ in range(2))
    assert first != second
