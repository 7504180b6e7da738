"""The twins behind the port ``agents/llm.py``: hosted, recorded, and rules."""
