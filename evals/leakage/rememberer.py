"""The scripted model that every probe for memory must catch: it goes by the name alone and never reads the evidence."""

from __future__ import annotations

import json
from typing import Any

from agents.llm import ModelReply, ModelRequest, Sampling
from agents.models.rules_llm import RulesModel
from agents.slots import read_slot


class Remembering:
    """Takes the symbols that it remembers, and leaves what it has never heard of."""

    def __init__(self, remembered: frozenset[str]) -> None:
        self._remembered = remembered
        self._rules = RulesModel()
        self.name, self.sampling = "scripted:remembering", Sampling("remembering")

    def complete(self, request: ModelRequest) -> ModelReply:
        """The usual document with the judgement of a memory."""
        document = json.loads(self._rules.complete(request).text)
        takes = _symbol_in(request) in self._remembered
        fraction = 1 if takes else 0
        changes: dict[str, dict[str, Any]] = {
            "advisor": {"stance": "take" if takes else "skip", "direction": 1, "size_fraction": fraction},
            "inspector": {"ruling": "allow" if takes else "block", "max_fraction": fraction},
            "decider": {"action": "take" if takes else "skip", "size_fraction": fraction},
        }
        text = json.dumps({**document, **changes.get(request.role, {})})
        return ModelReply(text, "stop", "remembering", "scripted", 0, 0, 0)


def _symbol_in(request: ModelRequest) -> str:
    return str(read_slot(request.user, "plan")[0]["ref"]).partition("@")[2]
