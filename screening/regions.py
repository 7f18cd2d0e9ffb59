"""The parts of the body that rules, clearances and treatments name (clinical.md §3.4, region codes)."""

from __future__ import annotations

REGIONS: dict[str, str] = {
    "HEAD.JAW": "Jaw",
    "HEAD.TEMPLE": "Temple",
    "NECK.SUBOCC": "Below the back of the head",
    "NECK.ANT": "Neck, front",
    "NECK.POST": "Neck, back",
    "NECK.LAT": "Neck, side",
    "SHOULDER.TOP": "Shoulder, top",
    "SHOULDER.POST": "Shoulder, back",
    "SHOULDER.LAT": "Shoulder, side",
    "SHOULDER.AX": "Armpit",
    "BACK.UPPER": "Back, upper",
    "BACK.MID": "Back, middle",
    "BACK.LOW": "Back, lower",
    "CHEST": "Chest",
    "CHEST.LAT": "Chest, side",
    "ABDOMEN": "Abdomen",
    "PELVIS": "Pelvis",
    "ARM.ANT": "Upper arm, front",
    "ARM.POST": "Upper arm, back",
    "FOREARM.EXT": "Forearm, extensor side",
    "FOREARM.FLEX": "Forearm, flexor side",
    "HAND": "Hand",
    "HIP.ANT": "Hip, front",
    "HIP.LAT": "Hip, side",
    "HIP.POST": "Buttock",
    "THIGH.ANT": "Thigh, front",
    "THIGH.LAT": "Thigh, outer side",
    "THIGH.MED": "Thigh, inner side",
    "THIGH.POST": "Thigh, back",
    "LEG.ANT": "Lower leg, front",
    "LEG.LAT": "Lower leg, outer side",
    "LEG.POST": "Calf",
    "FOOT.DOR": "Foot, top",
    "FOOT.MED": "Foot, inner side",
    "FOOT.PLA": "Sole of the foot",
}

# Ways of treating that a rule or a clearance may forbid although hands may stay. What a technique is like is told by
# the catalogue of sessions.
KINDS: dict[str, str] = {
    "lubricant": "Oil, lotion or gel",
    "percussive": "Percussion and vibration",
    "pressing": "Pressing on a point",
    "stretching": "Stretching",
    "traction": "Pulling a limb",
    "kneading": "Kneading",
    "friction": "Friction across the fibres",
}
