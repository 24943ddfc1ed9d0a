"""mailflow: plays mail hosts over real SMTP on loopback, says why, and asserts on the delivery path."""

__version__ = "0.1.0"
