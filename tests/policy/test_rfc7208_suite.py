"""Every case of the test suite of RFC 7208."""

from __future__ import annotations

import pytest

from simulator.policy.spf import check
from tests.answering import answered
from tests.policy.builders import MONDAY
from tests.policy.spf_suite import Case, cases

_CASES = cases()


def test_the_suite_is_whole() -> None:
    assert 203 == len(_CASES)


@pytest.mark.parametrize("case", _CASES, ids=[case.name for case in _CASES])
def test_the_case_comes_out_as_the_suite_says(case: Case) -> None:
    verdict = answered(check(case.ip, case.sender, case.helo, now=MONDAY), case.zone)
    assert verdict.result in case.results, verdict
    if case.explanation is not None:
        assert case.explanation == verdict.explanation, verdict
