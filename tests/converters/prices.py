"""Price files of ../shared/data as the bars of a ``files:`` folder: columns renamed, figures copied as text."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
COLUMNS = ("symbol", "time", "open", "high", "low", "close", "volume")


class Folder(NamedTuple):
    """A folder of one file a symbol, the name of its time column, and what source.toml has to state about it."""

    path: Path
    time: str
    notes: str = ""


POLYGON_DAILY = Folder(SHARED / "market" / "polygon_daily_2025", "date")
YAHOO_DAILY = Folder(SHARED / "market" / "yahoo_daily_2021_2023", "Date")
YAHOO_HOURLY = Folder(SHARED / "market" / "yahoo_hourly_2026", "Date", 'zone = "UTC"\n')
YAHOO_DIRTY = Folder(SHARED / "market" / "yahoo_dirty", "Datetime", 'calendar = "XLON"\n')
STOCKNET = Folder(SHARED / "market" / "stocknet_prices_2012_2017", "Date")


def convert(folder: Folder, target: Path, names: Iterable[str]) -> Path:
    """Write the named files of ``folder`` (without ``.csv``) below ``target``; returns it."""
    (target / "bars").mkdir(parents=True, exist_ok=True)
    if folder.notes:
        (target / "source.toml").write_text(folder.notes, encoding="utf-8")
    for name in names:
        with (target / "bars" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows(folder, name))
    return target


def rows(folder: Folder, name: str) -> Iterator[list[str]]:
    """The rows of one file in the order of our columns; ``PSH-L-1d-bad-div`` is about PSH, ``BTC-USD`` about itself."""
    symbol = name.split("-", maxsplit=1)[0] if folder is YAHOO_DIRTY else name
    with (folder.path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cells = {key.lower(): cell for key, cell in row.items()}
            yield [symbol, row[folder.time], *(cells[column] for column in COLUMNS[2:])]
