"""A recorded trial as one picture, a row for each camera: python benchmarks/trial_filmstrip.py TRIAL OUT.png

TRIAL is a folder such as data/lift_banana/trials/NAME/episodes/001-1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from expertgen.trials.record import read_record

SHOWN = 8  # moments


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trial", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    record = read_record(args.trial)
    steps = np.linspace(0, len(record) - 1, SHOWN).round().astype(int)
    rows = [np.concatenate(list(film[steps]), axis=1) for film in record.frames.values()]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    # 256 colours are enough for so small pictures, and take a third of the bytes.
    Image.fromarray(np.concatenate(rows)).quantize(256).save(args.out, optimize=True)
    times = ", ".join(f"{time:.1f}" for time in record.times[steps] - record.times[0])
    print(f"{args.out}: cameras {', '.join(record.frames)}; at {times} s")


if __name__ == "__main__":
    main()
