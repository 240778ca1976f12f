"""DAgger: a student learns from the teacher's labels on all states met so far (Ross et al. 2011; ExpertGen, IV-C)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.errors import CorruptArtifact, IncompatibleArtifact
from expertgen.learn.dagger_state import PROPRIOCEPTION_CLIP, restore, snapshot
from expertgen.learn.sample_memory import SampleMemory
from expertgen.models.ema import EMA
from expertgen.models.student_network import StudentConfig, StudentNetwork
from expertgen.params import DistillParams, ShareParams, StudentParams, as_dict
from expertgen.policies.diffusion_schedule import ddpm_scheduler
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.student import TOOL, StudentPolicy
from expertgen.seeds import generator, seed_sequence, torch_generator

_LEAST = 0.05  # of the largest standard deviation: what hardly varies at first may do so later
_KIND = "dagger/1"


def teacher_share(share: ShareParams, samples: int) -> float:
    """α of ExpertGen's Table V after `samples`: from `initial` until `begin`, linearly to `final` at `end`."""
    done = np.clip((samples - share.begin) / max(share.end - share.begin, 1), 0.0, 1.0)
    return float(share.initial + (share.final - share.initial) * done)


class Dagger:
    """Keeps samples (what is seen, proprioception, the teacher's chunk) in a SampleMemory and fits a student to them.

    `insert` new samples, `learn` for some updates, take the `policy` to collect the next. A run is fixed by its
    arguments and torch's thread count: stopped after any `save_state` and resumed it equals an uninterrupted one bit
    for bit.
    """

    def __init__(self, params: DistillParams, student: StudentParams, config: StudentConfig, vision: dict[str, Any],
                 seen: tuple[int, ...], directory: Path, seed: int) -> None:  # fmt: skip
        """`seen`: the shape of what one student is shown; `vision`: kept in the student."""
        self.params, self.student, self.config, self.vision, self.seed = params, student, config, vision, seed
        self.seen_dtype = np.float16 if config.sees == "points" else np.uint8
        chunk = (config.horizon, config.action_dim)
        fields = {"seen": (seen, self.seen_dtype), "proprioception": ((config.proprioception,), np.float32),
                  "chunk": (chunk, np.float32)}  # fmt: skip
        self.memory = SampleMemory(directory, params.memory, fields, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(seed_sequence("student", "weights", seed).generate_state(1)[0]))
            self.network = StudentNetwork(config)
        self.average = EMA(self.network, 0.75, params.average)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay, fused=True
        )
        self.generator = torch_generator("student", "noise", seed)
        self.scheduler = ddpm_scheduler(config.train_steps, "sample")
        self.normalisers: dict[str, Normaliser] = {}
        self.rounds = self.updates = self.final_done = 0
        self.curve: list[dict[str, Any]] = []

    @property
    def samples(self) -> int:
        """Samples that were ever inserted."""
        return self.memory.inserted

    def insert(self, samples: Mapping[str, NDArray[Any]]) -> None:
        """Add seen (n, *seen), proprioception (n, P) and the teacher's chunk (n, T, A), positions relative to the tool.

        The first samples fix how proprioception and actions are normalised.
        """
        if not self.normalisers:
            proprioception = Normaliser.fit(torch.from_numpy(samples["proprioception"]), PROPRIOCEPTION_CLIP)
            action = Normaliser.fit(torch.from_numpy(samples["chunk"]))
            steady = Normaliser(action.mean, action.scale.clamp(min=_LEAST * float(action.scale.max())))
            self.normalisers = {"proprioception": proprioception, "action": steady}
        self.rounds += 1
        self.memory.insert({**samples, "seen": samples["seen"].astype(self.seen_dtype, copy=False)})

    def learn(self, updates: int) -> Iterator[float]:
        """Make `updates` updates at the full learning rate; yields each one's loss (normalised units)."""
        for _ in range(updates):
            yield self._update(self.params.learning_rate)

    def finish(self) -> Iterator[float]:
        """Make what is left of `final_updates`, the learning rate falling to zero along a cosine."""
        total = self.params.final_updates
        while self.final_done < total:
            rate = self.params.learning_rate * 0.5 * (1 + math.cos(math.pi * (self.final_done + 1) / (total + 1)))
            loss = self._update(rate)
            self.final_done += 1
            yield loss

    def policy(self) -> StudentPolicy:
        """The student with the averaged weights as they are now; learning may go on."""
        return StudentPolicy(copy.deepcopy(self.average.module), self.normalisers["proprioception"],
                             self.normalisers["action"], self.vision)  # fmt: skip

    def _update(self, rate: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._loss()
        loss.backward()
        self.optimiser.step()
        self.average.update(self.network)
        self.updates += 1
        return loss.item()

    def _loss(self) -> Tensor:
        draw = generator("batch", self.seed, self.updates)
        batch = self.memory.draw(np.sort(draw.integers(len(self.memory), size=self.params.batch_size)))
        chunk = self.normalisers["action"].normalise(torch.from_numpy(batch["chunk"]))
        proprioception = torch.from_numpy(batch["proprioception"])
        told = self.normalisers["proprioception"].normalise(proprioception)
        condition = self.network.condition(self._augmented(batch["seen"], draw), proprioception[:, TOOL], told)
        if self.config.head == "regression":
            return nn.functional.l1_loss(self.network.head(condition), chunk)
        repeats = self.student.diffusion.repeats
        clean, condition = chunk.repeat(repeats, 1, 1), condition.repeat(repeats, 1)
        step = torch.randint(self.config.train_steps, (len(clean),), generator=self.generator)
        noisy = self.scheduler.add_noise(clean, torch.randn(clean.shape, generator=self.generator), step)
        return nn.functional.mse_loss(self.network.head(noisy, step, condition), clean)

    def _augmented(self, seen: NDArray[Any], draw: np.random.Generator) -> Tensor:
        """Of clouds some of the points, of images a part as large but for an edge, which is repeated."""
        if self.config.sees == "points":
            kept = draw.permutation(seen.shape[1])[: self.student.points.train]
            return torch.from_numpy(seen[:, kept].astype(np.float32))
        shift = self.student.images.shift
        y, x = draw.integers(-shift, shift + 1, 2)
        rows = np.clip(np.arange(seen.shape[2]) + y, 0, seen.shape[2] - 1)
        columns = np.clip(np.arange(seen.shape[3]) + x, 0, seen.shape[3] - 1)
        return torch.from_numpy(seen[:, :, rows][:, :, :, columns])

    def save_state(self, path: Path) -> None:
        """Write all that `load_state` needs to go on exactly; the memory's files are a part of it."""
        self.memory.flush()
        save_checkpoint(path, snapshot(self), {"kind": _KIND, "identity": self._identity(), "curve": self.curve,
                                               **self._counters()})  # fmt: skip

    def load_state(self, path: Path) -> None:
        """Go on from `save_state`. Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for another run's."""
        tensors, meta = load_checkpoint(path)
        if meta.get("kind") != _KIND or meta["identity"] != self._identity():
            raise IncompatibleArtifact(f"{path} is the state of another run. Delete it to start again.")
        if meta["inserted"] and not (self.memory.found or self.memory.inserted):
            raise CorruptArtifact(f"{path} needs samples that {self.memory.directory} lost. Delete it to start again.")
        restore(self, tensors, meta, str(path))
        self.memory.inserted, self.rounds, self.updates = (meta[name] for name in ("inserted", "rounds", "updates"))
        self.final_done, self.curve = meta["final_done"], meta["curve"]

    def _counters(self) -> dict[str, int]:
        return {"inserted": self.memory.inserted, "rounds": self.rounds, "updates": self.updates,
                "final_done": self.final_done, "average_updates": self.average.updates}  # fmt: skip

    def _identity(self) -> dict[str, Any]:
        distill = {name: value for name, value in as_dict(self.params).items() if name not in ("tasks", "workers")}
        return {"seed": self.seed, "distill": distill, "student": as_dict(self.student),
                "config": self.config.as_dict(), "vision": self.vision}  # fmt: skip
