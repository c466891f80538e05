"""Small workbooks as Excel and LibreOffice write them, made here: no package of ours writes any."""

import zipfile
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from itertools import product
from string import ascii_uppercase

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_COLUMNS = ["".join(letters) for letters in (*product(ascii_uppercase), *product(ascii_uppercase, repeat=2))]


class Formula:
    """A cell that holds a formula, with what it was worth when the workbook was saved."""

    def __init__(self, text: str, worth: object) -> None:
        self.text, self.worth = text, worth


def xlsx(rows: Iterable[Sequence[object]], *, at: str = "") -> bytes:
    """A workbook with these rows in its first sheet; `at` « XFD1048576 » puts one cell more there."""
    lines = [
        f'<row r="{number}">{"".join(_cell(f"{_COLUMNS[i]}{number}", cell) for i, cell in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    ]
    if at:
        lines.append(f'<row r="{at.lstrip(ascii_uppercase)}"><c r="{at}"><v>1</v></c></row>')
    return _zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/'
            'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            "</Types>",
            "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="a" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="b" '
            f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Feuille1" sheetId="1" r:id="b"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>'
            "</worksheet>",
        }
    )


def _cell(where: str, cell: object) -> str:
    match cell:
        case bool():
            return f'<c r="{where}" t="b"><v>{int(cell)}</v></c>'
        case int() | float():
            return f'<c r="{where}"><v>{cell}</v></c>'
        case Formula():
            return f'<c r="{where}" t="str"><f>{escape(cell.text)}</f><v>{escape(str(cell.worth))}</v></c>'
    return f'<c r="{where}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>' if cell != "" else ""


def ods(rows: Iterable[Sequence[str]]) -> bytes:
    """The same from LibreOffice."""
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(c)}</text:p></table:table-cell>' for c in row
        )
        + "</table:table-row>"
        for row in rows
    )
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f'<office:document-content xmlns:office="{urn}:office:1.0" xmlns:table="{urn}:table:1.0" '
            f'xmlns:text="{urn}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Feuille1">{cells}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0"/>',
        }
    )


def _zipped(parts: dict[str, str]) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # of 1980, so that the same is always the same
    return written.getvalue()
