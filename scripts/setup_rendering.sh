#!/usr/bin/env bash
# Off-screen OpenGL for pictures and videos: Mesa is installed where it is missing and may be. Never fails,
# for without OpenGL pictures are drawn by ray casting.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(libegl1 libgl1-mesa-dri libopengl0)

renders() {
  MUJOCO_GL=egl .venv/bin/python -c 'import mujoco; context = mujoco.GLContext(64, 64); context.make_current(); context.free()' >/dev/null 2>&1
}

install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    apt=(sudo -n "${apt[@]}")
  fi
  echo "setup: installing ${packages[*]}" >&2
  "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >&2 && return
  # A fresh image has no package lists yet.
  "${apt[@]}" update >&2 && "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >&2
}

renders && exit 0
if [ -z "${NO_APT:-}" ] && command -v apt-get >/dev/null && install && renders; then
  exit 0
fi
echo "setup: no off-screen OpenGL was found; pictures will be drawn without it, more plainly." >&2
echo "For OpenGL: apt-get install ${packages[*]}" >&2
exit 0
