"""What comes in and what goes out about the team."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from regulars.api.rest.schemas import Exact, Flag, Id, Incoming


class TeamRow(BaseModel):
    """Somebody on the team."""

    id: int
    name: str
    email: str
    role: Literal["owner", "manager", "staff"]
    is_active: Flag


class AddTeam(Incoming):
    """Somebody to add to the team: who they are, and what they may do."""

    name: Annotated[str, Field(examples=["Tara Bose"])]
    email: Annotated[str, Field(examples=["tara@example.com"])]
    role: Literal["owner", "manager", "staff"] = "staff"
    branch_id: Annotated[
        Id | None, Field(description="The one branch that they work at; an owner works at every one")
    ] = None
    disable_backoffice_access: Annotated[Exact, Field(description="They work at the counter alone")] = False


class ChangeTeam(Incoming):
    """What is to be different about somebody on the team; what is not named stays."""

    name: Annotated[str | None, Field(examples=["Tara Bose"])] = None
    email: Annotated[str | None, Field(examples=["tara@example.com"])] = None
    role: Literal["owner", "manager", "staff"] | None = None
    branch_id: Annotated[
        Id | None, Field(description="The one branch that they work at; an owner works at every one")
    ] = None
    disable_backoffice_access: Annotated[
        Exact | None, Field(description="They work at the counter alone")
    ] = None


class TeamAdded(BaseModel):
    """The new member of staff. The temporary password is shown once and lasts seven days."""

    id: int
    name: str
    email: str
    role: Literal["owner", "manager", "staff"]
    temp_password: str
