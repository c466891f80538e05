"""What root makes beside a database belongs to whom the folder belongs: to the service, which is not root."""

import os
import sys
from pathlib import Path


def of_folder(folder: Path) -> tuple[int, int]:
    """Whose it is: user and group."""
    found = folder.stat()
    return found.st_uid, found.st_gid


def hand_over(made: Path) -> None:
    """Give a file or folder that has just been made to the owner of the folder it is in. Raises OSError.

    Whoever is not root makes nothing that is somebody else's; and what is root's folder stays root's.
    """
    if sys.platform == "win32" or os.geteuid():
        return
    user, group = of_folder(made.parent)
    if user:
        os.chown(made, user, group)
