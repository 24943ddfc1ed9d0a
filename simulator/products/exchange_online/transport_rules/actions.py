"""What a rule that matched does, in this order. Later rules see the message as earlier ones left it.

header fields      SetSCL, RemoveHeader, SetHeaderName and -Value, PrependSubject
body               ApplyHtmlDisclaimerText                                                 [disclaimer]
recipients         AddToRecipients, CopyTo, BlindCopyTo, AddManagerAsRecipientType beside the recipient;
                   RedirectMessageTo in its place, once: X-MS-Exchange-Transport-Rules-Loop marks it, and the next
                   redirection of the same message returns it, 550 5.7.128
way                RouteMessageOutboundConnector, RouteMessageOutboundRequireTls; of two connectors the later rule's
end                RejectMessage..., DeleteMessage, Quarantine: no later rule is asked
"""

from __future__ import annotations

from dataclasses import replace

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.mime import decoded, encoded
from simulator.policy.route import Discard, Hold, Return
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.transport_rules.case import SCL, Case
from simulator.products.exchange_online.transport_rules.disclaimer import disclaim
from simulator.products.exchange_online.transport_rules.rule import TransportRule
from simulator.value import value

__all__ = ["LOOP", "Done", "carry_out"]

_TEST = "tests/products/exchange_online/transport_rules/test_actions.py"
_PAGE = "CMD New-TransportRule"
REJECT = rule(
    "EXO-RULE-8", "A rule returns mail with its code and text; where the text stands in the status is not known", fidelity="inferred",
    source=f"{_PAGE} RejectMessageReasonText; knob rule_reject_combination", test=_TEST,
)  # fmt: skip
REDIRECT = rule(
    "EXO-RULE-9", "Rules redirect a message once; the next time it is returned with 5.7.128", fidelity="documented",
    source="learn: Exchange Online limits, mail flow rules; EHLO blog: Loop Prevention in Exchange Online Demystified", test=_TEST,
)  # fmt: skip
ADDED = rule(
    "EXO-RULE-10", "Added recipients get the message as the rules left it, and are not asked about again", fidelity="inferred",
    source="no page says so", test=_TEST,
)  # fmt: skip
LAST_CONNECTOR = rule(
    "EXO-RULE-11", "Where several rules name a connector the last one counts", fidelity="inferred", source="no page says so",
    test=_TEST,
)  # fmt: skip

LOOP = "X-MS-Exchange-Transport-Rules-Loop"
_PROTECTED = frozenset({
    "x-ms-exchange-inbox-rules-loop", LOOP.lower(), "x-ms-gcc-journal-report", "x-ms-exchange-moderation-loop",
    "x-ms-exchange-generated-message-source", "x-ld-processed", "x-ms-exchange-forwardingloop", "x-eopattributedmessage",
    "x-eoptenantattributedmessage",
})  # fmt: skip
"""The marks against loops, which rules cannot take out (learn: EHLO blog, Loop Prevention in Exchange Online Demystified)."""

_PASSED = "1"  # inferred: what stands in the field is not documented


@value
class Done:
    """What the rules so far have come to."""

    message: Message
    instead: tuple[Address, ...] | None = None
    also: tuple[Address, ...] = ()
    connector: str = ""  # its name
    tls: str = ""  # the name of the rule that asks for TLS
    end: Return | Discard | Hold | None = None
    told: tuple[str, ...] = ()  # what the last rule did, in words
    by: str = ""  # the rule of the registry behind the end, where it has one of its own

    def then(self, says: str, message: Message | None = None) -> Done:
        """With one more thing done."""
        return replace(self, message=message or self.message, told=(*self.told, says))


def carry_out(one: TransportRule, case: Case, done: Done) -> Done:
    """All actions of a rule that matched."""
    done = replace(done, told=())
    done = _fields(one, case, done)
    if one.ApplyHtmlDisclaimerText:
        message, says, refused = disclaim(one, case.now(done.message))
        done = done.then(says, message)
        if refused:
            return replace(done, end=Return(wording.rejected_by_rule("5.7.1", "")))
    done = _recipients(one, case, done)
    if name := one.RouteMessageOutboundConnector:
        done = replace(done.then(f"routes it over {name}"), connector=name)
    if one.RouteMessageOutboundRequireTls:
        done = replace(done.then("requires TLS"), tls=one.name)
    return done if done.end else _ended(one, case, done)


def _fields(one: TransportRule, case: Case, done: Done) -> Done:
    if one.SetSCL is not None:
        done = done.then(f"sets the spam confidence level to {one.SetSCL}", done.message.replaced(SCL, str(one.SetSCL)))
    if name := one.RemoveHeader:
        if name.lower() in _PROTECTED:
            done = done.then(f"cannot remove {name}")
        else:
            done = done.then(f"removes {name}", done.message.without(lambda found: found == name.lower()))
    if name := one.SetHeaderName:
        if name.lower() in _PROTECTED:
            done = done.then(f"cannot set {name}")
        else:
            value = encoded(one.SetHeaderValue)
            done = done.then(f"sets {name}: {one.SetHeaderValue}", done.message.replaced(name, value))
    if prefix := one.PrependSubject:
        subject = encoded(prefix + decoded(done.message.get("Subject") or ""))
        done = done.then(f"puts {prefix.strip()} before the subject", done.message.replaced("Subject", subject))
    return done


def _recipients(one: TransportRule, case: Case, done: Done) -> Done:
    manager = case.manager_of(case.sender_entry)
    how = one.AddManagerAsRecipientType if manager else None
    boss = (manager,) if manager else ()
    for field, people in (
        ("To", one.AddToRecipients + (boss if how == "To" else ())), ("Cc", one.CopyTo + (boss if how == "Cc" else ())),
        ("", one.BlindCopyTo + (boss if how == "Bcc" else ())),
    ):  # fmt: skip
        new = tuple(a for a in people if a != case.recipient and a not in done.also)
        if new:
            listed = ", ".join(map(str, new))
            message = _listed(done.message, field, new) if field else done.message
            done = replace(done.then(f"adds {listed} as {field or 'Bcc'}", message), also=(*done.also, *new))
    targets = tuple(dict.fromkeys(one.RedirectMessageTo + (boss if how == "Redirect" else ())))
    others = tuple(a for a in targets if a != case.recipient)
    if not others:
        return done
    if case.held.message.get(LOOP) is not None:
        done = done.then("redirects it, which was done to it before")
        return replace(done, end=Return(wording.rules_loop(), loop=True), by=REDIRECT)
    done = done.then(f"redirects it to {', '.join(map(str, targets))}", done.message.replaced(LOOP, _PASSED))
    if case.recipient in targets:  # who is among those it goes to keeps it
        return replace(done, also=tuple(dict.fromkeys((*done.also, *others))))
    return replace(done, instead=tuple(dict.fromkeys((*(done.instead or ()), *others))))


def _listed(message: Message, field: str, people: tuple[Address, ...]) -> Message:
    """With more people in To or Cc."""
    before = message.get(field)
    listed = ", ".join(f"<{a}>" for a in people)
    return message.replaced(field, f"{before}, {listed}" if before else listed)


def _ended(one: TransportRule, case: Case, done: Done) -> Done:
    if one.rejects:
        code, text = one.RejectMessageEnhancedStatusCode, one.RejectMessageReasonText
        if code and text and case.tenant.settings.knobs.rule_reject_combination == "separate":
            code = text = ""
        reply = wording.rejected_by_rule(code or "5.7.1", text)
        return replace(done.then(f"returns it with {reply.codes}"), end=Return(reply), by=REJECT)
    if one.DeleteMessage:
        return replace(done.then("deletes it"), end=Discard(f"mail flow rule {one.name}"))
    if one.Quarantine:
        return replace(done.then("puts it into quarantine"), end=Hold("transport rule"))
    return done
