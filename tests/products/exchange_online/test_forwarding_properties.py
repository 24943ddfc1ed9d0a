"""Whatever mailboxes forward to each other: mail comes to an end, nothing is lost, and no mailbox gets it twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.runner import Options, Runner
from simulator.scenario.scenario import load_scenario

PEOPLE = ("amy", "bob", "carl")
TARGETS = (*(f"{name}@contoso.com" for name in PEOPLE), "sun@customer.example", "all@contoso.com")

mailbox = st.fixed_dictionaries(
    {}, optional={"ForwardingSmtpAddress": st.sampled_from(TARGETS), "DeliverToMailboxAndForward": st.booleans()}
)
mailboxes = st.fixed_dictionaries({}, optional={f"{name}@contoso.com": mailbox for name in PEOPLE})
inbox_rule = st.fixed_dictionaries(
    {"Mailbox": st.sampled_from(TARGETS[:3])},
    optional={
        "RedirectTo": st.sampled_from(TARGETS),
        "ForwardTo": st.sampled_from(TARGETS),
        "DeleteMessage": st.booleans(),
    },
)
inbox_rules = st.dictionaries(st.sampled_from(["one", "two", "three"]), inbox_rule, max_size=3)


def played(recipients: dict[str, Any], rules: dict[str, Any], to: list[str], *, open_: bool) -> Any:
    """The log of one message from outside."""
    group = {
        "RecipientType": "DistributionGroup",
        "Members": list(TARGETS[:2]),
        "RequireSenderAuthenticationEnabled": False,
    }
    text = f"""
scenario: t
lab: lab.yaml
flows:
  t:
    send: {{from: Sun, to: {flow_style(to)}}}
    path: [Sun -> internet -> m365 -> ... -> Amy, ...]
"""
    lab = f"""
mailflow: 1
name: t
people: {{Amy: amy@contoso.com at m365, Bob: bob@contoso.com at m365, Carl: carl@contoso.com at m365, Sun: sun@customer.example at internet}}
servers:
  m365:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {{contoso.com: Authoritative}}
    HostedOutboundSpamFilterPolicy: {{AutoForwardingMode: {"On" if open_ else "Off"}}}
    Recipients: {{**recipients}}
    InboxRules: {{**rules}}
  internet: {{is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}}
dns:
  contoso.com: {{MX: [0 contoso-com.mail.protection.outlook.com]}}
  customer.example: {{MX: [10 mx.customer.example]}}
""".replace("{**recipients}", flow_style({**recipients, "all@contoso.com": group})).replace(
        "{**rules}", flow_style(rules)
    )
    scenario = load_scenario({"t.yaml": text, "lab.yaml": lab}.__getitem__, "t.yaml")
    (result,) = Runner(Options(engine="plan")).run([scenario]).flows()
    return result.played


def flow_style(plain: Any) -> str:
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key}: {flow_style(value)}" for key, value in plain.items()) + "}"
    if isinstance(plain, list):
        return "[" + ", ".join(map(flow_style, plain)) + "]"
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


@given(mailboxes, inbox_rules, st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2, unique=True), st.booleans())
@settings(max_examples=60, deadline=None)
def test_mail_that_is_sent_on_ends_and_no_mailbox_gets_it_twice(
    recipients: dict[str, Any], rules: dict[str, Any], to: list[str], open_: bool
) -> None:
    log = played(recipients, rules, to, open_=open_).log
    delivered = [e["mailbox"] for e in log.of("delivered") if (e.host, e.msg) == ("m365", "m-1")]

    assert len(delivered) == len(set(delivered))
    # Every copy that was taken at the tenant has one end, or stands for others.
    ends = [
        e["copy"]
        for kind in ("delivered", "dropped", "bounced", "handed on", "expanded")
        for e in log.of(kind)
        if e.host == "m365"
    ]
    copies = [e["copy"] for kind in ("accepted", "replaced") for e in log.of(kind) if e.host == "m365"]
    assert sorted(copies) == sorted(ends)
