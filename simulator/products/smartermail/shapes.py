"""How SmarterMail's administration API writes a domain (`settings/sysadmin/domain-put` and `domain-get`).

    domainLocation                    0 Local, 1 External (use MX record), 2 External (use host address)
    domainLocationAddress             Host Address
    deliverLocallyForExternalDomain   Deliver locally if user exists
    outgoingIP                        Outbound IPv4
    isEnabled                         Enabled
    domainData.hostname               Hostname

Field names are those of provisioning modules; only 0 = Local is confirmed, the other two follow the order of the page
(inferred). What `isSplitDomain` means is not documented, so it changes nothing here. How the API writes gateways is not known.
"""

from __future__ import annotations

from simulator.products.shape import Shape
from simulator.products.smartermail import accounts
from simulator.products.smartermail.settings import EXTERNAL_HOST, EXTERNAL_MX, LOCAL, DomainSettings

__all__ = ["SHAPES"]

_LOCATION = "Inbound Message Delivery"

SHAPES = (
    Shape(
        "domain", "Domains", DomainSettings, ("domainLocation", "deliverLocallyForExternalDomain", "domainLocationAddress", "outgoingIP"),
        "SmarterMail domains", ("name", "domainName", "domain", "idnName"), always=(_LOCATION,),
        renamed={
            "domainlocation": _LOCATION, "domainlocationaddress": "Host Address",
            "deliverlocallyforexternaldomain": "Deliver locally if user exists", "outgoingip": "Outbound IPv4", "isenabled": "Enabled",
            "hostname": "Hostname",
        },
        words={_LOCATION: {"0": LOCAL, "1": EXTERNAL_MX, "2": EXTERNAL_HOST}},
        doubtful={EXTERNAL_MX: "domainLocation 1 is taken for it, by the order of the page", EXTERNAL_HOST: "domainLocation 2 is taken for it, by the order of the page"},
        not_modelled=("isSplitDomain",),
        silent=(
            "path", "userCount", "size", "diskUsage", "domainAdminUsername", "mainDomainAdmin", "adminUsername", "adminPassword",
            "userLimit", "aliasLimit", "listLimit", "maxSize", "domainAliasCount", "aliasCount", "listCount", "secondaryStoragePath",
            "secondaryStorageAgeDays",
        ),
    ),
    *accounts.SHAPES,
)  # fmt: skip
