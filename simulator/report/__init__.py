"""Views: everything that people and machines read of a run, computed from the event log."""
