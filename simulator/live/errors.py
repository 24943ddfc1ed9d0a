"""What keeps a lab from starting or running, told to the person who runs it."""

from __future__ import annotations

__all__ = ["LabError"]


class LabError(Exception):
    """A port that is taken, an address that cannot be bound. `fix` says what to do about it."""

    def __init__(self, says: str, fix: str = "") -> None:
        super().__init__(f"{says}. {fix}".strip() if fix else says)
        self.says, self.fix = says, fix
