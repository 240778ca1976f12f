#!/usr/bin/env bash
# Make .venv with the pinned packages; nothing is done where pyproject.toml and constraints.txt have not changed.
#   scripts/setup.sh run   what the pipeline needs
#   scripts/setup.sh trial that, DVC, and the clients and the emulation of a robot
#   scripts/setup.sh dev   all of it, and the tools for tests and checks
# PYTHON: an interpreter to use instead of python3.11. NO_APT=1: never install system packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

level=${1:-dev}
case $level in
  run) requirement=. ;;
  trial) requirement='.[orchestration,robot,emulation]' ;;
  dev) requirement='.[dev]' ;;
  *) echo "setup: unknown level '$level', expected run, trial or dev" >&2; exit 2 ;;
esac

# Two makes at once must not install into the same environment.
exec 9>.venv.lock
flock 9

is_3_11() {
  "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

find_python() {
  local candidates=(python3.11 python3) candidate
  if [ -n "${PYTHON:-}" ]; then candidates=("$PYTHON"); fi
  for candidate in "${candidates[@]}"; do
    if is_3_11 "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo "setup: Python 3.11 was not found (looked for: ${candidates[*]})." >&2
  echo "On Debian 12: apt-get install python3.11 python3.11-venv" >&2
  echo "Elsewhere, name an interpreter: PYTHON=/path/to/python3.11 make ..." >&2
  exit 2
}

stamp() {  # what the environment was made from; its path is part of it, for environments cannot be moved
  { echo "$1 $PWD"; cat pyproject.toml constraints.txt; } | sha256sum
}

current() {
  [ -x .venv/bin/python ] && [ "$(cat ".venv/expertgen-$1" 2>/dev/null)" = "$(stamp "$1")" ]
}

if current "$level" || current dev || { [ "$level" = run ] && current trial; }; then
  exit 0
fi

python=$(find_python)
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
  echo "setup: this Python 3.11 cannot make virtual environments." >&2
  echo "On Debian 12: apt-get install python3.11-venv" >&2
  exit 2
fi

# An environment of another place or another Python is made anew; the same one is only brought up to date.
if [ "$(cat .venv/expertgen-place 2>/dev/null)" != "$PWD" ] || ! is_3_11 .venv/bin/python; then
  echo "setup: making .venv" >&2
  "$python" -m venv --clear .venv
  printf '%s\n' "$PWD" > .venv/expertgen-place
fi

rm -f .venv/expertgen-run .venv/expertgen-trial .venv/expertgen-dev
echo "setup: installing the pinned packages ($level); this takes minutes the first time" >&2
.venv/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e "$requirement"
scripts/setup_rendering.sh
if [ "$level" != run ]; then scripts/setup_cameras.sh; fi
stamp "$level" > ".venv/expertgen-$level"
echo "setup: done" >&2
