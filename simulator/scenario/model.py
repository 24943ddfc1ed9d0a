"""A scenario file as values: what is sent in which lab, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Parameters
from simulator.scenario.sentence import ELLIPSIS, Sentence
from simulator.source import NOWHERE, Node, Problem, Source
from simulator.topology import CertificateSpec, Lab

__all__ = ["HOW_PLAYED", "Change", "Flow", "Pause", "Scenario", "Send", "Stage", "StepBack", "Validate"]

HOW_PLAYED = ("date", "until", "violates")
"""The keys of a flow that say how it is played; `still` repeats them, and the sentence, and nothing else."""


@dataclass(frozen=True, slots=True)
class Send:
    """One message as it is handed in. What the file does not say is empty, and whoever plays it chooses."""

    sender: Sender
    to: tuple[Address, ...]
    person: str = ""  # who sends, by the name in `people`; empty for a stranger
    subject: str = ""
    body: str = ""
    size: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""  # the whole message, from `eml`
    eml: str = ""
    source: str = ""  # the address it comes from (`as`)
    server: str = ""  # a server of the lab by its name, or a host name
    port: int = 0
    helo: str = ""
    tls: str = ""  # "", "on", "off", "required", "1.0" to "1.3"
    certificate: CertificateSpec | None = None
    auth: str = ""  # the person who logs in, by the name in `people`
    password: str = ""  # what is shown at login; empty for the right one
    null_sender: bool = False  # the envelope says <>; `sender` still says who sends
    parameters: Parameters = field(default_factory=dict)  # of MAIL: RET, ENVID
    recipient_parameters: Mapping[Address, Parameters] = field(default_factory=dict)  # of RCPT: NOTIFY, ORCPT
    after: timedelta = timedelta()
    at: Source = NOWHERE


@dataclass(frozen=True)
class Validate:
    """A connector's validation on the lab as it is at that step, and what it must come to."""

    lab: Lab
    server: str
    connector: str
    recipients: tuple[Address, ...]
    fails: bool
    says: str
    at: Source


@dataclass(frozen=True)
class Pause:
    """A step `wait`: mail time that passes in the lab as it is at that step."""

    lab: Lab
    span: timedelta
    at: Source


@dataclass(frozen=True)
class Change:
    """The lab from a time after the flow's beginning on."""

    after: timedelta
    lab: Lab


@dataclass(frozen=True)
class StepBack:
    """What happens to a flow's lab while its mail is on the way, and what may become of the mail."""

    lab: Lab
    stage: str
    lost: int = 0
    within: timedelta | None = None


@dataclass(frozen=True)
class Flow:
    """One expectation about mail: the lab as given and done for it, the messages, the paths, and what else is asserted.

    `paths` are the alternatives of `path`, each a list with a sentence for every copy; there are none for a flow that
    only says `never`. `expectations` are the other keys as written, checked in form, by their folded names.
    """

    name: str
    at: Source
    stage: str | None
    lab: Lab
    tree: Node
    send: tuple[Send, ...]
    paths: tuple[tuple[Sentence, ...], ...]
    also: tuple[Sentence, ...] = ()
    expectations: Mapping[str, Node] = field(default_factory=dict)
    always: Mapping[str, Source] = field(default_factory=dict)
    violates: Mapping[str, Source] = field(default_factory=dict)
    date: datetime | None = None
    until: timedelta | None = None
    repeats: bool = False  # comes from `still`
    note: str = ""
    source: str = ""
    validations: tuple[Validate, ...] = ()  # of the steps of file, stage and flow, in their order
    pauses: tuple[Pause, ...] = ()  # likewise
    later: tuple[Change, ...] = ()
    tags: tuple[str, ...] = ()  # of file, stage and flow
    meanwhile: bool = False  # its senders still have the DNS of the stage before
    back: StepBack | None = None  # its lab steps back while its mail is on the way

    @property
    def expected(self) -> tuple[Sentence, ...]:
        """The first alternative, without `...`."""
        return tuple(s for s in self.paths[0] if s is not ELLIPSIS) if self.paths else ()

    @property
    def any_of(self) -> tuple[tuple[Sentence, ...], ...]:
        """All alternatives, where there are several."""
        return self.paths if len(self.paths) > 1 else ()

    @property
    def open_ended(self) -> bool:
        """Whether other copies are allowed beside those expected (`...`, or no path at all)."""
        return not self.paths or any(ELLIPSIS in sentences for sentences in self.paths)

    @property
    def waits(self) -> bool:
        """Whether it is looked at when the first attempt has failed at every target: some copy ends in DEFERRED."""
        return self.until is None and any(s.end.word == "DEFERRED" for sentences in self.paths for s in sentences)

    def until_time(self, begin: datetime) -> datetime | None:
        """The mail time at which `until` says to look."""
        return begin + self.until if self.until is not None else None


@dataclass(frozen=True)
class Stage:
    """A stage of a migration: the lab after its steps, and what is played in it, `still` included."""

    name: str
    at: Source
    tree: Node
    flows: tuple[Flow, ...]


@dataclass(frozen=True)
class Scenario:
    """A scenario file. `flows` are all of them in the order in which they are played."""

    file: str
    name: str
    about: str
    source: str
    lab: Lab  # as file-level `given` and `do` leave it
    tree: Node
    flows: tuple[Flow, ...]
    stages: tuple[Stage, ...] = ()
    always: Mapping[str, Source] = field(default_factory=dict)
    state: str = "fresh"
    warnings: tuple[Problem, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)  # file name -> text, for showing lines

    def keeps_state(self, flow: Flow) -> bool:
        """Whether a flow begins with what the one before left: queues, greylists, counters, clock."""
        return self.state == "kept" or (flow.stage is not None and flow.back is None)
