"""What must hold for every message, wherever it goes: one fate for every copy, and no report about a report.

Labs with groups that hold each other, mailboxes that forward in circles, connectors that lead nowhere and hosts that are
down are played to the end by the plan engine.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.cli.explain import planned
from simulator.mail.address import Address, parse_sender
from simulator.played import Played
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.model import Send
from simulator.scenario.patch import apply_patch
from simulator.source import Node, ProblemList, Source

FILE = Path(__file__).parents[3] / "scenarios" / "labs" / "reference.yaml"
HERE = Source("patch", 1, 1)
FINAL = ("delivered", "dropped", "held", "bounced", "handed on", "expanded")

EVERYBODY = (
    "user@contoso.com", "user2@contoso.com", "nobody@contoso.com", "sam@sm.contoso.com", "nobody@sm.contoso.com", "all@contoso.com",
    "inner@contoso.com", "away@contoso.com", "x@gmail.test", "nobody@gmail.test", "nobody@nowhere.test", "bob@fabrikam.com",
)  # fmt: skip
address = st.sampled_from(EVERYBODY)
domain_type = st.sampled_from(["Authoritative", "InternalRelay"])
recipients = st.fixed_dictionaries(
    {},
    optional={
        "user@contoso.com": st.fixed_dictionaries({"ForwardingSmtpAddress": address, "DeliverToMailboxAndForward": st.booleans()}),
        "user2@contoso.com": st.fixed_dictionaries({"ForwardingAddress": address}),
        "all@contoso.com": st.fixed_dictionaries(
            {"RecipientType": st.just("DistributionGroup"), "Members": st.lists(address, min_size=1, max_size=4),
             "RequireSenderAuthenticationEnabled": st.booleans()}),
        "inner@contoso.com": st.fixed_dictionaries(
            {"RecipientType": st.just("DistributionGroup"), "Members": st.lists(address, max_size=3)}),
        "away@contoso.com": st.fixed_dictionaries({"RecipientType": st.just("MailUser"), "ExternalEmailAddress": address}),
    },
)  # fmt: skip
outbound = st.fixed_dictionaries(
    {"ConnectorType": st.just("OnPremises"), "RecipientDomains": st.sampled_from(["*", "sm.contoso.com", "*.contoso.com"])},
    optional={
        "RouteAllMessagesViaOnPremises": st.booleans(), "Enabled": st.booleans(),
        "TlsSettings": st.sampled_from(["EncryptionOnly", "CertificateValidation"]),
    },
)  # fmt: skip
routes = st.sampled_from([
    {}, {"UseMXRecord": False, "SmartHosts": "mail.contoso.com"}, {"UseMXRecord": False, "SmartHosts": ["192.0.2.99", "mail.contoso.com"]},
    {"UseMXRecord": False, "SmartHosts": "nowhere.contoso.com"}, {"UseMXRecord": False, "SmartHosts": "mx.gmail.test"},
])  # fmt: skip
connectors = st.dictionaries(
    st.sampled_from(["a", "b"]), st.builds(lambda a, b: {**a, **b}, outbound, routes), max_size=2
)
own_domain = st.sampled_from(
    [{}, {"Inbound Message Delivery": "External (use MX record)", "Deliver locally if user exists": True}]
)
patches = st.builds(
    lambda own, relay, who, out, inside, here, down, forwards: {
        "servers": {
            "m365": {
                "AcceptedDomains": {"contoso.com": own, "sm.contoso.com": relay},
                "Recipients": who,
                "OutboundConnectors": out,
                "InboundConnectors": {"in": {"ConnectorType": "OnPremises", "SenderIPAddresses": "192.0.2.10"}} if inside else {},
                "HostedOutboundSpamFilterPolicy": {"Default": {"AutoForwardingMode": forwards}},
            },
            "own": {"Domains": {"sm.contoso.com": here}, **({"stopped": True} if down else {})},
        }
    },
    domain_type, domain_type, recipients, connectors, st.booleans(), own_domain, st.booleans(), st.sampled_from(["On", "Off"]),
)  # fmt: skip
senders = st.sampled_from(["a@gmail.test", "user@contoso.com", "nobody@gmail.test", "nobody@nowhere.test", "<>"])
to = st.lists(address, min_size=1, max_size=4, unique=True)
clients = st.sampled_from(["192.0.2.10", "203.0.113.5"])


@cache
def reference() -> Node:
    return read_yaml(FILE.read_text(encoding="utf-8"), FILE.name)


def played(patch: dict[str, Any], sender: str, recipients_: list[str], client: str) -> Played:
    """The message from its handing in to the end of all waiting."""
    problems = ProblemList()
    tree = apply_patch(reference(), Node.of(patch, HERE), problems)
    lab = build_lab(tree, problems, START, file=FILE.name)
    assert lab is not None, problems.errors
    who = parse_sender(sender)
    send = Send(who, tuple(map(Address.parse, recipients_)), source=client, server="m365", null_sender=who is None)
    first, later = planned(lab, tree, send, START)
    return later or first


@given(patches, senders, to, clients)
def test_every_accepted_recipient_has_exactly_one_fate(
    patch: dict[str, Any], sender: str, recipients_: list[str], client: str
) -> None:
    result = played(patch, sender, recipients_, client)
    taken = [e["copy"] for e in result.log.of("accepted", "replaced")]
    fates = Counter(e["copy"] for e in result.log.of(*FINAL))

    assert dict.fromkeys(taken, 1) == dict(fates)
    assert result.balance.holds
    assert 0 == result.balance.queued


@given(patches, senders, to, clients)
def test_every_recipient_that_was_asked_for_is_answered_once(
    patch: dict[str, Any], sender: str, recipients_: list[str], client: str
) -> None:
    log = played(patch, sender, recipients_, client).log
    (began,) = log.of("submitted")
    answers = Counter(e["rcpt"] for e in log.of("accepted", "refused") if e.msg == began.msg and not e["parent"])

    assert dict.fromkeys(recipients_, 1) == dict(answers)


@given(patches, senders, to, clients)
def test_null_sender_never_bounces(patch: dict[str, Any], sender: str, recipients_: list[str], client: str) -> None:
    log = played(patch, sender, recipients_, client).log
    written = {e.msg for e in log.of("written")}

    if sender == "<>":
        assert set() == written
    assert [] == [e for e in log.of("bounced") if e.msg in written and e["report"]]
