#!/usr/bin/env bash
# libusb, which pyrealsense2 loads though no camera is there: installed where it is missing and may be. Never fails, for
# only trials and cameras need it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(libusb-1.0-0 libudev1)

loads() {
  .venv/bin/python -c 'import pyrealsense2' >/dev/null 2>&1
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

loads && exit 0
if [ -z "${NO_APT:-}" ] && command -v apt-get >/dev/null && install && loads; then
  exit 0
fi
echo "setup: pyrealsense2 cannot be loaded, so trials on a robot or its emulation cannot run." >&2
echo "For them: apt-get install ${packages[*]}" >&2
exit 0
