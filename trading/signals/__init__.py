"""From bars and readings to signals: indicators, quant, text and the composite of both."""
