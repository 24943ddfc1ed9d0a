"""What only a wire can get wrong: each flow in both engines, which must agree to the event."""

from __future__ import annotations

import textwrap

import pytest

from tests.playing import difference

STRANGER = "send: {from: Sun, to: Bob, as: 192.0.2.66, server: m365"
FLOWS = {
    "an old client gets no handshake": STRANGER + ', tls: "1.0"}\npath: Sun -> m365 -> REJECTED',
    "TLS 1.1 is too old as well": STRANGER + ', tls: "1.1"}\npath: Sun -> m365 -> REJECTED',
    "TLS 1.2 is enough": STRANGER + ', tls: "1.2"}\npath: Sun -> m365 -> Bob\ntls: {Sun -> m365: encrypted}',
    "a client may stay in clear text": STRANGER + ', tls: "off"}\npath: Sun -> m365 -> Bob\ntls: {Sun -> m365: none}',
    "what is too large is refused at MAIL": STRANGER
    + ", size: 160MB}\npath: Sun -> m365 -> REJECTED 552 5.3.4\nreply: {at: MAIL, code: 552 5.3.4}",
    "a large message goes through": STRANGER + ", size: 5MB}\npath: Sun -> m365 -> Bob",
    "STARTTLS, go-aheads and QUIT are heard": STRANGER
    + "}\npath: Sun -> m365 -> Bob\nsession: {Sun -> m365: {commands: [STARTTLS, QUIT], replies: [220, 354, 221]}}",
    "no STARTTLS where none is spoken": STRANGER
    + ", tls: off}\npath: Sun -> m365 -> Bob\nsession: {Sun -> m365: {never: STARTTLS}}",
    "a refusal is found by the person's name": "send: {from: Sun, to: Sun, as: 192.0.2.66, server: m365}\n"
    "path: Sun -> m365 -> REJECTED\nreply: {Sun: {code: 550 5.7.64}}",
    "an address outside ASCII travels with SMTPUTF8": "send: {from: Sun, to: jürgen@contoso.com}\n"
    "path: Sun -> internet -> m365 -> NDR 550 5.6.7 to Sun\nsession: {internet -> m365: {commands: [SMTPUTF8]}}",
    "the null sender may hand in": "send: {from: John, to: Sun, null sender: true}\n"
    "path: John -> onprem -[own servers to O365]-> m365 -> internet -> Sun",
    "the rest of the world has more people than a lab names": "path: a@gmail.example -> internet -> m365 -> Bob",
    "a report may come from the rest of the world": "send: {from: <>, to: Bob, server: internet}\n"
    "path: <> -> internet -> m365 -> Bob",
    "somebody abroad may claim to be a colleague": "send: {from: Bob, to: John, server: internet}\n"
    "path: Bob -> internet -[none]-> m365 -> onprem -> John",
    "a client with another's address is a stranger to the world": "send: {from: a@x.example, to: Bob, server: internet, "
    "as: 192.0.2.66}\npath: a@x.example -> internet -> REJECTED 550",
    "two mailboxes of one address are told apart": "given: {people: {JohnOld: john@contoso.com at m365}}\n"
    "send: {from: Sun, to: john@contoso.com}\npath: Sun -> internet -> m365 -> JohnOld",
    "a step may use the older name of a setting": "do: [settings onprem: {Outgoing Gateway: none}]\n"
    "send: {from: John, to: Sun}\npath: John -> onprem -> internet -> Sun",
    "a verb is not found in a name": "do: [cert onprem: none]\nsend: {from: Bob, to: John}\n"
    "path: Bob -> m365 -> DEFERRED 450 4.4.317 for John\nsession: {m365 -> onprem: {never: [MAIL, RCPT, DATA]}}",
    "a command may be written with its beginning": "send: {from: Bob, to: John}\npath: Bob -> m365 -> onprem -> John\n"
    "session: {m365 -> onprem: {commands: [MAIL FROM:<bob, SIZE], never: 'MAIL FROM:<john'}}",
    "headers by server, by link and by person": "send: {from: Sun, to: [Bob, John]}\n"
    "path: [Sun -> internet -> m365 -> Bob, Sun -> internet -> m365 -> onprem -> John]\n"
    "headers: {onprem: {Received: 5 hops}, m365: {Received: 5 hops}, m365 -> onprem: {Received: 5 hops}, "
    "Bob: {Received: 5 hops}, Subject: present}",
    "a certificate may have ended long ago": "do: [cert onprem: {subject: mail.contoso.com, valid: 2020-01-31}]\n"
    "send: {from: John, to: Sun}\npath: John -> onprem -> m365 -> REJECTED 550 5.7.64\n"
    "because: {own servers to O365: expired}",
    "headers and body arrive as they were sent": "send: {from: Sun, to: Bob, headers: {X-A: one}, body: .dot\\n..two}\n"
    "path: Sun -> internet -> m365 -> Bob\nheaders: {X-A: one}",
}


@pytest.mark.parametrize("name", FLOWS)
def test_both_engines_agree(name: str) -> None:
    assert ("", "", "") == difference("flow:\n" + textwrap.indent(FLOWS[name], "  "), engine="both")
