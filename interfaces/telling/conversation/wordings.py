"""The usual words of questions, in English, German, Spanish and Russian: which of them names which view.

Patterns are met by folded text: without capitals and without marks, so that ``cuanto perdi`` is ``cuánto perdí``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Topic = Literal[
    "status", "positions", "orders", "trades", "balance", "pnl", "performance", "stats", "risk", "limits", "pending",
    "people", "experiments", "chart", "explain", "whynot", "whatif", "help", "bye",
]  # fmt: skip


def folded(text: str) -> str:
    """Without capitals and marks: ``Qué`` is ``que``, ``Größe`` is ``grosse``, ``ещё`` is ``еще``."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def words(*patterns: str) -> re.Pattern[str]:
    """Any of these, from the beginning of a word to the end of one."""
    return re.compile(rf"\b(?:{folded('|'.join(patterns))})\b")


WHY = words(
    "why", "explain", "reason", "because", "how come", "what happened",
    "warum", "wieso", "weshalb", r"erklär\w*", "grund", "was ist (?:passiert|geschehen)",
    "por que", "porque", r"explica\w*", "razón", "motivo", "qué (?:pasó|ha pasado)",
    "почему", "зачем", r"объясни\w*", r"причин\w*", "что случилось",
)  # fmt: skip
NOT = words("not", r"\w+n['’]t", "no", "never", "nothing", r"nicht\w*", r"kein\w*", "nie", "nunca", "nada", "не", "нет")
IF = words(
    "if", "suppose", r"(?:can|could|may|should|would) (?:i|we|you|sage|the gates)",
    "wenn", "falls", "angenommen", r"(?:kann|könnte|darf|soll|sollte) (?:ich|man|wir)",
    "si", "puedo", "podría", "podemos", "если", "можно", "могу ли", "могу",
)  # fmt: skip
BUY = words(r"buy(?:ing)?", "bought", r"kauf(?:e|en|te|st)?", "gekauft", r"compr\w+", r"куп(?:и|лю|ить|ил|им|ила)",
            r"покупа\w*")  # fmt: skip
SELL = words(r"sell(?:ing)?", "sold", r"short(?:ed|ing)?", r"verkauf\w*", r"vend\w+",
             r"прода(?:й|м|ть|л|ла|дим|вать|ю)")  # fmt: skip
TRADE = words(r"trad(?:e|ed|ing)", "enter(?:ed)?", r"propose[ds]?", "take", "taken", "took", r"handel\w*", r"oper\w+",
              r"торг\w*")  # fmt: skip

HELD = (
    "positions?", "holdings?", "hold", "own", "portfolio",
    r"position(?:en)?", "bestand", "bestände", "depot", "halte", "halten", "besitze",
    r"posici(?:ón|ones)", "cartera", "tengo en cartera",
    r"позици\w*", r"портфел\w*", "держу", "держим",
)  # fmt: skip
GAIN = (
    r"pnl", "p&l", r"profits?", r"loss(?:es)?", "lost", r"los(?:e|es|ing)", r"earn(?:ed|s)?", "gain(?:ed|s)?",
    r"(?:did|have|do|does|has|much|what)\b.*\b(?:make|made|making|win|won)", "drawdown",
    r"gewinn\w*", r"gewonnen", r"verlust\w*", r"verlor\w*", r"verlier\w*", r"verdien\w*", r"eingenommen",
    r"(?:habe|hat|haben|viel)\b.*\bgemacht", "rendite",
    r"perd\w+", r"pierd\w+", r"pérdidas?", r"gan(?:o|é|a|ó|ado|amos|aron|ancias?|é)", r"beneficios?", "rendimiento",
    r"прибыл\w*", r"убыт\w*", r"потеря\w*", r"теря\w*", r"заработа\w*", r"выигра\w*", r"проигра\w*", r"доход\w*",
)  # fmt: skip
WHICH = words("which", "welche[srn]?", "cuál(?:es)?", "qué (?:acción|acciones|posición|posiciones|símbolo|valor)",
              r"как(?:ая|ой|ие) (?:акци\w*|бумаг\w*|позици\w*|символ\w*)")  # fmt: skip

TOPICS: tuple[tuple[Topic, re.Pattern[str]], ...] = (
    # The first that fits counts: `why was my order not filled?` asks for a reason and not for orders.
    ("bye", words("quit", "exit", "bye", "tschüss", "auf wiedersehen", "adiós", "до свидания")),
    ("explain", WHY),
    ("chart", words("charts?", "pictures?", "graphs?", "plot", "draw", r"diagramm\w*", "bild", "zeichne",
                    "gráfic[oa]s?", "dibuja", r"график\w*", r"нарисуй\w*")),
    ("people", words("people", "persons?", "roles?", "owners?", "who (?:may|can|am|is allowed)", "whoami",
                     "wer (?:darf|kann|bin)", "rollen", "quién (?:puede|soy)", "roles", "personas",
                     "кто (?:может|я)", r"рол[иь]")),
    ("experiments", words(r"backtest\w*", "experiments?", r"бэктест\w*")),
    ("pending", words("pending", "waiting", "waits?", r"approv\w*", "decide", r"wart(?:et|en)", r"freigab\w*",
                      r"freigeb\w*", r"genehmig\w*", r"pendientes?", r"esper[ao]n?", r"aprob\w*", r"жд[её]т",
                      r"ожида\w*", r"одобр\w*")),
    ("stats", words(r"stat(?:s|istics?)", "win rate", "sharpe", "expectancy", "statistik", "trefferquote",
                    "estadísticas?", r"статистик\w*")),
    ("pnl", words(*GAIN)),
    ("balance", words("balances?", "cash", "buying power", "account", r"how much money\b.*\b(?:have|got|is there|left)",
                      "kontostand", "konto", "guthaben", "bargeld", "kaufkraft", r"wie ?viel geld", "saldo", "efectivo",
                      "cuenta", "poder de compra", r"cuánto dinero", r"баланс\w*", r"счет\w*", r"наличн\w*",
                      r"сколько денег", "остаток")),
    ("pnl", words("equity", "money", "geld", "dinero", "деньги", "денег", "ergebnis", "resultado")),
    ("positions", words(*HELD)),
    ("trades", words("trades?", "round trips?", "closed", r"geschlossen\w*", "operaciones", "cerrad[oa]s?", r"сдел\w*",
                     r"закрыт\w*")),
    ("orders", words("orders?", "fills?", "sent", "filled", "auftrag", r"aufträge\w*", r"órdenes", "orden", r"ордер\w*",
                     r"заявк\w*")),
    ("limits", words("limits?", "policy", "allowed", "grenzen?", r"limites?", "regeln", r"лимит\w*", "erlaubt",
                     "política", "permitido", r"правил\w*")),
    ("risk", words("risk", "room", "headroom", "exposure", "gates?", "risiko", "spielraum", "riesgo", r"риск\w*")),
    ("status", words("status", "state", "mode", "running", "paused", "killed", "alive", "zustand", "läufst", "läuft",
                     "modus", "estado", "modo", "состояние", "статус", "режим", "работаешь")),
)  # fmt: skip
CHARTS = (
    ("EXPOSURE", words("exposure", *HELD)),
    ("GATES", words("gates?", "room", "headroom", "limits?", "risk", "risiko", "riesgo", r"риск\w*")),
)
"""Kinds of picture by their usual words; any other question for one is about the equity."""

LAST = words("last", "previous", r"letzte[nsrm]?", r"vorige[nsrm]?", r"pasad[oa]", r"últim[oa]", r"прошл\w+")
PERIODS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    # What is asked of the one before is in the lines of the longer one.
    ("day", "week", words("today", "heute", "hoy", "сегодня")),
    ("month", "month", words("yesterday", "gestern", "ayer", "вчера")),
    ("week", "month", words("week", "woche", "semana", r"недел\w*")),
    ("month", "ytd", words("month", "monat", "mes", r"месяц\w*")),
    ("ytd", "total", words("year", "ytd", "jahr", "año", r"год\w*")),
    ("total", "total", words("total", "ever", "so far", "in all", "overall", "all time", "insgesamt", "bisher",
                             "en total", "hasta ahora", "всего", "за все время")),
)  # fmt: skip
"""A period, the one that has the same of before in its lines, and its words."""

ACRONYMS = frozenset({"AI", "EUR", "FX", "GBP", "ID", "LLM", "OK", "PL", "PNL", "SL", "TP", "US", "USA", "USD", "UTC",
                      "VWAP", "TWAP", "YTD"})  # fmt: skip
"""Words in capitals that name no symbol."""
ALSO_WORDS = frozenset({"A", "ALL", "AM", "AN", "ANY", "ARE", "AS", "AT", "BE", "BY", "CAN", "CASH", "DAY", "DID", "DO",
                        "FOR", "GO", "HAS", "HAVE", "HE", "HOW", "I", "IF", "IN", "IS", "IT", "LOW", "MAY", "ME", "MY",
                        "NOW", "OF", "ON", "OPEN", "OR", "OUT", "SO", "THE", "TO", "TWO", "UP", "WE", "WELL", "WHO",
                        "WHY", "YOU", "DAS", "DER", "DIE", "ES", "HAT", "MAN", "MIT", "EL", "LA", "LO", "DE", "QUE",
                        "MES", "SI", "YO"})  # fmt: skip
"""Symbols of some market that are words of a question too: only in capitals are they meant."""
