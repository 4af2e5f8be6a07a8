"""Machine instructions of a call, counted by stepping a process through it (Linux, `ptrace`)."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_TRACE_ME, _SINGLE_STEP = 0, 9


def instructions(run: Callable[[], object]) -> int:
    """Count the instructions of a call in a child process, which stops before and after it.

    Raises:
        OSError: this system does not let a process be stepped.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    child = os.fork()
    if child == 0:
        libc.ptrace(_TRACE_ME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        run()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(child, 0)
    count = 0
    stopped_by = signal.SIGTRAP
    try:
        while stopped_by == signal.SIGTRAP:
            if libc.ptrace(_SINGLE_STEP, child, None, None):
                raise OSError(ctypes.get_errno(), "ptrace does not step")
            _, status = os.waitpid(child, 0)
            stopped_by = os.WSTOPSIG(status)
            count += 1
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if stopped_by != signal.SIGSTOP:
        raise OSError(f"the stepped process was stopped by signal {stopped_by}")
    return count
