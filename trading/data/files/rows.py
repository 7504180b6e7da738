"""The rows of one bars file as text, from CSV or Parquet, with the line each came from."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from domain.errors import ConfigurationError, DataQualityError

COLUMNS = ("symbol", "time", "open", "high", "low", "close", "volume")


class Row(NamedTuple):
    """One row: its line (or number, from 1) and its cells; ``whole`` is False where there are too few or too many."""

    line: int
    cells: Mapping[str, str]
    whole: bool = True


def rows_of(path: Path, name: str) -> Iterator[Row]:
    """All rows of a file called ``name`` in messages; a file that is no table raises DataQualityError."""
    return parquet_rows(path, name) if path.suffix == ".parquet" else csv_rows(path, name)


def csv_rows(path: Path, name: str) -> Iterator[Row]:
    """Rows of a CSV file in UTF-8 with a header; blank lines are passed over."""
    try:
        # Spreadsheets begin a UTF-8 file with a byte order mark, which would become part of the first column's name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            # Not strict, csv reads on behind a quotation mark that is never closed and makes one cell of the rest of
            # the file.
            reader = csv.reader(file, strict=True)
            header = checked_header(next(reader, []), name)
            for cells in reader:
                if cells:
                    # A row of the wrong length is told with its line, not raised: it must not cost the rows after it.
                    yield Row(reader.line_num, dict(zip(header, cells, strict=False)), len(cells) == len(header))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataQualityError(f"{name} is not a CSV file: {error}", "Save it as comma-separated UTF-8.") from error
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}", "Check the file's rights.") from error


def parquet_rows(path: Path, name: str) -> Iterator[Row]:
    """Rows of a Parquet file; needs pandas' Parquet engine."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        raise ConfigurationError(
            f"{name} needs a Parquet reader that is not installed", "Install pyarrow, or save the bars as CSV."
        ) from error
    except (OSError, ValueError) as error:
        raise DataQualityError(
            f"{name} is not a Parquet file: {error}", "Write it again, or save it as CSV."
        ) from error
    header = checked_header([str(column) for column in frame.columns], name)
    for line, cells in enumerate(frame.itertuples(index=False), start=1):
        yield Row(line, dict(zip(header, map(_text, cells), strict=True)))


def _text(cell: object) -> str:
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


def checked_header(header: Iterable[str], name: str) -> list[str]:
    """Column names in lower case; a missing or repeated one of ours is a DataQualityError."""
    columns = [column.strip().lower() for column in header]
    if not any(columns):
        raise DataQualityError(f"{name} is empty", f"Its first line names the columns: {','.join(COLUMNS)}.")
    wrong = [column for column in COLUMNS if columns.count(column) != 1]
    if wrong:
        raise DataQualityError(
            f"{name} line 1: the columns {', '.join(wrong)} have to be there once each",
            f"The header has to name {','.join(COLUMNS)}; others are passed over.",
        )
    return columns
