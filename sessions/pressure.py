"""Pressure at which pressing begins to hurt: units and what of a difference can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

# Exact by definition: a kilogram-force is 9.80665 N, a pound-force 4.4482216152605 N.
_KPA_PER_N_PER_CM2 = Decimal(10)
_KPA_PER_KGF_PER_CM2 = Decimal("98.0665")
_NEWTONS_PER_LBF = Decimal("4.4482216152605")
_KPA_OF = {"kPa": Decimal(1), "kgf/cm2": _KPA_PER_KGF_PER_CM2, "N/cm2": _KPA_PER_N_PER_CM2}

# What an algometer may show. kgf/cm2, N/cm2 and kPa are the UCUM codes; lbf is a force and needs the probe's area.
UNITS = ("kPa", "kgf/cm2", "N/cm2", "lbf")
# Finer than any reading: a reading of two decimals comes back as it was typed.
KEPT = Decimal("0.001")
HIGHEST_KPA = Decimal(2000)
# Smallest detectable change on trapezius points in women with long-standing neck pain: 0.45-0.62 kgf/cm2 (44-61 kPa),
# a test-retest study of one device. The upper end, so that no doubt is called a change.
DETECTABLE_KPA = Decimal(61)


def to_kpa(reading: Decimal, unit: str, probe_area_cm2: Decimal) -> Decimal:
    """A reading in kilopascals, to a thousandth."""
    if unit == "lbf":
        exact = reading * _NEWTONS_PER_LBF / probe_area_cm2 * _KPA_PER_N_PER_CM2
    else:
        exact = reading * _KPA_OF[unit]
    return exact.quantize(KEPT, ROUND_HALF_EVEN)


def from_kpa(pressure: Decimal, unit: str, probe_area_cm2: Decimal) -> Decimal:
    """Kilopascals as the device showed them, to a hundredth."""
    if unit == "lbf":
        exact = pressure / _KPA_PER_N_PER_CM2 * probe_area_cm2 / _NEWTONS_PER_LBF
    else:
        exact = pressure / _KPA_OF[unit]
    return exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def mean_kpa(trials: Sequence[Decimal]) -> Decimal | None:
    """The mean of the trials, to a tenth; nothing when none was made."""
    return (sum(trials, Decimal(0)) / len(trials)).quantize(Decimal("0.1"), ROUND_HALF_EVEN) if trials else None


def is_within_error(before: Decimal, after: Decimal) -> bool:
    """Whether a difference may be nothing but measurement error, with the same device, probe and rater."""
    return abs(after - before) <= DETECTABLE_KPA
