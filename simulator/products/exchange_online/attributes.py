"""What the directory knows of a person beside addresses: the attributes that mail flow rules compare.

Rules name them as Active Directory does, Set-User, Set-Contact and Set-Mailbox a little otherwise:

    City Company Department DisplayName FirstName Initials LastName Manager Notes Office Title     the same
    CustomAttribute1 ... CustomAttribute15                                                         the same
    Country CountryOrRegion   FaxNumber Fax   HomePhoneNumber HomePhone   MobileNumber MobilePhone   PagerNumber Pager
    PhoneNumber Phone   POBox PostOfficeBox   State StateOrProvince   Street StreetAddress   ZipCode PostalCode
    UserLogonName UserPrincipalName   Email: the primary address
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.mail.address import Address
from simulator.policy.settings import Settings, custom, text
from simulator.products.exchange_notation import recipient

__all__ = ["ATTRIBUTES", "Attributes"]


def _words(doc: str) -> Any:
    return text(f"{doc}; compared by mail flow rules")


class Attributes(Settings):
    """The settings of a recipient that say who it is."""

    City: str = _words("attribute City")
    Company: str = _words("attribute Company")
    CountryOrRegion: str = _words("attribute Country")
    Department: str = _words("attribute Department")
    DisplayName: str = _words("attribute DisplayName")
    Fax: str = _words("attribute FaxNumber")
    FirstName: str = _words("attribute FirstName")
    HomePhone: str = _words("attribute HomePhoneNumber")
    Initials: str = _words("attribute Initials")
    LastName: str = _words("attribute LastName")
    Manager: Address | None = custom(
        lambda node: recipient(node.text), None, "the address of the manager, for mail flow rules", {"type": "string"}
    )
    MobilePhone: str = _words("attribute MobileNumber")
    Notes: str = _words("attribute Notes")
    Office: str = _words("attribute Office")
    OtherFax: str = _words("attribute OtherFaxNumber")
    OtherHomePhone: str = _words("attribute OtherHomePhoneNumber")
    OtherTelephone: str = _words("attribute OtherPhoneNumber")
    Pager: str = _words("attribute PagerNumber")
    Phone: str = _words("attribute PhoneNumber")
    PostOfficeBox: str = _words("attribute POBox")
    PostalCode: str = _words("attribute ZipCode")
    StateOrProvince: str = _words("attribute State")
    StreetAddress: str = _words("attribute Street")
    Title: str = _words("attribute Title")
    UserPrincipalName: str = _words("attribute UserLogonName")
    CustomAttribute1: str = _words("attribute CustomAttribute1")
    CustomAttribute2: str = _words("attribute CustomAttribute2")
    CustomAttribute3: str = _words("attribute CustomAttribute3")
    CustomAttribute4: str = _words("attribute CustomAttribute4")
    CustomAttribute5: str = _words("attribute CustomAttribute5")
    CustomAttribute6: str = _words("attribute CustomAttribute6")
    CustomAttribute7: str = _words("attribute CustomAttribute7")
    CustomAttribute8: str = _words("attribute CustomAttribute8")
    CustomAttribute9: str = _words("attribute CustomAttribute9")
    CustomAttribute10: str = _words("attribute CustomAttribute10")
    CustomAttribute11: str = _words("attribute CustomAttribute11")
    CustomAttribute12: str = _words("attribute CustomAttribute12")
    CustomAttribute13: str = _words("attribute CustomAttribute13")
    CustomAttribute14: str = _words("attribute CustomAttribute14")
    CustomAttribute15: str = _words("attribute CustomAttribute15")

    def attribute(self, name: str) -> str:
        """What stands in an attribute, by the name that rules give it; empty where nothing does."""
        found = getattr(self, ATTRIBUTES[name]) if name != "Email" else self.name
        return str(found or "")


_OTHERWISE: Final = {
    "Country": "CountryOrRegion", "FaxNumber": "Fax", "HomePhoneNumber": "HomePhone", "MobileNumber": "MobilePhone",
    "OtherFaxNumber": "OtherFax", "OtherHomePhoneNumber": "OtherHomePhone", "OtherPhoneNumber": "OtherTelephone",
    "PagerNumber": "Pager", "PhoneNumber": "Phone", "POBox": "PostOfficeBox", "State": "StateOrProvince",
    "Street": "StreetAddress", "UserLogonName": "UserPrincipalName", "ZipCode": "PostalCode",
}  # fmt: skip

ATTRIBUTES: Final[Mapping[str, str]] = {
    "Email": "",
    **{key: key for key in Attributes.__fields__ if key not in _OTHERWISE.values()},
    **_OTHERWISE,
}
"""The setting behind every attribute that a rule may name."""
