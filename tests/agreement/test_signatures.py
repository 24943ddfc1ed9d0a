"""What a tenant signs is the same message in both engines, and DNS leads to the key in both."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.files import load_all
from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.mail.message import Message
from simulator.policy import dkim
from simulator.runner import BEGIN, FlowResult, Options, Runner
from simulator.zone import Answer, Question
from tests.answering import answered
from tests.live.loops import in_loop
from tests.policy.dkim.peer import dkimpy_accepts

FILE = str(Path(__file__).parent.parent.parent / "scenarios" / "signatures.yaml")
CUSTOM = "Signed by the custom domain once it is enabled"


def played(engine: str) -> dict[str, FlowResult]:
    return {f.flow.name: f for f in Runner(Options(engine=engine)).run(load_all([FILE])).flows()}


def delivered(result: FlowResult) -> Message:
    return result.played.deliveries[0].message


def test_both_engines_deliver_the_same_octets() -> None:
    live, planned = played("live"), played("plan")
    assert {name: delivered(result).content for name, result in planned.items()} == {
        name: delivered(result).content for name, result in live.items()
    }


def test_whoever_gets_the_message_can_verify_it_as_dns_is_in_that_flow() -> None:
    for name, result in played("live").items():
        message, zone = delivered(result), result.flow.lab.zone.with_keys(KEYRING)
        found = answered(dkim.verify(message, KEYRING, BEGIN), zone)
        # After the rotation nobody has published the CNAME of the other selector.
        expected = ["permerror"] if "rotation" in name else ["pass"] * message.has("DKIM-Signature")
        assert (name, expected) == (name, [one.result for one in found])


@pytest.mark.parametrize("name", [CUSTOM, "Signed by the onmicrosoft.com domain unless told otherwise"])
@in_loop
async def test_the_key_comes_over_the_wire_as_it_is_in_the_zone(name: str) -> None:
    (flow,) = [f for f in load_all([FILE])[0].flows if f.name == name]
    names = ["selector1-contoso-com._domainkey.contoso.onmicrosoft.com"] + ["selector2._domainkey.contoso.com"] * (
        name == CUSTOM
    )
    async with LiveLab(flow.lab, start=BEGIN) as live:
        for asked in names:
            answer: Answer = await live.nameserver.ask(Question(asked, "TXT"))
            assert answer == flow.lab.zone.with_keys(KEYRING).lookup(asked, "TXT")
            assert (f"v=DKIM1; k=rsa; p={KEYRING.public('contoso.com')}",) == answer.records


def test_dkimpy_verifies_what_the_tenant_sent() -> None:
    result = played("live")[CUSTOM]
    record = result.flow.lab.zone.with_keys(KEYRING).lookup("selector1._domainkey.contoso.com", "TXT").records[0]
    assert dkimpy_accepts(delivered(result).content, {"selector1._domainkey.contoso.com": record})
