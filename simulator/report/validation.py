"""What `mailflow validate` says: the tasks as the service names them, under each its sub-steps, and the verdict last.

Validating "O365 to own servers" (Office 365 -> your organization's email server)

  1 Check connectivity to 'mail.contoso.com'                   Succeeded
      resolve      203.0.113.25
      certificate  CN=mail.contoso.com, issued by lab-public-ca, 60 days left; ...: met        contoso.yaml:25:22
  2 Send test email to john@contoso.com                        Failed
      RCPT         mail.contoso.com: 550 5.1.1 ...
      why          onprem: nobody@contoso.com has no mailbox here
"""

from __future__ import annotations

from typing import Any

from simulator.policy.validation import Task
from simulator.validation import Validation

__all__ = ["validation_json", "validation_text"]

_VERDICT, _WHERE, _STEP = 62, 100, 13


def validation_text(done: Validation) -> str:
    """The whole text."""
    leads = f" ({done.leads})" if done.leads else ""
    lines = [f'Validating "{done.connector}"{leads}', ""]
    if done.refusal:
        lines += [f"  {done.refusal}", *([f"  {done.why}{_at(done.at)}"] if done.why else []), ""]
        return "\n".join([*lines, "Nothing was tried."])
    for number, task in enumerate(done.tasks, 1):
        head = f"  {number} {_title(task)}"
        lines.append(f"{head:<{_VERDICT}} {'Succeeded' if task.ok else 'Failed'}")
        for step in task.steps:
            text = f"      {step.name:<{_STEP}}{step.says}"
            lines.append(f"{text}{_at(step.at)}")
        if not task.ok and not any(s.says in task.detail for s in task.steps if not s.ok):
            lines.append(f"      {'detail':<{_STEP}}{task.detail}")
    failed = [number for number, task in enumerate(done.tasks, 1) if not task.ok]
    count = len(done.tasks)
    which = f"step {failed[0]}" if len(failed) == 1 else f"steps {', '.join(map(str, failed))}"
    verdict = (
        f"Validation failed at {which} of {count}." if failed else f"Validation succeeded: {count} of {count} steps."
    )
    return "\n".join([*lines, "", f"{verdict} The connector stays as it was."])


def validation_json(done: Validation, engine: str) -> dict[str, Any]:
    """The same for programs; `TaskName` and `IsTaskSuccessful` are the cmdlet's."""
    return {
        "schema": "mailflow/validate/1",
        "engine": engine,
        "server": done.server,
        "connector": done.connector,
        "recipients": [str(r) for r in done.recipients],
        "succeeded": done.ok,
        "error": done.refusal,
        "why": done.why,
        "tasks": [_task_json(task) for task in done.tasks],
    }


def _task_json(task: Task) -> dict[str, Any]:
    steps = [{"step": s.name, "ok": s.ok, "says": s.says, "at": str(s.at) if s.at else ""} for s in task.steps]
    return {
        "TaskName": task.name, "IsTaskSuccessful": task.ok, "TaskDetail": task.detail, "about": task.about,
        "rule": task.rule, "steps": steps,
    }  # fmt: skip


def _title(task: Task) -> str:
    return task.name if f"'{task.about}'" in task.name else f"{task.name} to {task.about}"


def _at(place: object) -> str:
    return f"    {place}" if place else ""
