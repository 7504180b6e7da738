"""Figures computed from bars and quotes, point in time: statistics of returns, and the moves of a session."""
