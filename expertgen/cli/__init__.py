"""`expertgen STAGE TASK`: the one way to run a stage, whoever starts it.

Heavy modules are imported only where they are used, so that help and mistakes answer at once.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from expertgen.cli.commands import run
from expertgen.cli.parser import STAGES, parser
from expertgen.errors import ExpertGenError
from expertgen.stages.supervision import INTERRUPTED, TERMINATED, Terminated, end, supervised

__all__ = ["STAGES", "USER_ERROR", "main"]

USER_ERROR = 2
PIPE_CLOSED = 141  # as shells show SIGPIPE
# What a full disk or a read-only folder raises is no defect of the code either.
_ENVIRONMENT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 2 after an error a user can mend, 130 after Ctrl-C, 143 after SIGTERM."""
    args = parser().parse_args(argv)
    try:
        with supervised():
            return run(args)
    except ExpertGenError as error:
        message = str(error)
    except BrokenPipeError:  # whoever read the output has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        if error.errno not in _ENVIRONMENT:
            raise
        message = f"{error.filename or 'output'}: {error.strerror}"
    except (KeyboardInterrupt, Terminated) as stop:
        terminated = isinstance(stop, Terminated)
        how, status = ("stopped by SIGTERM", TERMINATED) if terminated else ("interrupted", INTERRUPTED)
        print(f"\n{how}: run the same command again to resume", file=sys.stderr)
        if argv is None:  # this is the whole process
            end(status)
        return status
    print(f"expertgen: error: {message}", file=sys.stderr)
    return USER_ERROR
