"""Authentication policies, as far as they decide about SMTP: whether AUTH with a password is taken at all.

    user's AuthenticationPolicy, else OrganizationConfig DefaultAuthenticationPolicy, else no policy: passwords are taken

(CMD New-AuthenticationPolicy, Set-User, Set-OrganizationConfig.)
"""

from __future__ import annotations

from simulator.policy.settings import Settings, flag, ignored

__all__ = ["AuthenticationPolicy"]


class AuthenticationPolicy(Settings):
    """What New-AuthenticationPolicy takes. Protocols other than SMTP play no part here."""

    noun = "an authentication policy"
    cmdlet = "New-AuthenticationPolicy"

    AllowBasicAuthSmtp: bool = flag(False, "SMTP AUTH takes a password; a token is always taken")
    AllowBasicAuthActiveSync: object = ignored("another protocol", silent=True)
    AllowBasicAuthAutodiscover: object = ignored("another protocol", silent=True)
    AllowBasicAuthImap: object = ignored("another protocol", silent=True)
    AllowBasicAuthMapi: object = ignored("another protocol", silent=True)
    AllowBasicAuthOfflineAddressBook: object = ignored("another protocol", silent=True)
    AllowBasicAuthOutlookService: object = ignored("another protocol", silent=True)
    AllowBasicAuthPop: object = ignored("another protocol", silent=True)
    AllowBasicAuthPowershell: object = ignored("another protocol", silent=True)
    AllowBasicAuthReportingWebServices: object = ignored("another protocol", silent=True)
    AllowBasicAuthRpc: object = ignored("another protocol", silent=True)
    AllowBasicAuthWebServices: object = ignored("another protocol", silent=True)
    Identity: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("the name again", silent=True)
