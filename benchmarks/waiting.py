"""A cycle that waits for a slow model, beside LangGraph with ChatOpenAI: how near both come to the ideal.

The model is a server of its own process on loopback that answers after a second, whatever it is asked. A cycle with so
many candidates, at most so many questions at once, can take no less than ``questions * seconds / concurrency``: that is
the ideal, and every figure is told as a multiple of it. Ours is the whole product of ``cycle.py`` (market, figures,
gates, orders, ledger, explanations) with the client it always uses; the peer is a graph of six nodes with four answers
of ``ChatOpenAI`` a candidate, ``SqliteSaver`` on a file, and ``batch`` over the candidates: no market, no gates, no
orders.

The policy allows 200 questions a cycle, so beyond 66 candidates a gate refuses every order of ours: all are judged and
told, and none is sent. What sends cost is in ``cycle.py``.
"""

from __future__ import annotations

import gc
import json
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from cycle import (
    ANSWERED,
    STEPS,
    InstantModel,
    PeerGraph,
    Scene,
    StepState,
    a_cycle,
    a_scene,
    a_start,
    config,
    symbols_of,
)
from harness.report import Report, Row, arguments
from harness.slow_model import PLAIN, slow_model
from harness.timing import Spent, timed
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from pydantic import SecretStr

from agents.llm import Sampling
from agents.models.openai_llm import OpenAIModel
from agents.outputs import OUTPUTS
from app import COLLECTED_AT

REACH = 1.05
"""Wall time as a multiple of the ideal."""
QUESTION = "Symbol: {symbol}\n" + "A line of evidence with a figure in it, 123.45 USD.\n" * 60
"""About as long as ours."""


def answers_of(model: InstantModel) -> dict[str, str]:
    """What the server says, by schema and symbol."""
    told = {f"{OUTPUTS[role].__name__}/{symbol}": reply.text for (role, symbol), reply in model.answers.items()}
    return {**told, PLAIN: "x" * 700}


def ours(scene: Scene, address: str, concurrency: int) -> tuple[Spent, int, Mapping[str, float]]:
    """One cycle of the product: what it took, how many questions were asked, and CPU by node."""
    with (
        OpenAIModel(Sampling("slow"), base_url=address, api_key=SecretStr("none"), timeout_s=120) as model,
        a_start(scene.folder, model, scene.symbols, concurrency) as runtime,
    ):
        run = a_cycle(runtime, scene.symbols)
    return run.spent, run.calls, run.cpu_ms


def chat_graph(chat: ChatOpenAI, saver: SqliteSaver) -> PeerGraph:
    """The six steps of ``cycle.py``'s peer, four of which ask the model."""
    graph = StateGraph(StepState)

    def asks(state: StepState) -> dict[str, Any]:
        return {"said": [str(chat.invoke(QUESTION.format(symbol=state["symbol"])).content)]}

    for name in STEPS:
        graph.add_node(name, asks if name in ANSWERED else lambda _state: {"said": []})
    for before, after in zip((START, *STEPS), (*STEPS, END), strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


def peer(folder: Path, address: str, count: int, concurrency: int) -> Spent:
    """All candidates through the peer's graph, each in a thread of its own."""
    chat = ChatOpenAI(model="slow", base_url=address, api_key=SecretStr("none"), timeout=120, max_retries=0)
    with closing(sqlite3.connect(folder / "peer.db", check_same_thread=False)) as connection:
        saver = SqliteSaver(connection)
        saver.setup()
        graph = chat_graph(chat, saver)
        names = [str(symbol) for symbol in symbols_of(count)]
        states = [{"symbol": name, "said": []} for name in names]
        configs = [{**config(name), "max_concurrency": concurrency} for name in names]
        return timed(lambda: graph.batch(states, configs))


def row(what: str, spent: Spent, questions: int, seconds: float, concurrency: int) -> Row:
    """One line of the table."""
    ideal = questions * seconds / concurrency
    return {
        "what": what,
        "questions": questions,
        "ideal s": round(ideal, 2),
        "wall s": round(spent.wall_s, 2),
        "of the ideal": round(spent.wall_s / ideal, 3),
        "cpu s": round(spent.cpu_s, 2),
        "reach": REACH if what == "Sage" else None,
    }


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--candidates", type=int, default=500, help="of the one cycle")
    parser.add_argument("--seconds", type=float, default=1.0, help="that the model thinks")
    parser.add_argument("--concurrency", type=int, default=32, help="questions at once")
    chosen = parser.parse_args()
    gc.set_threshold(*COLLECTED_AT)  # as every start has it
    report = Report("waiting")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = a_scene(folder, chosen.candidates)
        answers = folder / "answers.json"
        answers.write_text(json.dumps(answers_of(scene.model)), encoding="utf-8")
        with slow_model(answers, chosen.seconds) as address:
            spent, questions, nodes = ours(scene, address, chosen.concurrency)
            others = peer(folder, address, chosen.candidates, chosen.concurrency)
        asked = len(ANSWERED) * chosen.candidates
        rows = [
            row("Sage", spent, questions, chosen.seconds, chosen.concurrency),
            row("LangGraph, ChatOpenAI, SqliteSaver", others, asked, chosen.seconds, chosen.concurrency),
        ]
        report.add("One cycle with a slow model, beside its ideal", rows)
        report.add("CPU of the cycle by node", [{"node": node, "cpu ms": round(ms)} for node, ms in nodes.items()])
    report.write(chosen.json)


if __name__ == "__main__":
    main()
