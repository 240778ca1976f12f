"""Published constants of the Franka Emika Panda; SI units.

Sources: kinematics, joint, velocity and torque limits from Franka's documentation of the Panda (modified
Denavit-Hartenberg, Craig); masses, centres and inertias as identified by Gaz et al. 2019, "Dynamic
Identification of the Franka Emika Panda Robot With Retrieval of Feasible Parameters".
"""

from __future__ import annotations

import numpy as np

# Modified DH rows (a_{i-1}, alpha_{i-1}, d_i): frame i = RotX(alpha) TransX(a) RotZ(q) TransZ(d).
DH = np.array(
    [
        [0.0, 0.0, 0.333],
        [0.0, -np.pi / 2, 0.0],
        [0.0, np.pi / 2, 0.316],
        [0.0825, np.pi / 2, 0.0],
        [-0.0825, -np.pi / 2, 0.384],
        [0.0, np.pi / 2, 0.0],
        [0.088, np.pi / 2, 0.0],
    ]
)
FLANGE_OFFSET = 0.107  # m, along z of link 7
HAND_YAW = -np.pi / 4  # rad, the hand about z of the flange
JOINT_LOWER = np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973])
JOINT_UPPER = np.array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973])
VELOCITY_LIMIT = np.array([2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61])
TORQUE_LIMIT = np.array([87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0])
HOME = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])

# Servo gains of a position-controlled Panda (N m/rad, N m s/rad): stiff enough that the hand holds its
# place against a grasp, damped so that a ramp is followed with the lag kv/kp = 0.1 s of the real arm's
# joint impedance mode.
STIFFNESS = np.array([4500.0, 4500.0, 3500.0, 3500.0, 2000.0, 2000.0, 2000.0])
DAMPING = STIFFNESS / 10

# mass kg, centre of mass m, inertia (xx yy zz xy xz yz) kg m^2 about the centre, in the link's frame
LINKS = [
    (4.970684, (0.003875, 0.002081, -0.04762), (0.70337, 0.70661, 0.009117, -0.000139, 0.006772, 0.019169)),
    (0.646926, (-0.003141, -0.02872, 0.003495), (0.007962, 0.02811, 0.025995, -0.003925, 0.010254, 0.000704)),
    (3.228604, (0.027518, 0.039252, -0.066502), (0.037242, 0.036155, 0.01083, -0.004761, -0.011396, -0.012805)),
    (3.587895, (-0.05317, 0.104419, 0.027454), (0.025853, 0.019552, 0.028323, 0.007796, -0.001332, 0.008641)),
    (1.225946, (-0.011953, 0.041065, -0.038437), (0.035549, 0.029474, 0.008627, -0.002117, -0.004037, 0.000229)),
    (1.666555, (0.060149, -0.014117, -0.010517), (0.001964, 0.004354, 0.005433, 0.000109, -0.001158, 0.000341)),
    (0.735522, (0.010517, -0.004252, 0.061597), (0.012516, 0.010027, 0.004815, -0.000428, -0.001196, -0.000741)),
]
# Rotor inertia seen at the joint, a common value for this arm's geared motors; it also keeps a 5 ms step stable.
ARMATURE = 0.1

HAND_MASS = 0.73
HAND_COM = (-0.01, 0.0, 0.03)
HAND_INERTIA = (0.001, 0.0025, 0.0017, 0.0, 0.0, 0.0)
FINGER_MASS = 0.015
FINGER_TRAVEL = 0.04  # m, of each finger from closed
FINGER_OFFSET = 0.0584  # m, finger carriage above the hand's frame
TCP_OFFSET = 0.1034  # m, tool centre point along z of the hand, between the fingertips
