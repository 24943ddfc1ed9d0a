"""The policies that say what becomes of suspicious mail."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.products.exchange_online.settings import TenantSettings
from tests.products.exchange_online.builders import settings


def tenant(**plain: Any) -> TenantSettings:
    return settings(AcceptedDomains={"contoso.com": "Authoritative"}, **plain)


def test_defaults_are_those_of_the_cmdlets() -> None:
    made = tenant()
    content, phish = made.HostedContentFilterPolicy, made.AntiPhishPolicy

    assert ("MoveToJmf", "MoveToJmf", "Off") == (
        content.SpamAction, content.HighConfidenceSpamAction, content.MarkAsSpamSpfRecordHardFail,
    )  # fmt: skip
    assert (True, True) == (phish.EnableSpoofIntelligence, phish.HonorDmarcPolicy)
    assert ("MoveToJmf", "Quarantine", "Reject") == (
        phish.AuthenticationFailAction, phish.DmarcQuarantineAction, phish.DmarcRejectAction,
    )  # fmt: skip
    assert () == made.ArcConfig.ArcTrustedSealers + made.HostedConnectionFilterPolicy.IPBlockList


@pytest.mark.parametrize(
    "plain",
    [
        {"HonorDmarcPolicy": False},
        {"Office365 AntiPhish Default": {"HonorDmarcPolicy": False}},
        {"Default": {"HonorDmarcPolicy": False}},
        {"Default": {"HonorDmarcPolicy": True}, "HonorDmarcPolicy": False},
    ],
)
def test_the_default_policy_may_be_written_under_its_name(plain: dict[str, Any]) -> None:
    assert not tenant(AntiPhishPolicy=plain).AntiPhishPolicy.HonorDmarcPolicy


@pytest.mark.parametrize(
    "written", ["Fabrikam.com, list.test", ["fabrikam.com", "list.test"], ["fabrikam.com,list.test"]]
)
def test_sealers_are_a_list_or_a_text_with_commas(written: Any) -> None:
    assert ("fabrikam.com", "list.test") == tenant(ArcConfig={"ArcTrustedSealers": written}).ArcConfig.ArcTrustedSealers


def test_senders_are_addresses_and_domains() -> None:
    made = tenant(HostedContentFilterPolicy={"AllowedSenders": "A@a.test", "BlockedSenderDomains": "B.TEST"})

    assert (Address.parse("a@a.test"),) == made.HostedContentFilterPolicy.AllowedSenders
    assert ("b.test",) == made.HostedContentFilterPolicy.BlockedSenderDomains
