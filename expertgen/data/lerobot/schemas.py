"""The schemas of a release's Parquet tables."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from expertgen.data.lerobot.layout import columns, video_keys
from expertgen.data.lerobot.statistics import NAMES

_INDEX = "__index_level_0__"  # how pandas calls the unnamed index that holds the texts of tasks
# Of each episode, beside what LeRobot reads and the checksums of its lineage.
_OWN_COLUMNS: dict[str, pa.DataType] = {
    "seed": pa.int64(), "success": pa.bool_(), "success_end": pa.bool_(), "source": pa.string(),
}  # fmt: skip


def data_schema(features: dict[str, dict[str, Any]]) -> pa.Schema:
    """Of data/*.parquet: one row for each control step."""
    return pa.schema([(name, _type(feature)) for name, feature in columns(features).items()])


def episodes_schema(features: dict[str, dict[str, Any]], lineage: list[str]) -> pa.Schema:
    """Of meta/episodes/*.parquet: one row for each episode. `lineage` names the artifacts it comes from."""
    integers = ("data/chunk_index", "data/file_index", "dataset_from_index", "dataset_to_index",
                "meta/episodes/chunk_index", "meta/episodes/file_index")  # fmt: skip
    fields: dict[str, pa.DataType] = {
        "episode_index": pa.int64(), "tasks": _list(pa.string()), "length": pa.int64(),
        **dict.fromkeys(integers, pa.int64()),
    }  # fmt: skip
    for key in video_keys(features):
        fields |= dict.fromkeys((f"videos/{key}/{name}_index" for name in ("chunk", "file")), pa.int64())
        fields |= dict.fromkeys((f"videos/{key}/{name}_timestamp" for name in ("from", "to")), pa.float64())
        fields[f"reference/{key}/sha256"] = pa.string()
        fields |= dict.fromkeys((f"reference/{key}/{name}" for name in ("first", "last")), pa.binary())
    fields |= _OWN_COLUMNS | {f"lineage/{name}": pa.string() for name in lineage}
    for key, feature in features.items():
        values = _list(pa.float64())
        if feature["dtype"] == "video":  # (3, 1, 1)
            values = _list(_list(values))
        fields |= {f"stats/{key}/{name}": values for name in NAMES}
        fields[f"stats/{key}/count"] = _list(pa.int64())
    return pa.schema(list(fields.items()))


def tasks_table(instruction: str) -> pa.Table:
    """meta/tasks.parquet as pandas reads it: texts as the index, their numbers as the one column."""
    index = {"field_name": _INDEX, "name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    number = {
        "field_name": "task_index", "name": "task_index", "pandas_type": "int64", "numpy_type": "int64",
        "metadata": None,
    }  # fmt: skip
    described = {"index_columns": [_INDEX], "column_indexes": [], "columns": [number, index]}
    schema = pa.schema([("task_index", pa.int64()), (_INDEX, pa.string())], {"pandas": json.dumps(described)})
    return pa.table({"task_index": [0], _INDEX: [instruction]}, schema=schema)


def tasks_of(table: pa.Table) -> dict[int, str]:
    """What `tasks_table` holds: number → text."""
    return dict(zip(table["task_index"].to_pylist(), table[_INDEX].to_pylist(), strict=True))


def _type(feature: dict[str, Any]) -> pa.DataType:
    element = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_()}[feature["dtype"]]
    (size,) = feature["shape"]
    return element if size == 1 else _list(element, size)


def _list(element: pa.DataType, size: int = -1) -> pa.DataType:
    return pa.list_(pa.field("element", element), size)  # as Parquet calls it
