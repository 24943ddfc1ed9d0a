"""The plan engine: the same policies walked without a socket."""

from simulator.plan.walk import PlanEngine

__all__ = ["PlanEngine"]
