"""Which service's pipeline this runs in, by the variables that it sets."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["folder_in_repository", "is_pipeline", "service", "step_summary"]

_SIGNS = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
_CHECKOUTS = ("GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY", "CI_PROJECT_DIR")


def is_pipeline() -> bool:
    """Whether nobody watches a terminal."""
    return any(os.environ.get(name, "").casefold() not in ("", "0", "false") for name in _SIGNS)


def service() -> str:
    """The service that marks lines of a change: github, azure, or none of them."""
    if os.environ.get("GITHUB_ACTIONS", "").casefold() == "true":
        return "github"
    if os.environ.get("TF_BUILD", "").casefold() == "true":
        return "azure"
    return ""


def step_summary() -> Path | None:
    """The file whose Markdown GitHub shows on the page of the run."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(name) if name else None


def folder_in_repository() -> str:
    """The working directory as the repository knows it, with forward slashes; empty at its root, and where there is none."""
    here = Path.cwd().resolve()
    named = [Path(value).resolve() for name in _CHECKOUTS if (value := os.environ.get(name))]
    roots = [root for root in named if here.is_relative_to(root)]
    roots += [folder for folder in (here, *here.parents) if (folder / ".git").exists()]
    if not roots:
        return ""
    relative = here.relative_to(roots[0]).as_posix()
    return "" if relative == "." else relative
