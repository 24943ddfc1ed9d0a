"""The products, each a folder that implements `policy.host.Host` and holds its settings, rules and wording."""
