"""The headers that tell what was found out about a sender."""

from __future__ import annotations

import pytest

from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.policy import arc
from simulator.policy.moment import Moment
from simulator.products.exchange_online.verdict_headers import (
    antispam_report,
    authentication_results,
    sealed,
    verdict_fields,
)
from simulator.products.service_names import EXCHANGE_ONLINE
from simulator.zone import Zone
from tests.answering import answered
from tests.products.exchange_online.builders import NOW, at, message

FACTS = {
    "spf": "fail", "spf domain": "a.test", "spf identity": "mailfrom", "dkim": "none",
    "dkim results": "dkim=none (message not signed) header.d=none", "dmarc": "fail", "dmarc action": "oreject",
    "dmarc record": "p=reject sp=none pct=100", "author": "a.test", "arc": "none", "compauth": "fail reason=000",
    "ip": "203.0.113.5", "helo": "client.example", "ptr": "client.example", "scl": "5", "sfv": "SPM", "cat": "SPOOF",
    "ipv": "NLI", "sfty": "9.22", "direction of mail": "INB",
}  # fmt: skip
OWN = {
    "spf": "none", "dkim": "none", "dmarc": "none", "compauth": "none", "author": "contoso.com", "ip": "255.255.255.255",
    "scl": "1", "sfv": "NSPM", "cat": "NONE", "ipv": "NLI", "direction of mail": "OUT",
}  # fmt: skip


def test_authentication_results_has_the_documented_syntax() -> None:
    assert (
        "spf=fail (sender IP is 203.0.113.5)\nsmtp.mailfrom=a.test; dkim=none (message not signed) header.d=none;"
        "dmarc=fail action=oreject\nheader.from=a.test;compauth=fail reason=000"
    ) == authentication_results(FACTS)


def test_the_null_sender_is_told_by_its_helo_name() -> None:
    assert "smtp.helo=client.example; " in authentication_results(
        {**FACTS, "spf identity": "helo", "spf domain": "client.example"}
    )


def test_the_tenants_own_mail_has_neither_spf_nor_compauth() -> None:
    assert (
        "dkim=none (message not signed) header.d=none;dmarc=none action=none\nheader.from=contoso.com;"
        == authentication_results(OWN)
    )
    assert "Received-SPF" not in dict(verdict_fields(OWN))


def test_the_antispam_report() -> None:
    assert (
        "CIP:203.0.113.5;CTRY:;LANG:en;SCL:5;SRV:;IPV:NLI;SFV:SPM;H:client.example;PTR:client.example;CAT:SPOOF;SFTY:9.22;SFS:;DIR:INB;"
        == antispam_report(FACTS)
    )
    assert antispam_report(OWN).endswith("DIR:OUT;SFP:1101;")


@pytest.mark.parametrize(
    ("spf", "words"),
    [
        ("pass", "Pass (protection.outlook.com: domain of a.test designates 203.0.113.5 as permitted sender)"),
        ("fail", "Fail (protection.outlook.com: domain of a.test does not designate 203.0.113.5 as permitted sender)"),
        ("softfail", "SoftFail (protection.outlook.com: domain of transitioning a.test discourages use of 203.0.113.5 as permitted sender)"),
        ("neutral", "Neutral (protection.outlook.com: 203.0.113.5 is neither permitted nor denied by domain of a.test)"),
        ("none", "None (protection.outlook.com: a.test does not designate permitted sender hosts)"),
        ("temperror", "TempError (protection.outlook.com: error in processing during lookup of a.test: DNS Timeout)"),
        ("permerror", "PermError (protection.outlook.com: domain of a.test used an invalid SPF mechanism)"),
    ],
)  # fmt: skip
def test_received_spf_says_it_in_words(spf: str, words: str) -> None:
    told = dict(verdict_fields({**FACTS, "spf": spf}))["Received-SPF"]

    assert told.startswith(words)
    assert (spf != "softfail") == told.endswith("client-ip=203.0.113.5; helo=client.example;")


@pytest.mark.parametrize(
    "name", ["X-MS-Exchange-SkipListedInternetSender", "X-MS-Exchange-ExternalOriginalInternetSender"]
)
def test_a_recovered_source_is_told(name: str) -> None:
    assert name not in dict(verdict_fields(FACTS))
    assert "ip=[203.0.113.5];domain=client.example" == dict(verdict_fields({**FACTS, "skipped": "192.0.2.1"}))[name]


def test_spam_by_a_setting_is_marked() -> None:
    assert "SPF Record Fail" == dict(verdict_fields({**FACTS, "custom spam": "SPF Record Fail"}))["X-CustomSpam"]


def test_nothing_is_told_where_nobody_looked() -> None:
    assert () == verdict_fields({"direction": "Incoming"})


TO = (Address.parse("bob@contoso.com"),)


def test_a_pass_seals_what_it_found_and_the_seal_verifies() -> None:
    zone = Zone.of(EXCHANGE_ONLINE.records([])).with_keys(KEYRING)
    message_ = sealed(message(), FACTS, TO, at())
    chain = answered(arc.verify(message_, KEYRING, NOW), zone)

    assert ("pass", ("microsoft.com",)) == (chain.result, chain.sealers)
    assert (
        "mx.microsoft.com 1; spf=fail (sender ip is 203.0.113.5) smtp.rcpttodomain=contoso.com smtp.mailfrom=a.test; "
        "dmarc=fail (p=reject sp=none pct=100) action=oreject header.from=a.test; dkim=none (message not signed); arc=none"
    ) == chain.results


def test_each_pass_adds_a_set() -> None:
    zone = Zone.of(EXCHANGE_ONLINE.records([])).with_keys(KEYRING)
    twice = sealed(sealed(message(), OWN, TO, at()), {**FACTS, "arc": "pass"}, TO, at())

    assert ("pass", 2) == ((chain := answered(arc.verify(twice, KEYRING, NOW), zone)).result, chain.instances)


def test_a_world_without_keys_seals_nothing() -> None:
    assert message() == sealed(message(), FACTS, TO, Moment(NOW))
