"""Every fault of docs/faults.md between each product and its next host: what becomes of a message while it
lasts, after it is mended, and of the next message.

| word     | while the fault lasts                                                     | mended after an hour        |
| -------- | ------------------------------------------------------------------------- | --------------------------- |
| waits    | tried again and again, at last reported (a device: if there was a reply)  | delivered, once             |
| soon     | tried twice, then reported                                                | delivered if it was in time |
| twice    | as `waits`, and every attempt leaves a copy: the next host had taken it   | delivered, too often        |
| returned | reported, and no second attempt                                           | too late                    |
| passes   | delivered with the first attempt                                          | delivered                   |

What differs between products stands in a row of its own: who asks for TLS, whose mailbox is full, who gives up a name that is
not in DNS.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.faults import KINDS
from simulator.files import read_text
from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.scenario import load_scenario

LABS = Path(__file__).parent.parent.parent / "scenarios" / "labs"
CLOUD = "contoso-com.mail.protection.outlook.com"
SCANNER = (
    "{people: {Scanner: scanner@contoso.com at scanner}, servers: {scanner: {is: device, ip: 192.0.2.50, "
    f"Smart Host: {CLOUD}, knobs: {{retry: [90]}}}}}}}}"
)


@dataclass(frozen=True)
class Way:
    """A message whose last hop but one is the product in question."""

    lab: str
    sender: str
    to: str
    holder: str
    next: str
    name: str  # of the next host in DNS
    given: str = "{}"


WAYS = {
    "exchange-online": Way("contoso", "Bob", "John", "m365", "onprem", "mail.contoso.com"),
    "smartermail": Way("contoso", "John", "Bob", "onprem", "m365", CLOUD),
    "exchange-server": Way("exchange", "John", "Sun", "onprem", "internet", "mx.customer.example"),
    "gateway": Way("gateway", "Sun", "Bob", "gateway", "m365", CLOUD),
    "internet": Way("contoso", "Sun", "Bob", "internet", "m365", CLOUD),
    "device": Way("contoso", "Scanner", "Bob", "scanner", "m365", CLOUD, SCANNER),
}
STRICT = {"exchange-online": "waits", "gateway": "returned"}
"""Whose connector asks for TLS: the tenant's own waits for it, the one that the gateway meets refuses mail without."""

FAULTS: list[tuple[str, str, dict[str, str]]] = [
    ("at: NEXT, down: 60d", "waits", {}),
    ("at: NEXT, down: 60d, how: silent", "waits", {}),
    ("at: NEXT, down: 60d, how: reset", "waits", {}),
    ("link: HOLDER -> NEXT, down: forever", "waits", {}),
    *((f"at: NEXT, reply: 4{code} 4.3.0 later, to: {verb}", "waits", {})
      for code, verb in (("21", "CONNECT"), ("50", "MAIL"), ("52", "RCPT"), ("51", "DATA"), ("54", "END"))),
    *((f"at: NEXT, reply: 55{code} 5.7.1 no, to: {verb}", "returned", {})
      for code, verb in ((3, "MAIL"), (0, "RCPT"), (4, "DATA"), (2, "END"))),
    *((f"at: NEXT, cut: before {verb}", "waits", {}) for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END")),
    ("at: NEXT, cut: during DATA", "waits", {}),
    ("at: NEXT, cut: after RCPT", "waits", {}),
    ("at: NEXT, cut: after DATA", "twice", {}),
    ("at: NEXT, slow: 30m", "waits", {}),
    ("at: NEXT, slow: 30s", "passes", {}),
    ("at: NEXT, slow: 30m, to: END", "twice", {}),
    ("at: NEXT, strip: STARTTLS", "passes", STRICT),
    ("at: NEXT, cut: during STARTTLS", "passes", STRICT),
    ("at: NEXT, reply: 454 4.7.0 TLS not available, to: STARTTLS", "passes", STRICT),
    *((f"at: NEXT, cert: {defect}", "passes", {"exchange-online": "waits"})
      for defect in ("expired", "self-signed", "untrusted")),
    ("at: NEXT, cert: wrong-name", "passes", {}),  # CertificateValidation asks for no name
    ("dns: NAME A, answer: NXDOMAIN", "returned", {"exchange-online": "waits", "smartermail": "soon"}),
    ("dns: NAME A, answer: SERVFAIL", "waits", {"smartermail": "soon"}),
    ("dns: NAME A, answer: timeout", "waits", {"smartermail": "soon"}),
    ("dns: NAME A, answer: truncated", "passes", {}),
    ("dns: NAME A, answer: stale", "passes", {}),  # what moves meanwhile stands in faults.yaml
    ("dns: NAME A, answer: wrong address", "waits", {}),
    ("at: PERSON, full: mailbox", "returned", {"exchange-server": "waits"}),  # Sun's host says 452 at RCPT
    ("at: NEXT, full: disk", "waits", {}),
    ("at: NEXT, clock: 365d", "passes", {"gateway": "returned"}),  # its certificate is asked for, and has expired by then
    ("at: HOLDER, clock: 365d", "passes", {"exchange-online": "waits"}),
]  # fmt: skip
CASES = [(product, fault, others.get(product, usual)) for fault, usual, others in FAULTS for product in WAYS]


def played(product: str, fault: str, *, mended: str = "", before: bool = False) -> FlowResult:
    """The product sends while the fault is there; with `mended`, until that time; or it was there `before`.

    Only what is mended meanwhile is played by both engines: what lasts is hundreds of attempts like those of the first hour,
    and how faults are mended on servers that run is told in tests/live/test_running.py.
    """
    way = WAYS[product]
    for word, name in (("NEXT", way.next), ("HOLDER", way.holder), ("NAME", way.name), ("PERSON", way.to)):
        fault = fault.replace(word, name)
    mend = "do: [{fault: {remove: it}}]"
    later = f"later: [{{after: {mended}, {mend}}}]" if mended else ""
    text = (
        f"lab: {LABS / way.lab}.yaml\nalways: [nothing lost, no duplicates]\nflows:\n  x:\n    given: {way.given}\n"
        f"    faults: [{{{fault}, name: it}}]\n    {mend if before else later}\n"
        f"    send: {{from: {way.sender}, to: {way.to}}}\n    copies: 0..9999\n"
    )
    scenario = load_scenario(lambda name: text if name == "x.yaml" else read_text(name), "x.yaml")
    (result,) = Runner(Options(engine="both" if mended else "plan")).run([scenario]).flows()
    assert [] == [f"{d.key}: {d.got}" for d in result.differences]  # the engines agree, and nothing is lost
    assert result.played.balance.holds
    return result


def tries(result: FlowResult, product: str) -> int:
    """How often the product had the message and kept it, or sent it."""
    log, holder = result.played.log, WAYS[product].holder
    kept = len([e for e in log.of("kept") if e.host == holder and e.msg == "m-1"])
    return kept + 1


def arrived(result: FlowResult) -> list[float]:
    """When copies reached the mailbox of the recipient, in seconds."""
    return [e.t for e in result.played.log.of("delivered") if e.msg == "m-1"]


@pytest.mark.parametrize(("product", "fault", "word"), CASES, ids=[f"{p}-{f}" for p, f, _ in CASES])
def test_a_fault_does_what_it_says_and_is_mended(product: str, fault: str, word: str) -> None:
    after = 600.0 if word == "soon" else 3600.0
    lasting, mended = played(product, fault), played(product, fault, mended=f"{after:g}s")
    ends = Counter(ending.path.end.word for ending in lasting.played.endings)
    reported = ends["NDR"] + ends["REJECTED"] > 0
    tells = product != "device" or "reply:" in fault or "full:" in fault  # a device shows replies, and forgets the rest
    attempts, copies = tries(lasting, product), len(arrived(lasting))
    if word == "passes":
        assert (1, 1, False) == (attempts, copies, reported)
        assert (1, 1) == (tries(mended, product), len(arrived(mended)))
    elif word == "returned":
        assert (1, 0, tells) == (attempts, copies, reported)
        assert [] == arrived(mended)
    elif word == "twice":
        assert (True, attempts, tells) == (attempts > 1, copies, reported)
        assert len(arrived(mended)) > 1
    else:
        assert (True, 0, tells) == (attempts == 2 if word == "soon" else attempts > 1, copies, reported)
        (when,) = arrived(mended)
        assert when > after
        assert tries(mended, product) > 1
    plain = product == "device" and ("cert" in fault or "cut: during STARTTLS" in fault or "TLS not available" in fault)
    assert plain != bool(lasting.played.log.of("fault"))  # a device that was not told to use TLS does not meet it


@pytest.mark.parametrize(("product", "fault"), [(p, f) for p, f, _ in CASES], ids=[f"{p}-{f}" for p, f, _ in CASES])
def test_what_was_mended_before_meets_nobody(product: str, fault: str) -> None:
    result = played(product, fault, before=True)
    assert (1, 1, 0) == (tries(result, product), len(arrived(result)), len(result.played.reports))
    assert [] == result.played.log.of("fault")


def test_every_kind_of_fault_stands_in_the_table() -> None:
    assert [] == [kind for kind in KINDS if not any(f"{kind}:" in fault for fault, _, _ in FAULTS)]
