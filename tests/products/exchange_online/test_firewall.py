"""Which headers of others are believed, renamed or taken out."""

from __future__ import annotations

import pytest

from simulator.mail.message import Message
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.firewall import outgoing, through_firewall
from tests.products.exchange_online.builders import inbound, message, settings

HOST = "fe.mail.protection.outlook.com"


def connector(**plain: object) -> InboundConnector:
    return settings(
        AcceptedDomains={"contoso.com": "Authoritative"}, InboundConnectors=inbound(**plain)
    ).InboundConnectors["own servers"]


def through(what: Message, over: InboundConnector | None = None) -> Message:
    return through_firewall(what, over, HOST)


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("X-Forefront-Antispam-Report", "X-Forefront-Antispam-Report-Untrusted"),
        ("X-Microsoft-Antispam", "X-Microsoft-Antispam-Untrusted"),
        ("X-Microsoft-Antispam-Message-Info", "X-Microsoft-Antispam-Message-Info-Original"),
        ("Authentication-Results", "Authentication-Results-Original"),
        ("X-MS-Office365-Filtering-Correlation-Id", "X-MS-Office365-Filtering-Correlation-Id-Prvs"),
    ],
)
def test_verdicts_from_outside_are_renamed(name: str, now: str) -> None:
    came = message().topped((name, "second"), (now, "first"))

    assert ([], ["second"]) == (through(came).all(name), through(came).all(now))


@pytest.mark.parametrize(
    "name",
    ["X-MS-Exchange-Organization-SCL", "X-MS-Exchange-CrossPremises-SCL", "X-MS-Exchange-CrossTenant-Id"],
)
def test_internal_headers_from_outside_are_removed(name: str) -> None:
    assert [] == through(message().topped((name, "1"))).all(name)


@pytest.mark.parametrize(
    "name",
    ["X-EOPAttributedMessage", "X-LD-Processed", "X-MS-Exchange-Inbox-Rules-Loop", "X-OriginatorOrg", "Received-SPF"],
)
def test_what_stops_loops_survives(name: str) -> None:
    assert ["1"] == through(message().topped((name, "1"))).all(name)


@pytest.mark.parametrize(("there", "told"), [(True, [HOST]), (False, [])])
def test_that_headers_of_other_tenants_were_stripped_is_told(there: bool, told: list[str]) -> None:
    came = message().topped(("X-MS-Exchange-CrossTenant-Id", "1")) if there else message()

    assert told == through(came).all("X-MS-Exchange-Transport-CrossTenantHeadersStripped")


@pytest.mark.parametrize(
    ("over", "value"),
    [(None, []), (connector(), []), (connector(CloudServicesMailEnabled=True), ["-1"])],
)
def test_only_cloud_services_mail_is_promoted(over: InboundConnector | None, value: list[str]) -> None:
    came = message().topped(("X-MS-Exchange-CrossPremises-SCL", "-1"), ("X-MS-Exchange-Organization-SCL", "9"))
    kept = through(came, over)

    assert value == kept.all("X-MS-Exchange-Organization-SCL")
    assert ([HOST] if value else []) == kept.all("X-CrossPremisesHeadersPromoted")


def test_a_message_without_such_headers_passes_untouched() -> None:
    assert message() == through(message())


@pytest.mark.parametrize(("keeps", "left"), [(True, "X-MS-Exchange-CrossPremises-AuthAs"), (False, None)])
def test_internal_headers_leave_demoted_or_not_at_all(keeps: bool, left: str | None) -> None:
    sent = outgoing(message().topped(("X-MS-Exchange-Organization-AuthAs", "Internal")), keeps_internal=keeps)

    assert ([left] if left else []) == [n for n, _ in sent.fields if n.endswith("AuthAs")]
