"""A ring buffer of transitions, [time, environment], with n-step returns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Transitions ready for a temporal-difference update, N rows.

    `reward` is the discounted sum over the transition's steps; `discount` multiplies the value of
    `next_observation`, and is 0 where that state is terminal.
    """

    observation: Tensor  # (N, D)
    action: Tensor  # (N, k)
    reward: Tensor  # (N,)
    discount: Tensor  # (N,)
    next_observation: Tensor  # (N, D)


class Replay:
    """`capacity` time steps of `num_envs` environments, float32, the oldest overwritten first.

    A stored next observation is the one before any reset, so that a truncated episode can bootstrap on
    it. An n-step window ends at a terminal or truncated step, and at the newest stored step.
    """

    def __init__(
        self, capacity: int, num_envs: int, observation_dim: int, action_dim: int, n_step: int, gamma: float
    ) -> None:
        self.capacity, self.num_envs = capacity, num_envs
        self._n_step, self._gamma = n_step, gamma
        self._widths = (observation_dim, observation_dim, action_dim, 1, 1, 1)
        # One row holds a whole transition, so that a batch is one gather. Left uninitialised on purpose:
        # pages cost memory only once written.
        self._rows = torch.empty(capacity, num_envs, sum(self._widths))
        self._head = 0  # the next time step to write
        self._filled = 0

    def __len__(self) -> int:
        """Stored transitions."""
        return self._filled * self.num_envs

    def add(
        self,
        observation: Tensor,
        action: Tensor,
        reward: Tensor,
        terminal: Tensor,
        truncated: Tensor,
        next_observation: Tensor,
    ) -> None:
        """Store one time step of all environments: (E, D), (E, k), (E,), (E,) bool, (E,) bool, (E, D).

        `terminal`: no value follows. `truncated`: the episode was cut off here, the value of
        `next_observation` stands for what would have followed.
        """
        scalars = [column.float()[:, None] for column in (reward, terminal, truncated)]
        torch.cat([observation, next_observation, action, *scalars], dim=-1, out=self._rows[self._head])
        self._head = (self._head + 1) % self.capacity
        self._filled = min(self._filled + 1, self.capacity)

    def sample(self, size: int, generator: torch.Generator) -> Batch:
        """`size` transitions drawn uniformly, with replacement. Raises ValueError from an empty buffer."""
        if not self._filled:
            raise ValueError("cannot sample from an empty replay buffer")
        drawn = torch.randint(len(self), (size,), generator=generator)
        age, env = drawn // self.num_envs, drawn % self.num_envs  # age 0 is the oldest time step
        observation, next_observation, action, reward, terminal, truncated = self._gather(age, env)
        discount = self._gamma * (1 - terminal)
        going = (terminal + truncated) == 0
        for step in range(1, self._n_step):
            age = age + 1
            going = going & (age < self._filled)
            stored = self._gather(age.clamp(max=self._filled - 1), env)
            _, later, _, later_reward, terminal, truncated = stored
            reward = torch.where(going, reward + self._gamma**step * later_reward, reward)
            discount = torch.where(going, self._gamma ** (step + 1) * (1 - terminal), discount)
            next_observation = torch.where(going[:, None], later, next_observation)
            going = going & ((terminal + truncated) == 0)
        return Batch(observation, action, reward, discount, next_observation)

    def _gather(self, age: Tensor, env: Tensor) -> tuple[Tensor, ...]:
        time = (self._head - self._filled + age) % self.capacity
        rows = self._rows.view(-1, sum(self._widths)).index_select(0, time * self.num_envs + env)
        *wide, reward, terminal, truncated = rows.split(self._widths, dim=-1)
        return *wide, reward[:, 0], terminal[:, 0], truncated[:, 0]

    def state(self) -> dict[str, Tensor]:
        """All that `restore` needs; views of the buffer, to be written before the next `add`."""
        return {"rows": self._rows[: self._filled], "head": torch.tensor(self._head)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue from `state` of a buffer of the same sizes."""
        self._filled = len(state["rows"])
        self._rows[: self._filled] = state["rows"]
        self._head = int(state["head"])
