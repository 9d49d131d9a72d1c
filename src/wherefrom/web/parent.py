"""A process ends with the one that started it, however that one ends: nobody is left behind."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int | None = None) -> None:
    """Have the kernel end this process when the one that started it ends; at once, if that is no longer process `parent`."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        raise SystemExit(1)
