"""Tables that people take along, to be opened in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

import xlsxwriter
from quart import Response

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would run, also after blanks


def as_csv(rows: Iterable[Iterable[str]], name: str) -> Response:
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


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell
