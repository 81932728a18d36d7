"""Finds a program by name as a shell does, but never in the working directory."""

from __future__ import annotations

import os
import shutil
from typing import Mapping, Optional


def find_program(name: str, environment: Mapping[str, str]) -> Optional[str]:
    """The path of the program; `None` without one.

    An empty or relative folder in PATH would find a `rolecall` of the repository that the caller happens to be in.
    """
    folders = environment.get("PATH", "").split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join(filter(os.path.isabs, folders)))
