"""What can be done on the Tuning screen, and what it is for."""

from __future__ import annotations

from typing import Final

from hubsoft_tui.texts import N_

from .frame.actions import Action

ABOUT: Final = N_(
    "Choose a setting with the arrows up and down, and look at other values of it with left and right: nothing "
    "changes by looking. The curves say, from your own questions of the last two weeks, how many requests a "
    "day each value would have cost, and how many of the answers from memory had changed at HubSoft by then. "
    "● is the value in force, ▲ the one looked at, ◆ the recommended one. Trying holds at once, here only; "
    "saving writes it to tuned.toml, for every console on this computer."
)

ACTIONS: Final = (
    Action("tuning.less", "left", N_("less"), N_("Look at the next smaller value."), "step(-1)"),
    Action("tuning.more", "right", N_("more"), N_("Look at the next larger value."), "step(1)"),
    Action("tuning.try", "a", N_("try"), N_("Let the value looked at hold at once, in this console."), "try"),
    Action("tuning.type", "enter", N_("type"), N_("Type a value: 8 h, 30 min, 40, 75 %, on."), "type"),
    Action("tuning.save", "s", N_("save"), N_("Save what is tried; the change is shown first."), "save"),
    Action("tuning.revert", "r", N_("revert"), N_("Let the saved value hold again."), "revert"),
    Action("tuning.undo", "u", N_("undo"), N_("Take the last saving back."), "undo"),
    Action("tuning.default", "d", N_("default"), N_("Look at the default value."), "default"),
    Action("tuning.advised", "w", N_("recommended"), N_("Look at the recommended value."), "advised"),
    Action("tuning.leave", "escape", N_("back"), N_("Leave the field, or look at what holds."), "leave"),
)
