"""Everything the gates have looked at, whole, so that any verdict can be asked for again."""
