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


def as_workbook(rows: Iterable[Iterable[str]], name: str) -> Response:
    """The same as a workbook (.xlsx), whose cells are all text: nothing is run, and no number loses its zeros."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    response = Response(content.getvalue(), content_type=_WORKBOOK)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell


def as_workbook(rows: Iterable[Iterable[str | int]], name: str) -> Response:
    """The same as a workbook (.xlsx): numbers are numbers, and every text is text."""
    from xlsxwriter import Workbook

    written = io.BytesIO()
    with Workbook(written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    response = Response(written.getvalue(), content_type=_WORKBOOK)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
