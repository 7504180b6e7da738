"""The tables ``[brokers.NAME]`` of ``sage.toml``: what a broker costs, and where it is."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from settings.paper_venue import PaperVenueSettings


class BrokerSettings(PaperVenueSettings):
    """``[brokers.NAME]`` of ``sage.toml``: one broker, by its label, or by its kind where it has none."""

    symbols: str = ""
    """Comma-separated; empty means that it trades all."""
    commission_per_share: Decimal | None = Field(None, ge=0, le=1000)
    """What it charges, and what a paper one charges: empty is 0.005 on paper, and nothing elsewhere."""
    commission_minimum: Decimal | None = Field(None, ge=0, le=1000)
    """The least for an order: empty is 1.00 on paper, and nothing elsewhere."""
    slippage_bp: Decimal | None = Field(None, ge=0, le=1000)
    """Half the spread and slippage, in basis points: empty is 1 on paper, and unknown elsewhere."""
    base_url: str = ""
    """Trading address; empty is APCA_API_BASE_URL."""
    stream_url: str = ""
    """Trade updates; empty is the stream beside the trading address."""
