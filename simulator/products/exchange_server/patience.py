"""When an Exchange server hangs up on a client: after more errors than MaxProtocolErrors, or failed logins than MaxLogonFailures.

    errors    replies that say a command was wrong: 500 to 504
    logins    535

With one more than the connector allows, 421 takes the place of the reply and the connection ends.
"""

from __future__ import annotations

from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.policy.rules import rule
from simulator.products.exchange_server import wording
from simulator.products.exchange_server.receive_connectors import ReceiveConnector
from simulator.products.exchange_server.receiving import reference
from simulator.products.exchange_server.steps import single

__all__ = ["has_enough"]

ENOUGH = rule(
    "EXS-RECV-9", "A session with more than 5 protocol errors or 3 failed logins is ended", fidelity="documented",
    source="CMD New-ReceiveConnector MaxProtocolErrors, MaxLogonFailures; event MSExchangeTransport 1012; what counts as an error is inferred",
    test="tests/products/exchange_server/test_patience.py",
)  # fmt: skip


def has_enough(connector: ReceiveConnector | None, session: Session, errors: int, logins: int) -> Decision | None:
    """The end of a session with so many errors and failed logins; None to go on."""
    if connector is None:
        return None
    if errors > connector.MaxProtocolErrors:
        parameter, says = "MaxProtocolErrors", f"{errors} errors, {connector.MaxProtocolErrors} are allowed"
    elif connector.MaxLogonFailures and logins > connector.MaxLogonFailures:
        parameter, says = "MaxLogonFailures", f"{logins} failed logins, {connector.MaxLogonFailures} are allowed"
    else:
        return None
    at = connector.at(parameter)
    step = single("SESSION", ENOUGH, "too-many-errors", f"{session.peer}: {says}", name=parameter, chosen=False, at=at)
    return Decision(wording.too_many_errors(), (step,), connector=reference(connector))
