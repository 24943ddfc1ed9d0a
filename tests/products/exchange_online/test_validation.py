"""Validating a connector: what is tried, and what the rows say of it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Target, Try, Unroutable
from simulator.policy.tls import Demand, Level, Verdict
from simulator.policy.validation import Look, Order, Refusal, Sent, Task, Validator
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.validation import INBOUND, OUT_OF_SCOPE
from simulator.products.exchange_online.validation_rows import ROUTED_OUT
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import NOW, at, contoso, inbound, outbound

TO = Address.parse("john@contoso.com")
HOST = Target("mail.contoso.com", "203.0.113.25")
GOOD = TlsFacts("TLSv1.3", "", CertificateSpec("mail.contoso.com").facts(NOW))
NAME = "to own servers"


def asked(host: Tenant, *recipients: str, name: str = NAME) -> Order | Refusal:
    return host.validation(name, tuple(map(Address.parse, recipients)), at())


def an_order(**connector: Any) -> Order:
    found = asked(contoso(OutboundConnectors=outbound(**{"AllAcceptedDomains": True, **connector})), "john@contoso.com")
    assert isinstance(found, Order)
    return found


def rows(order: Order, *looks: Look, sent: tuple[Sent, ...] = ()) -> tuple[Task, ...]:
    return contoso().validated(order, looks, sent, at())


def steps(task: Task) -> dict[str, bool]:
    return {step.name: step.ok for step in task.steps}


# What is tried


def test_a_tenant_can_validate() -> None:
    assert isinstance(contoso(), Validator)


@pytest.mark.parametrize(
    ("connector", "recipient", "in_scope"),
    [
        ({"RecipientDomains": "partner.example"}, "a@partner.example", True),
        ({"RecipientDomains": "*.partner.example"}, "a@eu.partner.example", True),
        ({"RecipientDomains": "*.partner.example"}, "a@partner.example", True),
        ({"RecipientDomains": "*"}, "a@anywhere.example", True),
        ({"RecipientDomains": "partner.example"}, "a@contoso.com", False),
        ({"AllAcceptedDomains": True}, "a@contoso.com", True),
        ({"AllAcceptedDomains": True}, "a@partner.example", False),
        ({"IsTransportRuleScoped": True}, "a@partner.example", True),
        ({"RouteAllMessagesViaOnPremises": True}, "a@partner.example", True),
        ({"RecipientDomains": "partner.example", "Enabled": False}, "a@partner.example", False),
    ],
)
def test_recipients_must_be_in_the_scope_of_a_connector_that_is_on(
    connector: dict[str, Any], recipient: str, in_scope: bool
) -> None:
    found = asked(contoso(OutboundConnectors=outbound(**connector)), recipient)
    assert in_scope == isinstance(found, Order)
    if isinstance(found, Refusal):
        assert OUT_OF_SCOPE == found.says
        assert found.rule == "EXO-VAL-2"
        assert found.at


def test_one_recipient_outside_stops_the_whole_validation() -> None:
    host = contoso(OutboundConnectors=outbound(AllAcceptedDomains=True))
    assert isinstance(asked(host, "john@contoso.com", "a@gmail.test"), Refusal)


def test_inbound_connectors_cannot_be_validated() -> None:
    found = asked(
        contoso(InboundConnectors=inbound(SenderIPAddresses="203.0.113.5")), "a@contoso.com", name="OWN servers"
    )
    assert isinstance(found, Refusal)
    assert (INBOUND, "EXO-VAL-3") == (found.says, found.rule)


def test_a_connector_that_is_not_there_and_one_without_recipient_are_refused() -> None:
    host = contoso(OutboundConnectors=outbound(AllAcceptedDomains=True))
    assert isinstance(asked(host, "john@contoso.com", name="elsewhere"), Refusal)
    assert isinstance(asked(host), Refusal)


def test_every_smart_host_is_looked_at_as_mx_first() -> None:
    order = an_order(SmartHosts=["a.contoso.com", "203.0.113.7", "203.0.113.8/30"])
    assert ["a.contoso.com", "203.0.113.7", "203.0.113.8/30"] == [place.name for place in order.places]
    assert ("203.0.113.9", "203.0.113.10") == order.places[2].to.hosts
    assert all(place.to.mx_first for place in order.places)


def test_with_use_mx_record_the_mx_of_the_first_recipient_is_looked_at() -> None:
    host = contoso(
        OutboundConnectors=outbound(UseMXRecord=True, SmartHosts=None, RecipientDomains=["a.example", "b.example"])
    )
    order = asked(host, "x@a.example", "x@b.example")
    assert isinstance(order, Order)
    assert ["a.example"] == [place.to.domain for place in order.places]


def test_the_test_message_comes_from_the_default_domain_to_each_recipient() -> None:
    host = contoso(OutboundConnectors=outbound(AllAcceptedDomains=True))
    order = asked(host, "john@contoso.com", "jane@sm.contoso.com")
    assert isinstance(order, Order)
    assert "O365ConnectorValidation@contoso.com" == str(order.sender)
    assert ["john@contoso.com", "jane@sm.contoso.com"] == [str(recipient) for recipient, _ in order.messages]
    assert len({message.get("Message-ID") for _, message in order.messages}) == 2


@pytest.mark.parametrize(
    ("settings", "level"),
    [({}, Level.OPPORTUNISTIC), ({"TlsSettings": "EncryptionOnly"}, Level.ENCRYPTION),
     ({"TlsSettings": "DomainValidation", "TlsDomain": "mail.contoso.com"}, Level.DOMAIN)],
)  # fmt: skip
def test_tls_is_asked_for_as_the_connector_does(settings: dict[str, Any], level: Level) -> None:
    assert level == an_order(**settings).tls.level


# Check connectivity


def a_try(stage: str = "", **more: Any) -> Try:
    return Try(HOST, stage, **{"banner": None if stage == "CONNECT" else Reply(220, "", "mail.contoso.com"), **more})


@pytest.mark.parametrize(
    ("one", "failed", "says"),
    [
        (a_try(tls=GOOD), "", "connected"),
        (a_try("CONNECT", broken="timeout"), "connect", "no answer"),
        (a_try("CONNECT", broken="refused"), "connect", "refused"),
        (a_try("BANNER", reply=Reply(554, "5.7.1", "go away")), "banner", "554 5.7.1 go away"),
        (a_try("EHLO", reply=Reply(502, "", "what?")), "EHLO", "502 what?"),
        (a_try("EHLO", broken="reset"), "EHLO", "closed"),
        (a_try("STARTTLS", broken="handshake"), "STARTTLS", "no TLS came of it"),
        (a_try("TLS", verdict=Verdict(False, "no-tls", "TLS is required and there is none")), "STARTTLS", "no TLS"),
        (a_try("TLS", tls=GOOD, verdict=Verdict(False, "expired", "it has expired")), "certificate", "it has expired"),
    ],
)
def test_a_session_fails_where_it_ended(one: Try, failed: str, says: str) -> None:
    order = an_order(TlsSettings="CertificateValidation")
    (task,) = rows(order, Look("mail.contoso.com", ("203.0.113.25",), None, (one,)))
    assert "Check connectivity to 'mail.contoso.com'" == task.name
    assert (failed == "") == task.ok
    assert says in task.detail
    assert ([failed] if failed else []) == [name for name, ok in steps(task).items() if not ok]


def test_a_name_that_is_in_no_dns_fails_at_resolve() -> None:
    nowhere = Unroutable("nxdomain", "mail.contoso.com", True, "the host name does not exist")
    (task,) = rows(an_order(), Look("mail.contoso.com", unroutable=nowhere))
    assert {"resolve": False} == steps(task)


def test_a_host_passes_when_one_of_its_addresses_does() -> None:
    tries = (a_try("CONNECT", broken="timeout"), a_try(tls=GOOD))
    (task,) = rows(an_order(), Look("mail.contoso.com", ("203.0.113.24", "203.0.113.25"), None, tries))
    assert task.ok


def test_without_tls_settings_clear_text_will_do() -> None:
    (task,) = rows(an_order(), Look("mail.contoso.com", ("203.0.113.25",), None, (a_try(),)))
    assert task.ok
    assert steps(task)["STARTTLS"]
    assert Demand().level == an_order().tls.level


# Send test email


def sent(**more: Any) -> Sent:
    plain = {"ways": (NAME,), "target": "mail.contoso.com", "fate": "handed on", "reply": "250 OK"}
    return Sent(TO, "m-1", **{**plain, **more})


@pytest.mark.parametrize(
    ("one", "ok", "detail", "rule"),
    [
        (sent(), True, "250 OK", "EXO-VAL-1"),
        (sent(ways=("",)), False, ROUTED_OUT, "EXO-VAL-4"),
        (sent(ways=("another",)), False, ROUTED_OUT, "EXO-VAL-4"),
        (sent(ways=(NAME, "another")), False, ROUTED_OUT, "EXO-VAL-4"),
        (sent(ways=(), target="", fate="delivered"), False, ROUTED_OUT, "EXO-VAL-4"),
        (sent(ways=(), target="", fate="bounced", reply="550 5.1.10 unknown"), False, ROUTED_OUT, "EXO-VAL-4"),
        (sent(loop="554 5.4.14 Hop count exceeded"), False, "Hop count exceeded", "EXO-VAL-4"),
        (sent(stage="MAIL", fate="bounced", says="550 no"), False, "MAIL: mail.contoso.com: 550 no", "EXO-VAL-1"),
        (
            sent(stage="RCPT", fate="bounced", says="550 5.1.1 who?"),
            False,
            "RCPT: mail.contoso.com: 550 5.1.1",
            "EXO-VAL-1",
        ),
        (sent(stage="DATA", fate="bounced", says="552 too big"), False, "DATA: mail.contoso.com: 552", "EXO-VAL-1"),
        (sent(stage="RCPT", fate="kept", says="451 later"), False, "RCPT: mail.contoso.com: 451 later", "EXO-VAL-5"),
        (
            sent(stage="CONNECT", fate="kept", says="timeout"),
            False,
            "connect: mail.contoso.com: no answer",
            "EXO-VAL-5",
        ),
        (sent(target="", fate="kept", says="no such host"), False, "resolve: no such host", "EXO-VAL-5"),
    ],
)
def test_the_message_must_leave_by_this_connector_and_be_taken(one: Sent, ok: bool, detail: str, rule: str) -> None:
    (task,) = rows(an_order(), sent=(one,))
    assert ("Send test email", "john@contoso.com") == (task.name, task.about)
    assert (ok, rule) == (task.ok, task.rule)
    assert detail in task.detail
    assert ok == all(step.ok for step in task.steps)


def test_what_was_accepted_before_a_refusal_is_shown() -> None:
    (task,) = rows(an_order(), sent=(sent(stage="RCPT", fate="bounced", says="550 who?", why="onprem: nobody here"),))
    assert {"route": True, "MAIL": True, "RCPT": False, "why": False} == steps(task)


def test_hosts_come_before_messages_in_the_rows() -> None:
    found = rows(
        an_order(), Look("mail.contoso.com", ("203.0.113.25",), None, (a_try(tls=GOOD),)), sent=(sent(), sent())
    )
    assert ["Check connectivity to 'mail.contoso.com'", "Send test email", "Send test email"] == [t.name for t in found]
