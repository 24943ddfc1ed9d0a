"""Scenario and lab files: reading them, the path sentence, and what a run is compared with."""
