"""The words of mail as values: address, reply, TLS facts, session, envelope, message."""
