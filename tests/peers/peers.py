"""Real clients that tests talk to the lab with. A missing one skips the test with the way to install it, never in CI."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

__all__ = ["spoken_by"]


async def spoken_by(program: str, *arguments: str, package: str, says: bytes = b"") -> tuple[int, str]:
    """Exit code and everything that the program printed."""
    path = shutil.which(program)
    if path is None:
        why = f"{program} is not here; apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    process = await asyncio.create_subprocess_exec(
        path, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(says), 30)
    return process.returncode or 0, out.decode("utf-8", "replace")
