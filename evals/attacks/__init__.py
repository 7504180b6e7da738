"""The attack corpus: what attackers want, in which tongue and disguise, and by which door it comes."""
