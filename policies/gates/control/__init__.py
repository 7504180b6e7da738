"""Gates on who and what may trade at all."""
