"""Settings from their places: who wins, and what is said about everything that is wrong."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings.files import complete, explain, load, read
from hubsoft_tui.settings.layers import known_settings
from hubsoft_tui.settings.profiles import NoProfile
from hubsoft_tui.settings.tree import LogSettings, Profile, Settings
from hubsoft_tui.texts import use
from tests.settings.house import PROFILE, House


def test_defaults_then_file_then_tuned_then_environment_then_flags(house: House) -> None:
    house.write("config.toml", PROFILE + "[cache]\nclient_data_ttl = 1\nservice_data_ttl = 1\nmax_entries = 1\n"
                "not_found_ttl = 1\n")  # fmt: skip
    house.write("tuned.toml", "[cache]\nservice_data_ttl = 2\nmax_entries = 2\nnot_found_ttl = 2\n")
    house.environment |= {"HUBSOFT_TUI_CACHE__MAX_ENTRIES": "3", "HUBSOFT_TUI_CACHE__NOT_FOUND_TTL": "3"}
    loaded = house.read(flags={"cache.not_found_ttl": 4, "log.level": None})
    cache = loaded.settings.cache
    assert cache.contract_status_ttl == Settings().cache.contract_status_ttl
    assert (cache.client_data_ttl, cache.service_data_ttl, cache.max_entries, cache.not_found_ttl) == (
        1,
        2,
        3,
        4,
    )
    assert isinstance(cache.client_data_ttl, float)
    assert loaded.warnings == ()
    assert loaded.settings.home == str(house.root)


def test_nothing_is_written_by_looking(house: House) -> None:
    with pytest.raises(NoProfile, match="No profile is configured"):
        house.read()
    assert not house.root.exists()


def test_without_a_profile_the_other_settings_can_still_be_read(house: House) -> None:
    house.environment = {"HUBSOFT_TUI_LOG__LEVEL": "debug"}
    settings = house.read(need_profile=False).settings
    assert settings.log.level == "debug"
    assert settings.profile == Profile()


def test_a_wrong_setting_is_reported_before_a_missing_profile(house: House) -> None:
    house.write("config.toml", "[log]\nlevel = 'loud'\n")
    assert "config.toml, line 2" in house.wrong()


def test_the_environment_alone_makes_a_profile(house: House) -> None:
    house.environment |= {
        "HUBSOFT_URL": "https://API.provedor.example:443/api/v1/integracao/",
        "HUBSOFT_CLIENT_ID": "89",
        "HUBSOFT_USERNAME": "api@provedor.example",
        "HUBSOFT_TUI_PROFILE": "night",
    }
    profile = load(environment=house.environment, home=house.root).profile
    assert profile.url == "https://api.provedor.example"
    assert (profile.name, profile.client_id, profile.password) == ("night", "89", "a-password")


def test_the_environment_overrides_the_chosen_profile(house: House) -> None:
    house.write("config.toml", PROFILE)
    house.environment |= {"HUBSOFT_USERNAME": "other", "HUBSOFT_CLIENT_ID": " "}
    profile = house.read().settings.profile
    assert (profile.name, profile.username, profile.client_id) == ("main", "other", "89")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("[cache]\n\nclient_data_ttl = 0\n", ["line 3", "client_data_ttl is 0", "greater than 0", "2592000 (seconds)"]),
        ("[cache]\nclient_data_ttl = nan\n", ["line 2", "is nan"]),
        (f"[cache]\nmax_entries = {'9' * 5000}\n", ["not valid TOML", "too many digits"]),
        (f"x = '{'a' * 1_000_000}'\n", ["not valid TOML", "more than a million"]),
        ("x = " + "[" * 100_000, ["not valid TOML", "too deeply nested"]),
        ("[shared]\nurl = 'redis://h:99/x/y'\n", ['is "redis://h:99/…"']),
        ("[cache]\nclient_data_ttl = inf\n", ["is inf"]),
        ("[cache]\nclient_data_ttl = true\n", ["is true"]),
        ("[cache]\nmax_entries = 1.5\n", ["is 1.5", "a whole number from 1"]),
        ("[limiter]\nmax_requests_per_minute = 6001\n", ["from 1 to 6000 (requests per minute)"]),
        ("limiter.max_requests_per_minute = '30'\n", ["line 1", 'is "30"']),
        ("[limiter]\nshare = [1]\n", ["limiter.share is 1", "table"]),
        ("[limiter]\nshare = { low = 0 }\n", ["line 2", "limiter.share.low is 0", "(of the budget)"]),
        ("[limiter]\nshare = {\n}\n[limiter.x]\n", ["line"]),
        ("[limiter.share]\nhigh = 0.5\n", ["line 2", "the share of", "0.87", "at most"]),
        ("[limiter.share]\nmiddle = 0.5\n", ["no setting limiter.share.middle"]),
        ('[log]\nlevels = { core = "loud" }\n', ["line 2", "log.levels.core", "same, debug, info"]),
        ('[log.levels]\ncoer = "debug"\n', ["no setting log.levels.coer", "log.levels.core"]),
        ("[log]\nlevels = 7\n", ["log.levels is 7", "table"]),
        ("[trace]\nkeep_days = 0\n", ["trace.keep_days is 0", "(days)"]),
        ("[sync]\npage_size = 501\n", ["from 1 to 500 (rows)"]),
        ("[ui]\nlanguage = 'fr'\n", ['is "fr"', "one of: auto, pt_BR, en"]),
        ("[ui]\ntheme = 'a b'\n", ["a theme's name"]),
        ("[customers]\nactive_statuses = 'x'\n", ["a list of words"]),
        ("[customers]\nactive_statuses = []\n", ["a list of words"]),
        ("[alerts]\nqueue_full_above = 1.5\n", ["line 2", "greater than 0 and at most 1 (of the queue)"]),
        ("[alerts]\napi_down_for = -1\n", ["line 2", "api_down_for is -1", "from 0 to 86400 (seconds)"]),
        ("[alerts]\nqueue_full = 0.5\n", ["Did you mean alerts.queue_full_"]),
        ("[alerts]\noff = ['cache']\n", ["alerts.off is", "a list of any of: api_down, credentials_refused"]),
        ("[alerts]\noff = 'cache_full'\n", ["a list of any of"]),
        ("[alerts]\nwebhook_url = 'http://hooks.example/k3y'\n", ["line 2", "use https://hooks.example/…"]),
        ("[alerts]\nwebhook_url = 'hooks.example'\n", ["line 2", "must begin with https://"]),
        ("[alerts]\nwebhook_url = 3\n", ["line 2", "alerts.webhook_url must be an address such as"]),
        ("[alerts]\nwebhook_secret = 'x'\n", ["line 2", "is a secret", "HUBSOFT_WEBHOOK_SECRET"]),
        ("[keys]\n'app.quit' = 3\n", ["line 2", "keys.app.quit is 3"]),
        ("keys = 3\n", ["line 1", "table"]),
        ("cache = 3\n", ["line 1", "cache is 3", "table"]),
        ("[cahce]\nmax_entries = 5\n", ["line 2", "cahce.max_entries", "Did you mean cache.max_entries?"]),
        ("[limiter]\nmax_request_per_minute = 5\n", ["Did you mean limiter.max_requests_per_minute?"]),
        ("[cache]\npage_size = 5\n", ["Did you mean sync.page_size?"]),
        ("[cache]\nzzz = 5\n", ["no setting cache.zzz", "Remove it"]),
        ("home = '/x'\n", ["no setting home"]),
        ("profiles = 3\n", ["line 1", "[profiles.NAME]"]),
        ("[profiles]\nmain = 3\n", ["line 2", "[profiles.NAME]"]),
        ("[profiles.'a b']\n", ["line 1", "letters, digits"]),
        ("[profiles.main]\nurl = 'http://api.provedor.example'\n", ["line 2", "profile.url is wrong", "https://api"]),
        ("[profiles.main]\nurl = 3\n", ["line 2", "profile.url is 3", "an address"]),
        ("[profiles.main]\nuser = 'x'\n", ["line 2", "Did you mean username?"]),
        ("[profiles.main]\ncolor = '#12'\n", ["a colour"]),
        ("[profiles.other]\ncolor = '#12'\n[profiles.main]\n", ["line 2", "a colour"]),
        ("[profiles.main]\npassword = 'hunter2'\n", ["line 2", "must not be in this file", "secrets.toml", "0600"]),
        ("[cache]\nmax_entries =\n", ["line 2", "not valid TOML"]),
        ("[cache]\nx = '", ["line 2", "not valid TOML"]),
        ("a = 1\na = 2\n", ["line 2", "not valid TOML"]),
        (b"[cache]\n# caf\xe9\n", ["line 2", "not UTF-8"]),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_line(house: House, config: str | bytes, says: list[str]) -> None:
    path = house.write("config.toml", config)
    said = house.wrong()
    for part in [str(path), *says]:
        assert part in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "HUBSOFT_TUI_LIMITER__MAX_REQUESTS_PER_MINUTE",
            "many",
            "is many, and must be a whole number from 1",
        ),
        ("HUBSOFT_TUI_LIMITER__SHARE", "{", "is {, and must be a table"),
        ("HUBSOFT_TUI_LIMITER__SHARE__LOW", "2", "limiter.share.low is 2"),
        ("HUBSOFT_TUI_CACHE__CLIENT_DATA_TTL", "nan", "is nan"),
        ("HUBSOFT_TUI_PROFILE__READ_ONLY", "perhaps", "true or false"),
        ("HUBSOFT_TUI_LANGUAGE", "en", "Did you mean ui.language?"),
        ("HUBSOFT_TUI_CACHE__X__Y", "1", "no setting cache.x.y"),
        ("HUBSOFT_URL", "https://user:hunter2@api.provedor.example", "must not carry a user or password"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(house: House, name: str, value: str, says: str) -> None:
    house.environment[name] = value
    said = house.wrong()
    assert f"the variable {name}: " in said
    assert says in said
    assert "hunter2" not in said


def test_a_wrong_option_is_refused_by_name(house: House) -> None:
    assert "the option for log.level: " in house.wrong(flags={"log.level": "loud"})


def test_everything_wrong_is_said_at_once(house: House) -> None:
    house.write("config.toml", "[log]\nlevel = 'loud'\n[sync]\npage_size = 0\n")
    house.environment["HUBSOFT_TUI_UI__LANGUAGE"] = "fr"
    assert len(house.wrong().splitlines()) == 3


def test_a_wrong_value_cannot_move_the_terminal(house: House) -> None:
    house.write("config.toml", '[log]\nlevel = "\\u001b]0;x\\u0007' + "x" * 500 + '"\n"\\u001b" = 1\n')
    said = house.wrong()
    assert "\x1b" not in said
    assert len(said) < 1000


def test_the_line_is_found_behind_everything_toml_allows(house: House) -> None:
    house.write(
        "config.toml",
        '# [cache]\r\nkeys."a.b" = """\r\n[limiter]\r\nx = 1 """\r\n[ "cache" ] # [x]\r\n'
        "'max_entries' = 5 # = [\r\n[customers]\r\nactive_statuses = [ # ]\r\n  'a]', \"b[\",\r\n]\r\n"
        "[limiter] \r\nshare . low = 7\r\n",
    )
    assert "line 12: limiter.share.low is 7" in house.wrong()


@pytest.mark.parametrize(
    "text", ["{ low = 0.5, normal = 0.6 }", '{"low": 0.5, "normal": 0.6}', ' { low=0.5, "normal"=0.6 } ']
)
def test_a_table_in_a_variable_may_be_toml_or_json(house: House, text: str) -> None:
    house.write("config.toml", PROFILE)
    house.environment["HUBSOFT_TUI_LIMITER__SHARE"] = text
    assert house.read().settings.limiter.share == {"critical": 1.0, "high": 0.93, "normal": 0.6, "low": 0.5}


def test_lists_booleans_and_keys_in_variables(house: House) -> None:
    house.write("config.toml", PROFILE + "[keys]\n'app.quit' = 'x'\n")
    house.environment |= {
        "HUBSOFT_TUI_CUSTOMERS__ACTIVE_STATUSES": "servico_habilitado, servico_novo",
        "HUBSOFT_TUI_PROFILE__READ_ONLY": "On",
        "HUBSOFT_TUI_KEYS": '{ "lookup.copy" = "c" }',
        "HUBSOFT_TUI_LOG__LEVEL": "",
    }
    settings = house.read().settings
    assert settings.customers.active_statuses == ("servico_habilitado", "servico_novo")
    assert settings.profile.read_only
    assert settings.keys == {"app.quit": "x", "lookup.copy": "c"}


def test_a_webhook_and_what_it_is_told_with(house: House) -> None:
    house.write(
        "config.toml", PROFILE + "[alerts]\nwebhook_url = 'https://hooks.example/k3y?a=b'\noff = []\n"
    )
    house.write("secrets.toml", '[profiles.main]\nwebhook_secret = "s3cret"\n')
    loaded = house.read(need_profile=False)
    assert loaded.settings.alerts.webhook_url == "https://hooks.example/k3y?a=b"
    assert loaded.settings.profile.webhook_secret == "s3cret"
    assert not any(secret in f"{loaded!r} {explain(loaded)!r}" for secret in ("k3y", "s3cret"))
    rows = {row.key: row.value for row in explain(loaded)}
    assert (rows["alerts.webhook_url"], rows["profile.webhook_secret"]) == ("set", "set")
    house.environment |= {
        "HUBSOFT_WEBHOOK_SECRET": "other",
        "HUBSOFT_TUI_ALERTS__OFF": "cache_full, disk_low",
        "HUBSOFT_TUI_ALERTS__WEBHOOK_URL": "http://localhost:8080/x",
    }
    settings = house.read(need_profile=False).settings
    assert settings.profile.webhook_secret == "other"
    assert settings.alerts.off == ("cache_full", "disk_low")


def test_levels_of_parts_are_given_one_by_one_or_as_a_table(house: House) -> None:
    house.write("config.toml", PROFILE + '[log]\nlevels = { core = "debug" }\n')
    house.environment["HUBSOFT_TUI_LOG__LEVELS__STORE"] = "error"
    assert house.read().settings.log.levels == {**LogSettings().levels, "core": "debug", "store": "error"}


def test_two_settings_do_not_share_their_shares() -> None:
    first, second = Settings(), Settings()
    first.limiter.share["low"] = 0.1
    assert second.limiter.share["low"] == 0.73


@pytest.mark.parametrize("key", list(known_settings()))
def test_every_setting_says_what_it_does_and_has_bounds(key: str) -> None:
    known = known_settings()[key]
    assert known.rule.does.endswith(".")
    if isinstance(known.default, int | float) and not isinstance(known.default, bool):
        assert known.rule.unit
        assert known.rule.high is not None
        lowest = known.rule.low if known.rule.low is not None else known.rule.above
        assert lowest is not None
        assert lowest <= known.default <= known.rule.high


# --- secrets in the settings, and explaining


def test_secrets_are_completed_later_when_asked(house: House) -> None:
    house.write("config.toml", PROFILE)
    house.write("secrets.toml", "[profiles.main]\nclient_secret = 'from-file'\npassword = 'from-file'\n")
    house.environment = {"HUBSOFT_PASSWORD": "from-environment"}
    loaded = house.read(with_secrets=False)
    assert loaded.settings.profile.client_secret == ""
    profile = complete(loaded).settings.profile
    assert (profile.client_secret, profile.password) == ("from-file", "from-environment")


def test_a_secret_is_in_no_text_form(house: House) -> None:
    house.write("config.toml", PROFILE)
    loaded = house.read()
    assert loaded.settings.profile.password == "a-password"
    everything = f"{loaded!r} {loaded.settings!r} {explain(loaded)!r}"
    assert "a-password" not in everything
    assert "a-client-secret" not in everything


@pytest.mark.parametrize(
    "config",
    [
        "[shared]\nurl = 'redis://:s3cr3t@host:6379/0'\n",
        "[shared]\nurl = 'rediss://me:s3/cr@3t-s3cr3t@host'\n",
        "[shared]\nurl = ['redis://:s3cr3t@host']\n",
        "[alerts]\nwebhook_url = ['https://hooks.example/s3cr3t']\n",
        "[alerts]\nwebhook_url = { a = 'https://hooks.example?key=s3cr3t' }\n",
        "[profiles.main]\nurl = { a = 'https://me:s3cr3t@api.example' }\n",
    ],
)
def test_a_password_in_an_address_is_never_repeated(house: House, config: str) -> None:
    house.write("config.toml", config)
    said = house.wrong()
    assert "s3cr3t" not in said
    assert "line 2" in said


def test_each_value_is_explained(house: House) -> None:
    path = house.write("config.toml", PROFILE + "[cache]\nmax_entries = 5\n[keys]\nquit = 'x'\n")
    house.environment |= {"HUBSOFT_TUI_LIMITER__SHARE__LOW": "0.5"}
    rows = {row.key: row for row in explain(house.read())}
    assert set(known_settings()) <= set(rows)
    entries = rows["cache.max_entries"]
    assert (entries.value, entries.default, entries.unit) == ("5", "1000", "records")
    assert entries.origin == f"{path}, line 7"
    assert rows["limiter.share.low"].origin == "the variable HUBSOFT_TUI_LIMITER__SHARE__LOW"
    assert rows["cache.client_data_ttl"].origin == "default"
    assert rows["cache.client_data_ttl"].value == "1800"
    assert rows["profile.password"].value == "set"
    assert rows["keys.quit"].value == "x"


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(known_settings())), st.text() | st.floats() | st.integers(), max_size=4
    )
)
def test_any_flags_are_taken_or_refused(values: dict[str, object]) -> None:
    try:
        settings = read(environment={}, home="/nonexistent/home", flags=values, need_profile=False).settings
    except SettingsError as error:
        said = str(error)
        assert said
    else:
        assert settings.limiter.share["low"] <= settings.limiter.share["critical"] <= 1


def test_the_file_in_the_manual_is_right(house: House) -> None:
    house.write(
        "config.toml",
        PROFILE
        + """
[cache]
client_data_ttl = 1800
contract_status_ttl = 14400
service_data_ttl = 3600
max_entries = 1000
[limiter]
max_requests_per_minute = 30
share = { critical = 1.0, high = 0.93, normal = 0.87, low = 0.73 }
max_queue_size = 1000
[retry]
max_retries = 3
backoff_multiplier = 2
[token]
buffer_seconds = 300
[outbox]
quiet_seconds = 180
[sync]
interval_seconds = 60
page_size = 500
""",
    )
    loaded = house.read()
    defaults = Settings(profile=loaded.settings.profile, home=loaded.settings.home)
    assert loaded.settings == defaults
    assert tomllib.loads(house.places.config_file.read_text())["limiter"]["share"] == defaults.limiter.share


def test_it_is_said_in_the_persons_language_when_it_is_shown(house: House) -> None:
    with pytest.raises(NoProfile) as caught:
        house.read()
    try:
        use("pt_BR")
        assert "HUBSOFT_URL" in str(caught.value)
    finally:
        use("en")
