"""Who can sign in to the demo. Printed by `manage.py demo_logins`; never created outside the demo."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "touch gently and measure"


@dataclass(frozen=True)
class Login:
    """One demo account. `location` None: works at both."""

    email: str
    given_name: str
    family_name: str
    roles: tuple[str, ...]
    location: int | None = None
    shift: str = ""
    days_off: int = 1
    licence_number: str = ""
    is_clinical_lead: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


LOGINS = (
    Login("admin@demo.example", "Alma", "Bennett", ("admin",)),
    Login("desk@demo.example", "Dora", "Fields", ("front_desk",), 0),
    Login("desk.sunset@demo.example", "Iris", "Coleman", ("front_desk",), 1),
    Login("auditor@demo.example", "Otto", "Lind", ("auditor",)),
    Login("therapist@demo.example", "Tara", "Okafor", ("therapist",), 0, "early", 2, "NY-LMT-20417", True),
    Login("marco@demo.example", "Marco", "Silva", ("therapist",), 0, "middle", 4, "NY-LMT-18822"),
    Login("june@demo.example", "June", "Park", ("therapist",), 0, "late", 5, "NY-LMT-22190"),
    Login("ruben@demo.example", "Ruben", "Ortiz", ("therapist",), 1, "early", 3, "CA-CMT-70311"),
    Login("leah@demo.example", "Leah", "Stone", ("therapist",), 1, "middle", 1, "CA-CMT-66480"),
    Login("nils@demo.example", "Nils", "Berg", ("therapist",), 1, "late", 4, "CA-CMT-73902"),
)
# One of each role, shown at the start.
SHOWN = ("admin@demo.example", "therapist@demo.example", "desk@demo.example", "auditor@demo.example")
