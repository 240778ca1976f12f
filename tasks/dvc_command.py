"""`dvc` itself, which also says what went wrong in a form that needs no reading of messages.

    python dvc_command.py REPORT ARGUMENT...

DVC ends with status 255 whether a stage's command failed, a lock was held or a remote did not answer. This runs DVC's
own command line, in this process, and writes to the file descriptor REPORT one line of JSON: {"causes": [...]}, the
exception DVC reported last and those that caused it, outermost first, each as {"types": names of its class and of
that class's bases, "message": text, "errno": number or null}. The exit status is DVC's.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1


class _Causes(logging.Handler):
    """Keeps the exception of the last record that has one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self.found = []
        while error is not None:
            self.found.append({
                "types": [kind.__name__ for kind in type(error).__mro__],
                "message": str(error),
                "errno": getattr(error, "errno", None),
            })
            error = error.__cause__ or error.__context__


def main(argv: list[str]) -> int:
    """Run `dvc ARGUMENT...` of `argv`; DVC's exit status."""
    report = int(argv[1])
    # The guardian ends this process; should the guardian itself be killed, the kernel does.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    sys.argv = ["dvc", *argv[2:]]  # which DVC writes beside the locks it holds
    from dvc.cli import main as dvc

    causes = _Causes()
    for name in ("dvc", "dvc_data", "dvc_objects"):
        logging.getLogger(name).addHandler(causes)
    status: int = dvc(argv[2:])
    os.write(report, (json.dumps({"causes": causes.found}) + "\n").encode())
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv))
