"""`python workbook.py`: a workbook on stdin, the rows of its first sheet on stdout, as JSON.

A process of its own, and nothing of ours in it: a small file can unfold into gigabytes, or claim a cell in the last of
17 billion, and then it is this process that ends, not the clinic's.
"""

import datetime
import json
import sys
from io import BytesIO

from python_calamine import CalamineWorkbook

if sys.platform != "win32":
    import resource

MOST_ROWS = 50_002  # more than any reader takes, so that it can say so
MOST_COLUMNS = 100
MOST_SHOWN = 50 * 1024**2  # bytes
_MEMORY = 1024**3  # bytes
_SECONDS = 20


def main() -> None:
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sheet = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
    rows = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS)
    shown = json.dumps([[_shown(cell) for cell in row[:MOST_COLUMNS]] for row in rows], ensure_ascii=False).encode()
    if len(shown) > MOST_SHOWN:
        sys.exit(f"{len(shown)} bytes: whoever reads them would have them in memory too")
    sys.stdout.buffer.write(shown)


def _shown(cell: object) -> str:
    """A cell as somebody would type it."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell).replace(".", ",")
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)


if __name__ == "__main__":
    main()
