"""What a migration may call: the keys of writing.py and short codes, which SQL cannot make by itself.

Only migrations do, to fill keys of rows that were there before; whatever writes such a row afterwards makes its key.
Another database needs functions of these names, or a step that fills the same columns.
"""

import json
import sqlite3

from fadjma import short_codes, writing


def lend(connection: sqlite3.Connection) -> None:
    """Let this connection's SQL call search_words (a JSON list), search_key, text_key, name_key, code_key, and
    new_short_code, which makes another for each row.
    """
    connection.create_function("search_words", -1, lambda *texts: json.dumps(writing.search_words(*texts)))
    connection.create_function("search_key", -1, writing.search_key)
    connection.create_function("text_key", -1, writing.text_key)
    connection.create_function("name_key", -1, writing.name_key)
    connection.create_function("code_key", 1, writing.code_key)
    connection.create_function(
        "new_short_code", 1, lambda row: short_codes.new()
    )  # of a row, so that each gets its own
