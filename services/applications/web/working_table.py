"""The office's working table: filters, order and page live in the address; the same address gives CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from chassis.languages import gettext

PAGE = 25
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, and what it sorts by and writes to CSV."""

    name: str
    head: str
    value: Callable[[Row], Any]
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of the form: its choices, and which rows match one."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    matches: Callable[[Row, str], bool]


@dataclass(frozen=True, slots=True)
class Table:
    """What one address of a table comes to."""

    here: str
    asked: Mapping[str, str]
    columns: Sequence[Column]
    filters: Sequence[Filter]
    matching: list[Row]
    page: int

    @property
    def rows(self) -> list[Row]:
        """The rows of this page."""
        return self.matching[(self.page - 1) * PAGE : self.page * PAGE]

    @property
    def count(self) -> int:
        """How many rows match."""
        return len(self.matching)

    @property
    def first(self) -> int:
        """Number of the first row shown."""
        return (self.page - 1) * PAGE + 1 if self.matching else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.page * PAGE, self.count)

    @property
    def next_page(self) -> str:
        """The address of the next page, or nothing."""
        return self._address(page=str(self.page + 1)) if self.last < self.count else ""

    @property
    def page_before(self) -> str:
        """The address of the page before, or nothing."""
        return self._address(page=str(self.page - 1)) if self.page > 1 else ""

    @property
    def as_csv(self) -> str:
        """The same table as a file."""
        return self._address(format="csv", page=None)

    @property
    def heads(self) -> list[Row]:
        """Column heads as links that sort, and turn the order round."""
        heads: list[Row] = []
        for column in self.columns:
            is_up, is_down = (
                self.asked.get("sort") == f"{sign}{column.name}" for sign in ("", "-")
            )
            heads.append(
                {
                    "text": column.head,
                    "number": column.is_number,
                    "order": "ascending" if is_up else "descending" if is_down else None,
                    "href": self._address(
                        sort=f"-{column.name}" if is_up else column.name, page=None
                    ),
                }
            )
        return heads

    @property
    def applied(self) -> list[Row]:
        """Filters in use, each with the address without it."""
        words = [("words", gettext("Words"), {}), *self._named()]
        return [
            {
                "text": f"{label}: {choices.get(self.asked[name], self.asked[name])}",
                "without": self._address(**{name: None, "page": None}),
            }
            for name, label, choices in words
            if self.asked.get(name)
        ]

    def _named(self) -> list[tuple[str, str, dict[str, str]]]:
        return [(each.name, each.label, dict(each.choices)) for each in self.filters]

    def _address(self, **changed: str | None) -> str:
        kept = {**self.asked, **changed}
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.here}?{query}" if query else self.here


def table_of(
    query: QueryParams,
    rows: list[Row],
    *,
    here: str,
    columns: Sequence[Column],
    filters: Sequence[Filter] = (),
) -> Table:
    """Filter, sort and page. A filter or column that is not known is left out, and not shown."""
    known = {each.name: each for each in filters}
    asked = {"words": query.get("words", "").strip()[:100]}
    matching = [row for row in rows if asked["words"].lower() in _text(row)]
    for name, each in known.items():
        value = query.get(name, "")
        if value in dict(each.choices):
            asked[name] = value
            matching = [row for row in matching if each.matches(row, value)]
    order = query.get("sort", "")
    column = next((c for c in columns if c.name == order.removeprefix("-")), None)
    if column is not None:
        asked["sort"] = order
        matching.sort(key=lambda row: _key(column.value(row)), reverse=order.startswith("-"))
    page = query.get("page", "1")
    most = max(1, -(-len(matching) // PAGE))
    number = min(int(page), most) if page.isascii() and page.isdigit() and int(page) else 1
    return Table(here, asked, columns, filters, matching, number)


def csv_of(name: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Response:
    """A file that a spreadsheet opens, in which nothing is a formula (row 66)."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(heads)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return Response(
        "\ufeff" + file.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


def table_as_csv(name: str, table: Table) -> Response:
    """Every row that matches, not only this page's."""
    heads = [column.head for column in table.columns]
    rows = [[column.value(row) for column in table.columns] for row in table.matching]
    return csv_of(name, heads, rows)


def _inert(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _text(row: Row) -> str:
    return " ".join(
        str(row.get(name) or "") for name in ("title", "host", "name", "reference")
    ).lower()


def _key(value: Any) -> tuple[bool, Any]:
    return (value is None, value if value is not None else "")
