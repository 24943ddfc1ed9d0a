"""The engine that really sends: sockets on loopback, STARTTLS with lab certificates, DNS over the wire."""
