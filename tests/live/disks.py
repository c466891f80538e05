"""Disks that a test fills or makes read-only for real; where the system lets us mount none, the next best thing."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live_server import Server


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], stderr=subprocess.DEVNULL).returncode == 0


class Disk:
    """A folder with a few megabytes of its own."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self.mounted = _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder))

    def fill(self, server: Server) -> None:
        """No byte more: the disk is full, or else the process may write no file longer than they are."""
        if not self.mounted:
            longest = max(file.stat().st_size for file in self.folder.iterdir())
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (longest, resource.RLIM_INFINITY))
            return
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            size = 65_536
            while size:
                try:
                    ballast.write(b"x" * size)
                except OSError:
                    size //= 2

    def free(self, server: Server) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def make_read_only(self) -> None:
        if not (self.mounted and _mount("-o", "remount,ro", str(self.folder))):
            self.folder.chmod(0o500)

    def close(self) -> None:
        self.folder.chmod(0o700) if not self.mounted else subprocess.run(["umount", "-l", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int = 16) -> Iterator[Disk]:
    folder.mkdir()
    disk = Disk(folder, megabytes)
    try:
        yield disk
    finally:
        disk.close()


@contextmanager
def read_only(file: Path) -> Iterator[None]:
    """One file that cannot be written, in a folder that can."""
    mounted = _mount("--bind", str(file), str(file)) and _mount("-o", "remount,bind,ro", str(file))
    if not mounted:
        file.chmod(0o400)
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(file)], check=True)
