"""The prior: fixed by its demonstrations, parameters and seed, however often training is interrupted."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import tree_sha256
from expertgen.errors import MissingInput
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.stages import demos, prior
from expertgen.stages.prior_data import load_demonstrations
from expertgen.stages.progress import Progress

TASK = "lift_banana"


def train(params, workspace) -> dict[str, str]:
    prior.run(params, TASK, workspace)
    assert not workspace.work("prior").exists()
    return tree_sha256(workspace.data("prior"))


def interrupt(params, workspace, monkeypatch, after: int) -> None:
    """Ctrl-C after so many iterations."""
    update = Progress.update

    def interrupted(self, count=1, **values) -> None:
        update(self, count, **values)
        if self.done == after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Progress, "update", interrupted)
        prior.run(params, TASK, workspace)
    assert not workspace.data("prior").exists() and workspace.work("prior").is_dir()


def test_the_prior_loads_and_acts_and_says_what_it_is_made_from(demonstrated) -> None:
    params, workspace = demonstrated
    threads = torch.get_num_threads()
    train(params, workspace)
    loaded = DiffusionPrior.load(workspace.data("prior"))
    chunk = loaded.sample(torch.zeros(3, 53), torch.zeros(3, 16, 10))
    assert chunk.shape == (3, 16, 10) and torch.isfinite(chunk).all()
    provenance = json.loads((workspace.data("prior") / "provenance.json").read_text())
    assert provenance["parameters"]["prior"]["width"] == 32 and set(provenance["inputs"]) == {"demos"}
    assert torch.get_num_threads() == threads


def test_an_interrupted_run_writes_the_bytes_of_an_uninterrupted_one(demonstrated, monkeypatch, capsys) -> None:
    params, workspace = demonstrated
    uninterrupted = train(params, workspace)
    shutil.rmtree(workspace.data("prior"))
    shutil.rmtree(workspace.kept("prior"))
    interrupt(params, workspace, monkeypatch, after=25)
    interrupt(params, workspace, monkeypatch, after=33)
    assert train(params, workspace) == uninterrupted
    assert "going on from iteration 30" in capsys.readouterr().err


def test_the_state_of_another_run_is_discarded(demonstrated, monkeypatch, capsys) -> None:
    params, workspace = demonstrated
    interrupt(dataclasses.replace(params, seed=1), workspace, monkeypatch, after=25)
    other = train(params, workspace)
    err = capsys.readouterr().err
    assert "discarding" in err and "going on" not in err
    assert train(dataclasses.replace(params, seed=2), workspace) != other
    assert train(params, workspace) == other


def test_a_damaged_state_starts_anew(demonstrated, monkeypatch, capsys) -> None:
    params, workspace = demonstrated
    interrupt(params, workspace, monkeypatch, after=25)
    (state,) = workspace.work("prior").glob("*/tensors.safetensors")
    state.write_bytes(state.read_bytes()[:-1])
    train(params, workspace)
    assert "starting anew" in capsys.readouterr().err


def test_a_prior_that_is_there_is_kept_and_a_damaged_one_trained_again(demonstrated, changed, capsys) -> None:
    params, workspace = demonstrated
    first, made = train(params, workspace), workspace.data("prior").stat().st_ino
    assert train(changed(params, "prior", checkpoint_every=7), workspace) == first
    assert workspace.data("prior").stat().st_ino == made and "up to date" in capsys.readouterr().err
    (workspace.data("prior") / "meta.json").write_text("{}")
    assert train(params, workspace) == first
    assert "is damaged; training it again" in capsys.readouterr().err


def test_only_successes_at_the_end_are_learnt_from_unless_all_are_wanted(demonstrated) -> None:
    _, workspace = demonstrated
    store = EpisodeStore.open(workspace.data("demos"))
    kept = np.flatnonzero(store.successes(at_end=True))
    chosen = load_demonstrations(workspace.data("demos"), "successes")
    assert chosen.episodes == len(kept) and chosen.of == 10
    for number, index in enumerate(kept):
        rows = slice(chosen.episode_ends[number] - 64, chosen.episode_ends[number])
        np.testing.assert_array_equal(chosen.observations[rows], store.episode(index)["observation"])
        np.testing.assert_array_equal(chosen.actions[rows], store.episode(index)["action"])
    assert load_demonstrations(workspace.data("demos"), "all").episodes == 10


def test_no_success_is_an_error_that_says_what_to_do(small, changed) -> None:
    params, workspace = small
    params = changed(params, "script", lift_offset=0.05)  # never as high as success asks
    demos.run(params, TASK, workspace)
    with pytest.raises(MissingInput, match=r"no episode to train on among the 10.*prior.train_on: all"):
        prior.run(params, TASK, workspace)
    train(changed(params, "prior", train_on="all"), workspace)
