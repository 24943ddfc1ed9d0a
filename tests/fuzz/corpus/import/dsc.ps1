Configuration M365TenantConfig
{
    param ([System.Management.Automation.PSCredential] $Credential)
    Import-DscResource -ModuleName 'Microsoft365DSC'
    Node localhost
    {
        EXOInboundConnector "EXOInboundConnector-From gateway"
        {
            AssociatedAcceptedDomains    = @();
            CloudServicesMailEnabled     = $False;
            Comment                      = "the gateway's `"front`" door";
            ConnectorSource              = "Default";
            ConnectorType                = "Partner";
            Credential                   = $Credential;
            EFSkipIPs                    = @();
            EFSkipLastIP                 = $True;
            EFUsers                      = @();
            Enabled                      = $True;
            Ensure                       = "Present";
            Identity                     = "From gateway";
            RequireTls                   = $True;
            RestrictDomainsToCertificate = $True;
            RestrictDomainsToIPAddresses = $False;
            SenderDomains                = @("smtp:*;1");
            SenderIPAddresses            = @();
            TlsSenderCertificateName     = "mx.filter.example";
            TreatMessagesAsInternal      = $False;
        }
        EXOOutboundConnector "EXOOutboundConnector-To gateway"
        {
            AllAcceptedDomains            = $False;
            ConnectorType                 = "Partner";
            Enabled                       = $True;
            Ensure                        = "Present";
            Identity                      = "To gateway";
            RecipientDomains              = @("*");
            SmartHosts                    = @("mx.filter.example");
            TlsDomain                     = "mx.filter.example";
            TlsSettings                   = "DomainValidation";
            UseMxRecord                   = $False;
        }
        EXOAcceptedDomain "EXOAcceptedDomain-contoso.com"
        {
            DomainType      = "Authoritative";
            Ensure          = "Present";
            Identity        = "contoso.com";
            MatchSubDomains = $False;
            OutboundOnly    = $False;
        }
    }
}
