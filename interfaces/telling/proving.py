"""What a check of the record proves, and against whom, in the words of every face."""

from __future__ import annotations

from interfaces.views.checks import AuditView

NOT_WHOLE = "The record is not whole."
NOT_PROVEN = "Not proven, because no entry of the ledger says it"
AGAINST = (
    "This holds against everybody who cannot write the tables, the ledger and its anchor file together. Who owns this "
    "machine can; only a copy of the anchor that is kept elsewhere shows that."
)


def whole(view: AuditView) -> str:
    """What has been proven of a record in which nothing was found."""
    chained = f"{view.entries:,} entries, each chained to the one before: none was changed, removed or added."
    return f"{chained} {len(view.tables)} tables were compared with them, row by row: all agree."
