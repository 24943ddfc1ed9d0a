"""How a product's own tools write one kind of object: what its records look like, and which cmdlets make and change it.

A record is what a `Get-` cmdlet gives as JSON, or what an administration API answers. It is told by its keys, so files may
be called as they like. Each product lists its shapes beside its settings; import and export know no product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.policy.settings import Settings
from simulator.source import Node

__all__ = ["METADATA", "Shape"]

METADATA = frozenset(
    word.casefold()
    for word in (
        "Guid", "ObjectState", "IsValid", "WhenChanged", "WhenCreated", "WhenChangedUTC", "WhenCreatedUTC", "DistinguishedName",
        "ExchangeVersion", "ObjectCategory", "ObjectClass", "OrganizationId", "OrganizationalUnitRoot", "OriginatingServer",
        "PSComputerName", "PSShowComputerName", "RunspaceId", "Id", "Identity", "Name", "AdminDisplayName", "ExchangeObjectId",
        "ImmutableId", "MaximumSupportedExchangeObjectVersion", "LastExchangeChangedTime", "IsDirSynced", "OrganizationalUnit",
        "Ensure", "IsSingleInstance", "ResourceName", "ResourceInstanceName", "ResourceId", "Credential", "ApplicationId",
        "TenantId", "CertificateThumbprint", "CertificatePath", "CertificatePassword", "ManagedIdentity", "AccessTokens",
        "DependsOn", "PsDscRunAsCredential", "ApplicationSecret",
    )
)  # fmt: skip
"""What every record has and no mail is decided by; the second half is Microsoft365DSC's."""


Folding = Callable[[str, Mapping[str, Node]], dict[str, object]]
"""From a local part and the settings of a record to what they add to the settings of the domain."""


@dataclass(frozen=True)
class Shape:
    """One kind of object. Names of settings are the cmdlet's; those of a product without cmdlets its page's labels."""

    noun: str  # of the cmdlet, or what the product calls it
    section: str  # the server's key that its objects stand under
    settings: type[Settings]
    tells: tuple[str, ...]  # keys that hardly any other record has
    plural: str  # "inbound connectors", for reports
    names: tuple[str, ...] = ("Name", "Identity")  # the keys that name it, best first
    single: str = ""  # the Identity of the only such object that counts; a space where it needs none
    resources: tuple[str, ...] = ()  # what Microsoft365DSC calls it
    short: str = ""  # the setting that a single value stands for
    always: tuple[str, ...] = ()  # written although it is the default: what a reader looks for
    remarks: tuple[str, ...] = ()  # settings that decide nothing and that somebody wrote: kept
    guessed: Mapping[str, str] = field(default_factory=dict)  # settings that a record may lack though they are needed
    renamed: Mapping[str, str] = field(default_factory=dict)  # other names of settings, by folded name
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by setting: a record's word -> the setting's
    finer: Mapping[str, str] = field(default_factory=dict)  # settings, and a key that says the same more exactly
    doubtful: Mapping[str, str] = field(default_factory=dict)  # settings whose meaning in a record is inferred, and why
    spaces: tuple[str, ...] = ()  # settings that are address spaces: smtp:*;1
    silent: tuple[str, ...] = ()  # further keys of a record that no mail is decided by
    not_modelled: tuple[str, ...] = ()  # settings that would decide, and do not here; kept in the lab all the same
    keeps_not_modelled: bool = False
    ranked: bool = False  # the order of its objects counts
    # cmdlets
    parameters_not: tuple[str, ...] = ()  # settings that no cmdlet takes
    new: bool = True  # there is a New- cmdlet
    new_takes: tuple[str, ...] = ()  # what New- takes, where the rest is for Set-
    made_by: str = ""  # how it comes to be where there is no New- cmdlet
    other_cmdlets: Mapping[str, str] = field(default_factory=dict)  # settings that another cmdlet than Set- sets
    kinds: Mapping[str, str] = field(default_factory=dict)  # a recipient's type -> the noun of its cmdlets
    named_with: tuple[str, ...] = ()  # settings that are part of its name
    folded: Folding | None = None  # its objects are settings of their domain: which
    resident: Callable[[Mapping[str, Node]], bool] | None = None  # its objects are people: whether one gets mail
    always_there: tuple[str, ...] = ()  # how the names of objects begin that nobody has to make
