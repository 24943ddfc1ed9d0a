"""`docs/findings.md`, made from the registry, and the explanation of one id."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from simulator.findings import SEVERITIES, Kind, all_kinds

__all__ = ["FAMILIES", "every_kind", "explained", "page"]

FAMILIES = {
    "MF00": "Files",
    "MF01": "Routing and loops",
    "MF02": "Trust and relay",
    "MF03": "TLS and certificates",
    "MF04": "DNS",
    "MF05": "Connectors that are shadowed or not reached",
    "MF06": "Settings that delay mail",
    "MF07": "What scenarios do not cover",
    "MF08": "What a migration leaves behind, or has not done yet",
}


def every_kind() -> tuple[Kind, ...]:
    """All kinds, those of products that no lab has among them."""
    import_module("simulator.check.looking")
    products = import_module("simulator.products")
    for product in pkgutil.iter_modules(products.__path__, "simulator.products."):
        if product.ispkg:
            inside = import_module(product.name)
            if any(module.name == "findings" for module in pkgutil.iter_modules(inside.__path__)):
                import_module(f"{product.name}.findings")
    return all_kinds()


def explained(kind: Kind) -> str:
    """One id, for `--explain`."""
    return f"{kind.id}  {kind.severity}: {kind.title}\n\n{kind.about}\n\nfix   {kind.fix}\ntest  {kind.test}"


def page() -> str:
    """The whole page."""
    kinds = every_kind()
    lines = [
        "# Findings of `mailflow check`", "", "Made by `mailflow check --markdown`; do not edit.", "",
        "Each finding is a prediction; the test named beside it plays the mail that the finding is about. An id never changes "
        "its meaning.", "", *(f"* **{name}**: {meaning}" for name, meaning in SEVERITIES.items()),
    ]  # fmt: skip
    for family, title in FAMILIES.items():
        mine = [k for k in kinds if k.id.startswith(family)]
        if mine:
            lines += ["", f"## {family}x {title}"]
        for one in mine:
            lines += [
                "",
                f"### {one.id} {one.title}",
                "",
                f"*{one.severity}.* {one.about}",
                "",
                f"**Fix.** {one.fix}",
                "",
            ]
            lines += [f"Test: `{one.test}`"]
    return "\n".join(lines)
