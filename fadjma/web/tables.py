"""Tables that people take along, to be opened in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable

import xlsxwriter
from quart import Response

from fadjma.sheets import FORMULA

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Where a cell begins: of a spreadsheet that is not French, or is told so, also behind a comma or a tab.
_BEGINS = re.compile(rf"((?:^|[,;\t\r\n])\s*)(?=[{re.escape(FORMULA)}])")


def as_csv(rows: Iterable[Iterable[str | int]], name: str) -> Response:
    """A file of this name as French spreadsheets open it: UTF-8 with its mark, semicolons; no cell is a formula."""
    table = io.StringIO()
    csv.writer(table, delimiter=";").writerows([_as_text(cell) for cell in row] for row in rows)
    response = Response(table.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def as_workbook(rows: Iterable[Iterable[str | int]], name: str) -> Response:
    """The same as a workbook (.xlsx): numbers are numbers, texts are texts: nothing is run, none loses its zeros."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, cell)
    response = Response(content.getvalue(), content_type=_WORKBOOK)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _as_text(cell: str | int) -> str:
    return str(cell) if isinstance(cell, int) else _BEGINS.sub(r"\1'", cell)
