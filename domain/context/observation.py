"""An observation: all that one cycle saw at its ``as_of``, stored whole so that it can be resumed and replayed."""

from __future__ import annotations

from dataclasses import dataclass

from domain.book import Book
from domain.case import Control, MarketView
from domain.evidence import EvidenceSet
from domain.signals import CompositeSignal, ScannerAlert


@dataclass(frozen=True, slots=True)
class Observation:
    """Evidence for the roles beside the values it was taken from, for the code that screens and gates."""

    evidence: EvidenceSet
    signals: tuple[CompositeSignal, ...]
    alerts: tuple[ScannerAlert, ...]
    market: MarketView
    book: Book
    control: Control
    missing: tuple[str, ...]
    """Sources and symbols that did not answer, in words for the operator."""
