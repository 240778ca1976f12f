"""The report on all tasks in words."""

from __future__ import annotations

from collections.abc import Collection

from expertgen.params import Params
from expertgen.report.anytask_tables import Reports, demonstrations_table, name_of, smoothness_table, success_table
from expertgen.report.disturbance_tables import perturbation_table, recovery_table
from expertgen.report.failing_starts import STARTS, failing_table
from expertgen.report.paper import FIG_7, TABLE_III

_SUCCESS = {"success_any": "at any time", "success_end": "at the end"}
_ROBOTS = {"panda_hand": "the Panda's own two-finger hand", "panda_robotiq": "a Robotiq 2F-85"}


def report_text(
    params: Params, metrics: Reports, perturbations: Reports, demonstrations: Reports, preflights: Reports,
    figures: Collection[str],
) -> str:
    """Markdown; `figures` are the files that stand in the folder anytask beside it."""
    return "\n".join([
        _head(metrics),
        _success(params, metrics), _picture("success.png", "Success of script, prior and expert", figures),
        _smoothness(params, metrics),
        _perturbations(params, perturbations),
        _picture("perturbations.png", "Success with and without events", figures), _recovery(params, perturbations),
        "## Success over start positions (Fig. 6)\n\nThe paper's Fig. 6 shows such maps of the prior on Push Pear to "
        "Center and Lift Banana, without numbers.\n",
        _picture("success_maps.png", "Success over start positions", figures), _failing(params, metrics, preflights),
        f"## Number of demonstrations (Fig. 7)\n\n{FIG_7}\n\n{demonstrations_table(params.tasks, demonstrations)}",
        _picture("demonstrations.png", "Success against the number of demonstrations", figures),
        _differences(params),
    ])  # fmt: skip


def _picture(name: str, caption: str, figures: Collection[str]) -> str:
    return f"![{caption}](anytask/{name})\n" if name in figures else ""


def _head(metrics: Reports) -> str:
    measured = {(found["episodes"], found["seed"]) for found in metrics.values()}
    starts = "; ".join(f"{n} starts, seeds {seed} to {seed + n - 1}" for n, seed in sorted(measured)) or "none yet"
    return (
        "# AnyTask: ours beside the paper's\n\nThe paper is Xu et al., ExpertGen: Scalable Sim-to-Real Expert Policy "
        "Learning from Imperfect Behavior Priors. In each cell ours stands before the slash and what the paper prints "
        "after it. Success in percent; in brackets 95 % Wilson intervals, after ± the paper's half-widths.\n\n"
        f"Ours over: {starts}. All policies of a task meet the same. Success at any time: achieved at the end of some "
        "control step; at the end: achieved at the end of the episode's last. The paper does not say which it counts.\n"
    )


def _success(params: Params, metrics: Reports) -> str:
    parts = [
        f"### Success {words}\n\n{success_table(params.tasks, metrics, key)}" for key, words in _SUCCESS.items()
    ]
    return "## Success (Table I)\n\n" + "\n".join(parts)


def _smoothness(params: Params, metrics: Reports) -> str:
    meant = next((found["definitions"] for found in metrics.values()), None)
    ours = "" if meant is None else f"\nOurs: DTW is the {meant['dtw']}. Jerk is the {meant['jerk']}.\n"
    return (
        f"## DTW and jerk (Table II)\n\n{smoothness_table(params.tasks, metrics)}{ours}\nThe paper measures "
        "neither for the script. It defines jerk alike (eq. 14: the mean squared third time derivative of the joint "
        "positions), and states neither its unit nor the sampling rate, on which it hangs; nor the norm under DTW. So "
        "columns compare within ours and within the paper's.\n"
    )


def _perturbations(params: Params, perturbations: Reports) -> str:
    tasks = [task for task in params.tasks if task in perturbations or task in TABLE_III]
    if not tasks:
        return "## Failure recovery (Table III)\n\nNot measured.\n"
    parts = [
        f"### Events, {words}\n\n{perturbation_table(tasks, perturbations, key)}" for key, words in _SUCCESS.items()
    ]
    tables = "\n".join(parts)
    meant = "".join(
        f"- {name_of(task)}, {words}: {report['definitions'][kind]}.\n"
        for task, report in perturbations.items()
        for kind, words in (("opening", "gripper opened"), ("force", "hand pushed"))
    )
    return (
        "## Failure recovery (Table III)\n\nPrior and expert meet the same starts and on them the same events. In "
        "parentheses the drop (↓) or rise (↑) against the same starts without events, in percentage points; the "
        f"paper's undisturbed rates are what its rates and drops add up to.\n\n{tables}\n{meant}"
    )


def _recovery(params: Params, perturbations: Reports) -> str:
    definitions = next((report["definitions"] for report in perturbations.values()), None)
    if definitions is None:
        return ""
    meant = "".join(f"- {name}: {definitions[name]}.\n" for name in ("hit", "felt", "dropped", "recovered"))
    return (
        f"### Recovered or not\n\n{recovery_table(params.tasks, perturbations)}\n{meant}\nEach episode's label is in "
        "reports/TASK/perturbed.parquet.\n"
    )


def _failing(params: Params, metrics: Reports, preflights: Reports) -> str:
    return (
        f"### Starts on which experts fail\n\n{failing_table(params.tasks, metrics, preflights)}\nSteering chooses "
        "among what the frozen prior does under some noise. Best of N: the share of starts of the pre-flight's own on "
        "which at least one of N episodes under Gaussian noise succeeds at the end; starts outside it are hardly "
        "covered by the prior. The worst cells of the expert's map, by start position in m, base frame, with "
        f"successes of starts; cells with fewer than {STARTS} starts are left out.\n"
    )


def _differences(params: Params) -> str:
    simulation, prior, steer, script = params.simulation, params.prior, params.steer, params.script
    denoiser = {"mlp": "a residual MLP", "unet": "a U-Net with FiLM"}[prior.network]
    lines = [
        "Simulator: MuJoCo on CPU cores, physics steps of "
        f"{1000 * simulation.timestep:g} ms. The paper: Isaac Lab on GPUs.",
        f"Robot: a Franka Panda with {_ROBOTS[simulation.robot]}; stiff joint servos follow inverse kinematics. The "
        "paper's students run on a Franka with a Robotiq 2F-85; the gains of its simulated arm are not stated.",
        "Objects: built here from simple shapes. The paper: AnyTask's assets.",
        f"Control: {simulation.control_hz:g} actions a second; of each {prior.horizon} predicted {prior.execute} are "
        "executed. The paper executes 8 of 16, at a rate it does not state.",
        "Starts: ranges of our own. The paper's hold some that cannot be solved, such as an object against the "
        "drawer's frame.",
        "Scripts: the paper's are written by a language model, and fail by themselves. Ours call skills of the same "
        f"names, and fail by flaws that are parameters (grasps off by {100 * script.position_noise:g} cm and "
        f"{script.yaw_noise:g} rad, standard deviations; a wrist that turns by {script.yaw_limit:g} rad at most; and "
        "more). So how near the scripts' rates are is no finding.",
        "Success: judged by object poses alone, both at any time and at the end. The paper gives one number and does "
        "not say which.",
        f"Prior: {denoiser}, {prior.iterations} iterations, {prior.ddim_steps} denoising steps. The paper: a U-Net "
        "with FiLM, 500 epochs.",
        f"Steering: {steer.decisions} decisions in {steer.num_envs} environments by this project's recipe, which is "
        "explained in docs/how-a-run-flows.md. The paper: FastTD3 with the indicator of success as reward, in 1024.",
        "Events: the paper states neither their size nor their length nor their number. So drops compare between prior "
        "and expert, and not with the paper's. What its Table III implies of success without events is not what its "
        "Table I prints (prior on Lift Banana: 80.1 and 81.8 against 69.8).",
    ]
    listed = "".join(f"- {line}\n" for line in lines)
    return (
        f"## What differs from the paper\n\n{listed}\nNumbers of ours here are those of params.yaml for all tasks; its "
        "section per_task has what differs for one.\n"
    )
