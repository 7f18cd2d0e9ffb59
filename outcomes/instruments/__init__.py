"""Every instrument that ships, read once from the files beside this one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from outcomes.instruments.definition import Instrument, read_instrument

_FOLDER = Path(__file__).parent


def _read_all() -> Mapping[str, Instrument]:
    read = [read_instrument(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(_FOLDER.glob("*.json"))]
    found = {instrument.key: instrument for instrument in read}
    if len(found) != len(read):
        raise ValueError("two instruments have one id")
    return found


INSTRUMENTS = _read_all()
