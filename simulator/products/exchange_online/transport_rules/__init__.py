"""Mail flow (transport) rules of a tenant: who, whom and what they are about, and what they do.

What a lab file says:

    rule          the parameters of New-TransportRule, and what the cmdlet objects to
    conditions    the conditions and their ExceptIf twins
    notation      sizes, dates, ranges of addresses, attributes; patterns: words and regular expressions
    lint          limits of all rules together, names that lead nowhere

What is decided:

    case          one message for one recipient, and what is known of them
    predicates    how each condition is judged: people (who, whom), content (what), kinds (message types)
    evaluate      all rules by priority, with the reason of each
    actions       what a rule does; disclaimer: text in the body
    revision      when rules are asked on the way of a message
    way           the connector and the TLS that a rule chose
"""
