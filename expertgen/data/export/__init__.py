"""Exports of a release: the same episodes in the layouts of other readers.

`lerobot21.write_lerobot21` writes LeRobot v2.1 (LeRobot up to 0.3.3, GR00T), `robomimic.write_robomimic` HDF5 as
robomimic has it; `lerobot21_verify.verify_lerobot21` and `robomimic_verify.verify_robomimic` check what was written,
without the release. `formats` names them.
"""
