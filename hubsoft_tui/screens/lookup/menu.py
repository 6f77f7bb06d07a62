"""The menu of what is done to a customer's service, equipment and visits: data, read by the first frame."""

from __future__ import annotations

from typing import Final

from hubsoft_tui.services.outbox.types import EntryKind
from hubsoft_tui.texts import N_

MENU: Final = {
    EntryKind.TRUST_UNLOCK: (
        "unlock",
        "u",
        N_("Unlock the marked service on trust for some days: 1 request, after a review."),
    ),
    EntryKind.RESTART_DEVICE: (
        "restart",
        "r",
        N_("Restart the equipment of the marked service: 1 request, after a review that shows its signal."),
    ),
    EntryKind.DISCONNECT: (
        "disconnect",
        "d",
        N_("End the session of the marked service: 1 request, after a review."),
    ),
    EntryKind.CLEAR_MAC: (
        "clear_mac",
        "m",
        N_("Clear the MAC that the marked service is bound to: 1 request, after a review."),
    ),
    EntryKind.CLEAR_PHYSICAL_ADDRESS: (
        "clear_device",
        "p",
        N_("Clear the equipment that the marked service is bound to: 1 request, after a review."),
    ),
    EntryKind.RESTORE_DEVICE: (
        "restore",
        "f",
        N_("Bring the equipment back to its factory settings: 1 request, after a review."),
    ),
    EntryKind.SUSPEND: (
        "suspend",
        "s",
        N_("Suspend the marked service, for debt or on request: 1 request, after a review."),
    ),
    EntryKind.ENABLE: (
        "enable",
        "e",
        N_("Enable the marked service for good, with a reason: 1 request, after a review."),
    ),
    EntryKind.ACTIVATE: (
        "activate",
        "a",
        N_("Activate the marked service, which was never enabled: 1 request, after a review."),
    ),
    EntryKind.OPEN_WORK_ORDER: (
        "open_order",
        "o",
        N_("Open a work order for an open ticket: 1 request, after a review."),
    ),
    EntryKind.CONFIRM_VISIT: (
        "confirm_visit",
        "c",
        N_("Confirm the visit of a work order: 1 request, after a review."),
    ),
    EntryKind.RESCHEDULE_VISIT: (
        "reschedule",
        "t",
        N_("Plan the visit of a work order for another time: 1 request, after a review."),
    ),
}
"""What can be done, by its name among actions, its key on the menu, and its help."""
