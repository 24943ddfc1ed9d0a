"""Whether a `validate` step came to what the scenario says of it."""

from __future__ import annotations

from simulator.scenario.compare import says_fits
from simulator.scenario.model import Validate
from simulator.scenario.wire import Difference
from simulator.validation import Validation

__all__ = ["validation_differences"]


def validation_differences(step: Validate, done: Validation) -> list[Difference]:
    """None where it succeeded, or failed as it must and said so."""
    wanted = f"{step.connector} {'fails' if step.fails else 'succeeds'}{f': {step.says}' if step.says else ''}"
    got = f"{done.connector} {'succeeds' if done.ok else f'fails: {done.says}'}"
    told = done.says if not done.ok else "; ".join(task.detail for task in done.tasks)
    if done.ok == step.fails or (step.says and not says_fits(step.says, told)):
        return [Difference("validate", step.at, wanted, got)]
    return []
