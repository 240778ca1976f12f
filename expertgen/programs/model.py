"""A language model behind an OpenAI-compatible endpoint. The one module that imports the client, an optional package.

The environment names it: OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from expertgen.errors import ExpertGenError

Message = dict[str, str]
ENVIRONMENT = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")
_RETRIES = 3  # of what may pass: 408, 409, 429, 5xx and lost connections; the client waits longer each time
_SECONDS = 300.0  # for one answer


class ModelUnavailable(ExpertGenError):
    """No language model is configured, it cannot be reached, or its answers cannot be used."""


def connect(model: str | None) -> tuple[str, Callable[[list[Message]], dict[str, Any]]]:
    """The model's name (`model`, or the environment's), and a function from messages to its answer as JSON values.

    Both raise ModelUnavailable, which names what is missing or what the endpoint said, and never the key.
    """
    base_url, key, name = (os.environ.get(variable, "").strip() for variable in ENVIRONMENT)
    name = model or name
    given = zip((*ENVIRONMENT[:2], "OPENAI_MODEL (or --model)"), (base_url, key, name), strict=True)
    missing = [variable for variable, value in given if not value]
    if missing:
        raise ModelUnavailable(
            f"no language model is configured: {', '.join(missing)} not set. Any OpenAI-compatible endpoint will do. "
            "Everything else works without one, with the shipped programs; see docs/programs.md."
        )
    try:
        import openai
    except ModuleNotFoundError:
        raise ModelUnavailable("the package openai is not installed: pip install 'expertgen[llm]'") from None
    try:
        client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=_RETRIES, timeout=_SECONDS)
    except Exception as error:  # an address that is none, a proxy's settings
        raise ModelUnavailable(f"{base_url} cannot be used as OPENAI_BASE_URL: {error}") from None

    def ask(messages: list[Message]) -> dict[str, Any]:
        try:
            answer = client.chat.completions.create(model=name, messages=messages)  # type: ignore[arg-type]
        except openai.APIStatusError as error:
            raise ModelUnavailable(_told(base_url, error.status_code, error.message)) from None
        except openai.APIConnectionError as error:  # a timeout is one
            raise ModelUnavailable(f"{base_url} cannot be reached: {error.__cause__ or error}") from None
        except (openai.OpenAIError, ValueError) as error:
            raise ModelUnavailable(f"{base_url} gave an answer that is none: {str(error)[:300]}") from None
        if not hasattr(answer, "model_dump"):  # an endpoint of another kind, such as a web page
            raise ModelUnavailable(f"{base_url} gave an answer that is none: {str(answer)[:300]!r}")
        return answer.model_dump(mode="json", exclude_none=True, warnings=False)

    return name, ask


def _told(base_url: str, status: int, message: str) -> str:
    advice = {
        401: " Check OPENAI_API_KEY.", 403: " Check OPENAI_API_KEY.",
        404: " Check OPENAI_BASE_URL, which often ends in /v1, and the model's name.",
        429: f" It was asked {_RETRIES + 1} times; try again later.",
    }  # fmt: skip
    return f"{base_url} answered with status {status}: {message[:300]}{advice.get(status, '')}"
