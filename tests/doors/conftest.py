"""Commands are tried as on a desk: what a pipeline says about itself does not reach them."""

from __future__ import annotations

import pytest

_VARIABLES = (
    "CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "GITLAB_CI", "CI_PROJECT_DIR", "TF_BUILD",
    "BUILD_SOURCESDIRECTORY", "JENKINS_URL", "TEAMCITY_VERSION",
)  # fmt: skip


@pytest.fixture(autouse=True)
def on_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
