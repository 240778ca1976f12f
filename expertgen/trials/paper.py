"""Table XII of the ExpertGen paper, whose first three columns are the point clouds of Table IV: percent, on its robot.

It states neither numbers of trials nor intervals. Table IV's column of RGB has one number, 80 %, of which its text
(VI-D) says that it is ExpertGen's student on Lift Banana.
"""

from __future__ import annotations

METHODS = {"expertgen": "EXPERTGEN", "anytask": "ANYTASK"}
TABLE_XII = {
    "lift_banana": {"expertgen": 75.0, "anytask": 73.3},
    "push_pear": {"expertgen": 65.0, "anytask": 16.7},
    "open_drawer": {"expertgen": 85.0, "anytask": 42.5},
    "lift_peach": {"expertgen": 80.0, "anytask": 62.1},
}
