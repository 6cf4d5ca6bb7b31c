"""Figures of merit, computed from arrays; they know no model and no file."""
