"""How much the batteries try: little in every run, much with `make battery`."""

import os

IS_FULL = os.environ.get("BATTERY") == "full"


def sized(small: int, full: int) -> int:
    """The number for this run; BATTERY_SHARE=10 takes a tenth of the full one."""
    if not IS_FULL:
        return small
    return max(small, full // int(os.environ.get("BATTERY_SHARE", "1")))
