"""Relations between parameters that no single range can state."""

from __future__ import annotations

from operator import attrgetter

from expertgen.params.calibration import check_calibration
from expertgen.params.checks import Problems
from expertgen.params.robot_relations import check_robot
from expertgen.params.schema import Params, PriorParams
from expertgen.params.student_relations import check_students


def check_relations(params: Params, problems: Problems) -> None:
    """Add to `problems` every relation that `params` breaks."""
    if len(set(params.tasks)) != len(params.tasks):
        problems.add("tasks", ", ".join(params.tasks), "each task once")
    _clock(params, problems)
    _at_most("prior.execute", "prior.horizon", params, problems)
    _at_most("prior.ddim_steps", "prior.train_diffusion_steps", params, problems)
    longest, trained = max(params.preflight.ddim_steps), params.prior.train_diffusion_steps
    if longest > trained:
        problems.add("preflight.ddim_steps", str(longest), f"at most prior.train_diffusion_steps ({trained})")
    if params.prior.step_embedding % 2:
        problems.add("prior.step_embedding", str(params.prior.step_embedding), "an even number")
    if params.prior.network == "unet":
        _unet(params.prior, problems)
    _steer(params, problems)
    _perturb(params, problems)
    _cameras(params, problems)
    check_calibration(params.calibration, problems)
    check_students(params, problems)
    check_robot(params.robot, problems)
    for task in params.trials.tasks:
        if task not in params.tasks or params.trials.tasks.count(task) > 1:
            problems.add("trials.tasks", task, f"each once, some of tasks ({', '.join(params.tasks)})")


def _clock(params: Params, problems: Problems) -> None:
    simulation, execute = params.simulation, params.prior.execute
    period = 1 / simulation.control_hz
    substeps = period / simulation.timestep
    if round(substeps) < 1 or abs(substeps - round(substeps)) > 1e-6 * substeps:
        expected = f"a whole fraction of {period:g}, which is 1 / simulation.control_hz"
        problems.add("simulation.timestep", f"{simulation.timestep:g}", expected)
    if simulation.episode_steps % execute:
        expected = f"a multiple of prior.execute ({execute}): an episode is a whole number of chunks"
        problems.add("simulation.episode_steps", str(simulation.episode_steps), expected)


def _unet(prior: PriorParams, problems: Problems) -> None:
    if prior.kernel_size % 2 == 0:
        expected = "an odd number, so that chunks keep their length"
        problems.add("prior.kernel_size", str(prior.kernel_size), expected)
    for i, channels in enumerate(prior.channels):
        if channels % prior.groups:
            problems.add(
                f"prior.channels[{i}]", str(channels), f"a multiple of prior.groups ({prior.groups})"
            )
    halvings = len(prior.channels) - 1
    if prior.horizon % 2**halvings:
        expected = (
            f"a multiple of {2**halvings}: {len(prior.channels)} prior.channels halve it {halvings} times"
        )
        problems.add("prior.horizon", str(prior.horizon), expected)


def _steer(params: Params, problems: Problems) -> None:
    steer = params.steer
    if steer.critic.sees == "actions" and not steer.object_features:
        problems.add("steer.critic.sees", "actions without steer.object_features",
                     "noise, or object_features: true, since actions are judged in the objects' frames")
    if steer.noise.basis == "dct":
        _at_most("steer.noise.vectors", "prior.horizon", params, problems)
    _at_most("steer.reward.hold_steps", "simulation.episode_steps", params, problems)
    _at_most("steer.sigma_min", "steer.sigma_max", params, problems)
    if steer.critic.v_min >= steer.critic.v_max:
        expected = f"less than steer.critic.v_max ({steer.critic.v_max:g})"
        problems.add("steer.critic.v_min", f"{steer.critic.v_min:g}", expected)
    if steer.replay <= steer.n_step:
        expected = f"more vector steps than steer.n_step ({steer.n_step})"
        problems.add("steer.replay", str(steer.replay), expected)


def _perturb(params: Params, problems: Problems) -> None:
    tasks = params.perturb.tasks
    if len(set(tasks)) != len(tasks):
        problems.add("perturb.tasks", ", ".join(tasks), "each task once")
    for task in tasks:
        if task not in params.tasks:
            problems.add("perturb.tasks", task, f"some of tasks ({', '.join(params.tasks)})")
    _at_most("perturb.earliest", "perturb.latest", params, problems)


def _cameras(params: Params, problems: Problems) -> None:
    cameras = params.rollouts.cameras
    for i, camera in enumerate(cameras):
        if camera.name in {other.name for other in cameras[:i]}:
            problems.add(f"rollouts.cameras[{i}].name", f"{camera.name!r} again", "each camera once")
        for side in ("width", "height"):
            if getattr(camera, side) % 2:
                problems.add(f"rollouts.cameras[{i}].{side}", str(getattr(camera, side)),
                             "an even number, as video needs")


def _at_most(key: str, limit_key: str, params: Params, problems: Problems) -> None:
    value, limit = attrgetter(key)(params), attrgetter(limit_key)(params)
    if value > limit:
        problems.add(key, f"{value:g}", f"at most {limit_key} ({limit:g})")
