"""Puts back what tests change in the scratch copy: each finds the folder as the user has it.

A test that removes a file of the project, or makes one that must not be there yet, would else fail ever
after, whatever it is run with.
"""

from __future__ import annotations

import contextlib
import os
import shutil

_NOT_MINDED = {"__pycache__", ".hypothesis", ".pytest_cache"}


class Tidy:
    """The folder as it was copied from ``origin``. ``own``: the file under repair, whose text is ours.

    ``messy``: tests of the text as it stands were seen to change it.
    """

    def __init__(self, folder: str, origin: str, own: str) -> None:
        self.messy = False
        self._folder = folder
        self._origin = origin
        self._own = os.path.relpath(own, folder)
        with open(own, "rb") as file:
            self._text = file.read()
        self._known = self._seen()

    def tidy(self) -> bool:
        """Put everything back; whether there was something to."""
        found = self._seen()
        if found == self._known:
            return False
        for name in sorted(found.keys() - self._known.keys(), reverse=True):  # what is in a folder before it
            path = os.path.join(self._folder, name)
            with contextlib.suppress(OSError):  # what was made so that it cannot be removed stays
                os.rmdir(path) if found[name] is None else os.remove(path)
        for name, was in sorted(self._known.items()):
            if found.get(name, ()) != was:
                self._put_back(name, was)
        return True

    def _put_back(self, name: str, was: tuple[int, int] | None) -> None:
        path = os.path.join(self._folder, name)
        if was is None:
            os.makedirs(path, exist_ok=True)
            return
        with contextlib.suppress(FileNotFoundError):  # the user has removed it too
            if name == self._own:
                with open(path, "wb") as file:
                    file.write(self._text)
            else:
                shutil.copyfile(os.path.join(self._origin, name), path)
            os.utime(path, ns=(was[1], was[1]))

    def _seen(self) -> dict[str, tuple[int, int] | None]:
        """The size and the time of each file; nothing of folders."""
        found: dict[str, tuple[int, int] | None] = {}
        for folder, names, files in os.walk(self._folder):
            names[:] = [name for name in names if name not in _NOT_MINDED]
            inside = os.path.relpath(folder, self._folder)
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    told = os.lstat(os.path.join(folder, name))
                    found[os.path.normpath(os.path.join(inside, name))] = told.st_size, told.st_mtime_ns
            found.update({os.path.normpath(os.path.join(inside, name)): None for name in names})
        return found
