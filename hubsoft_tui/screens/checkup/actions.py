"""What can be done on the check-up screen."""

from __future__ import annotations

from typing import Final

from hubsoft_tui.texts import N_

from ..frame.actions import Action

CHECKUP_ACTIONS: Final = (
    Action(
        "checkup.start",
        "enter",
        N_("start"),
        N_(
            "Open the marked list; start the check-up whose plan is shown, or go on with the one that was left."
        ),
        "start",
    ),
    Action(
        "checkup.pause",
        "p",
        N_("pause"),
        N_("Stop for now: everything decided is kept, and enter goes on from there."),
        "pause",
    ),
    Action("checkup.cancel", "x", N_("cancel"), N_("End the check-up for good."), "cancel"),
    Action(
        "checkup.import",
        "i",
        N_("import"),
        N_(
            "Import a list: a CSV with a column of documents. The same file again brings the list up to date."
        ),
        "import",
        first=True,
    ),
    Action(
        "checkup.release",
        "R",
        N_("release"),
        N_("Run the commands that are held since unusually many members lost the contract; press twice."),
        "release",
    ),
    Action(
        "checkup.drop_held",
        "X",
        N_("drop"),
        N_("Never run the commands that are held; press twice. The results stay."),
        "drop_held",
    ),
    Action("checkup.lists", "l", N_("lists"), N_("Choose another list."), "lists"),
    Action(
        "checkup.export",
        "e",
        N_("export"),
        N_("Write the results to a .csv or .json file that only you can read; documents are whole in it."),
        "export",
        first=True,
    ),
    Action(
        "checkup.filter",
        "slash",
        N_("filter"),
        N_("Show only members that hold every word typed: a name, an id, a result, a status, changed."),
        "filter",
        first=True,
    ),
    Action("checkup.sort", "o,s", N_("sort"), N_("Sort by the next column."), "sort", line=False),
    Action("checkup.turn", "O,S", N_("turn round"), N_("Turn the order round."), "turn", line=False),
    Action(
        "checkup.forget",
        "D",
        N_("forget list"),
        N_("Forget the marked list and its results; press twice. The file stays."),
        "forget",
        line=False,
    ),
    Action(
        "checkup.close",
        "escape",
        N_("back"),
        N_("Leave the field, clear the filter, or go back."),
        "close",
        line=False,
    ),
)
