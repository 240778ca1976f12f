"""Reading JSON that a stage left for others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from expertgen.errors import CorruptArtifact


def read_json(path: Path) -> Any:
    """The values in `path`, None where it is absent. Raises CorruptArtifact for what is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CorruptArtifact(f"{path} cannot be read ({error}). Delete it and run its stage again.") from error
