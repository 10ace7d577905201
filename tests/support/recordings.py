"""Recordings for tests: samples that a test makes up, in a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from console.recorder.format import Encoder
from console.recorder.records import Origin, Sample
from console.recorder.writer import RecordingWriter
from tests.support import builders

BEGAN = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EVERY_S = 2.0
KEY_EVERY = 30


def origin(**changes: Any) -> Origin:
    given: dict[str, Any] = {"version": "0.1.0", "target": "staging", "environment": "staging",
                             "info": builders.info(), "services": builders.services()}
    return Origin(**(given | changes))


def sample(number: int, rows: Mapping[str, Sequence[Any]] | None = None, **changes: Any) -> Sample:
    """The sample of that number: one every two seconds."""
    given: dict[str, Any] = {"taken_at": BEGAN + dt.timedelta(seconds=EVERY_S * number), "every_s": EVERY_S,
                             "rows": rows or {}}
    return Sample(**(given | changes))


def write(path: Path, samples: Iterable[Sample], of: Origin | None = None) -> Path:
    """The samples as a recording in a new file."""
    encoder, writer, of = Encoder(KEY_EVERY), RecordingWriter(path), of or origin()
    for sample in samples:
        writer.write(encoder.encode(sample, of))
    writer.close()
    return path
