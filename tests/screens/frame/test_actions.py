from __future__ import annotations

import pytest

from app import import_areas
from hubsoft_tui.errors import SettingsError
from hubsoft_tui.screens.frame.actions import (
    AREAS,
    EVERYWHERE,
    Action,
    Registry,
    keys_of,
    registry,
    shown_key,
)
from hubsoft_tui.screens.frame.base import ConsoleScreen

import_areas()


def action(action_id, key, do="copy"):
    return Action(action_id, key, "label", "Help.", do)


def test_every_action_of_every_screen_has_the_method_it_names():
    for screen in ConsoleScreen.__subclasses__():
        for row in screen.ACTIONS:
            if not row.do.startswith("app."):
                assert callable(getattr(screen, f"action_{row.name}")), row.id


def test_ids_are_unique_and_texts_are_there():
    ids = [row.id for row in registry]
    assert len(ids) == len(set(ids))
    for row in registry:
        assert row.label
        assert row.help.endswith(".")


def test_the_areas_keep_their_keys():
    assert {area.id: area.key for area in AREAS} == {
        "lookup": "f2",
        "tickets": "f3",
        "checkup": "f4",
        "monitor": "f5",
        "tuning": "f6",
        "requests": "f7",
        "reports": "f8",
    }


def test_every_action_has_a_key_or_the_palette_and_no_key_has_two_meanings():
    assert registry.clashes({}) == []


def test_a_remapped_key_replaces_all_of_an_actions_keys():
    row = action("copy", "y,ctrl+y")
    assert keys_of(row, {}) == ("y", "ctrl+y")
    assert keys_of(row, {"copy": "x"}) == ("x",)


def test_an_unknown_id_in_the_keymap_is_named():
    with pytest.raises(SettingsError, match=r"lookup\.refesh"):
        registry.check({"lookup.refesh": "x"})


def test_a_key_for_two_actions_is_named_with_both():
    with pytest.raises(SettingsError, match=r"key v to two actions, .*lookup\.re"):
        registry.check({"lookup.refresh": "v"})
    with pytest.raises(SettingsError, match="key r to two actions"):
        registry.check({"copy": "r"})
    registry.check({"lookup.refresh": "v", "lookup.reveal": "r"})


def test_one_key_may_mean_two_things_on_two_screens():
    own = Registry()
    own.declare(EVERYWHERE, [action("copy", "y")])
    own.declare("one", [action("one.do", "x")])
    own.declare("two", [action("two.do", "x")])
    assert own.clashes({}) == []
    with pytest.raises(ValueError, match="one key"):
        own.declare("two", [action("two.do", "y")])
    with pytest.raises(ValueError, match="twice"):
        Registry().declare("one", [action("a", "x"), action("a", "y")])


def test_keys_are_written_as_people_write_them():
    assert shown_key("question_mark") == "?"
    assert shown_key("ctrl+p") == "ctrl+p"
