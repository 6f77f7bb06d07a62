"""What an outbox entry is and where it stands, in words."""

from __future__ import annotations

from hubsoft_tui.formats import NOTHING, clock
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import Entry, EntryKind, EntryState, NewTicket
from hubsoft_tui.texts import _


def what_word(entry: Entry) -> str:
    """Return what an entry writes."""
    return {
        EntryKind.OPEN: _("new ticket"),
        EntryKind.MESSAGE: _("message"),
        EntryKind.CLOSE: _("closing"),
    }[entry.kind]


def customer_text(entry: Entry) -> str:
    """Return the customer an entry is about."""
    return clean(entry.draft.customer_name or "") or NOTHING


def subject_text(entry: Entry) -> str:
    """Return what an entry is about, in a few words: a type, or a protocol."""
    draft = entry.draft
    if isinstance(draft, NewTicket):
        return clean(draft.type_label or "")
    return clean(draft.protocol)


def state_word(entry: Entry) -> tuple[str, str]:
    """Return where an entry stands as (sign and words, style); an entry that was doubled says so."""
    if entry.doubles:
        return "! " + _("at HubSoft twice"), "bold $bad"
    return {
        EntryState.QUEUED: ("○ " + _("waits"), "$account"),
        EntryState.SENDING: ("◐ " + _("being sent"), "$account"),
        EntryState.UNKNOWN: ("? " + _("not known"), "$warn"),
        EntryState.SENT: ("● " + _("at HubSoft"), "$ok"),
        EntryState.REFUSED: ("✖ " + _("HubSoft refused"), "bold $bad"),
        EntryState.EXISTS: ("! " + _("exists already?"), "bold $warn"),
        EntryState.DISCARDED: ("– " + _("discarded"), "$quiet"),
    }[entry.state]


def undecided(entry: Entry) -> bool:
    """Whether a look at HubSoft did not settle whether HubSoft has it."""
    return entry.state is EntryState.UNKNOWN and entry.next_at is None


def next_step(entry: Entry) -> str:
    """Return what happens next, or what a person should do."""
    if entry.doubles:
        return _("close one of them at HubSoft")
    if undecided(entry):
        return _("look at HubSoft, then decide")
    at = clock(entry.next_at)
    return {
        EntryState.QUEUED: _("is sent by itself") if entry.next_at is None else _("is tried at {time}"),
        EntryState.SENDING: _("HubSoft is being asked"),
        EntryState.UNKNOWN: _("is looked for at {time}"),
        EntryState.SENT: "",
        EntryState.REFUSED: _("correct it, or discard it"),
        EntryState.EXISTS: _("link it, or send it anyway"),
        EntryState.DISCARDED: "",
    }[entry.state].format(time=at)


def entry_sentence(entry: Entry) -> str:
    """Return how an entry stands as a sentence."""
    if entry.state is EntryState.SENT:
        return {
            EntryKind.OPEN: _("HubSoft has opened it."),
            EntryKind.MESSAGE: _("The message is in the ticket."),
            EntryKind.CLOSE: _("The ticket is closed."),
        }[entry.kind]
    if undecided(entry):
        return _(
            "It is not known whether HubSoft has it. Look there, then link it, send it again or discard it."
        )
    return {
        EntryState.QUEUED: _("It is safe here and is sent by itself, also after a restart."),
        EntryState.SENDING: _("On its way to HubSoft…"),
        EntryState.UNKNOWN: _(
            "HubSoft did not say whether it has it. It is looked for at {time}, and sent again only if it is not there."
        ),
        EntryState.REFUSED: _("HubSoft refused it. It is kept: correct it and send it again."),
        EntryState.EXISTS: _("There is an open ticket that may be the same. Decide in the outbox."),
        EntryState.DISCARDED: _("It was discarded."),
    }[entry.state].format(time=clock(entry.next_at))
