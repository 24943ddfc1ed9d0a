"""Delivery paths for Hypothesis: names as people give them to servers and connectors, and every kind of ending."""

from __future__ import annotations

from hypothesis import strategies as st

from simulator.mail.path import END_WORDS, End, Leg, Path
from simulator.scenario.sentence import name_fault

_CHARACTERS = st.sampled_from("abMX19 .-_/()'@&,:;#*é邮|]\\[>")


def _spaced(text: str) -> str:
    return " ".join(text.split())


names = st.one_of(
    st.sampled_from(["Bob", "m365", "on prem", "mx.customer.example", "bob@contoso.com", "<>", "Jan in 't Veld"]),
    st.text(_CHARACTERS, min_size=1, max_size=8).map(_spaced),
).filter(lambda name: not name_fault(name))
connectors = st.one_of(
    st.sampled_from(["O365 to own servers", "A | B", "a]-> b", "Default Frontend (EX01)", "C:\\x"]),
    st.text(_CHARACTERS, min_size=1, max_size=8).map(_spaced),
).filter(lambda name: name not in ("", "*", "none"))
codes = st.sampled_from(["", "550", "550 5.7.64", "5.4.14", "450 4.4.317", "421"])
used = st.lists(connectors, max_size=2).map(tuple)
legs = st.builds(Leg, names, used, st.booleans())
reasons = st.sampled_from(["", "spam", "rule: Block A->B", "high confidence phish", "waiting for approval", "a -[b"])
delivered = st.builds(
    End, st.just("delivered"), person=names, folder=st.sampled_from(["Inbox", "Junk", "Archive in place"])
)
others = st.builds(
    End,
    st.sampled_from(sorted(END_WORDS.values())),
    code=codes,
    person=st.one_of(st.just(""), names),
    to=st.one_of(st.just(""), names),
    reason=reasons,
    attempted=used,
)
paths = st.builds(Path, names, st.lists(legs, max_size=5).map(tuple), st.one_of(delivered, others))
