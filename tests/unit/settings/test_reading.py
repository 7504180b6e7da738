"""Settings: where they come from and in which order, what is refused, and that secrets stay secret."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from domain.errors import ConfigurationError
from settings.brokers import BrokerSettings
from settings.models import ModelsSettings
from settings.reading import load_settings
from settings.schedule import JobSettings, ScheduleSettings
from settings.variables import Settings
from tests.builders.runtime import standing_in


@pytest.fixture
def folder(tmp_path):
    """A working folder without any settings file."""
    with standing_in(tmp_path):
        yield tmp_path


@pytest.mark.parametrize(
    ("sources", "seed"),
    [
        pytest.param(set(), 7, id="default"),
        pytest.param({"toml"}, 1, id="toml"),
        pytest.param({"toml", "dotenv"}, 2, id="dotenv_over_toml"),
        pytest.param({"toml", "dotenv", "environment"}, 3, id="environment_over_dotenv"),
        pytest.param({"toml", "dotenv", "environment", "told"}, 4, id="command_line_over_all"),
    ],
)
def test_the_nearest_source_counts(folder, sources, seed):
    if "toml" in sources:
        (folder / "sage.toml").write_text("SAGE_SEED = 1")
    if "dotenv" in sources:
        (folder / ".env").write_text("SAGE_SEED=2")
    environment = {"SAGE_SEED": "3"} if "environment" in sources else {}
    with standing_in(folder, **environment):
        assert load_settings(seed=4 if "told" in sources else None).seed == seed


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_field_is_read_by_its_alias_and_by_nothing_else(folder, name):
    """A field ``home`` that listened to HOME once took a person's home folder for Sage's own."""
    alias = str(Settings.model_fields[name].alias)
    assert alias == alias.upper() != name
    others = {name, name.upper()} - {alias}
    (folder / ".env").write_text("".join(f"{other}=/somewhere\n" for other in others))
    tables = {"schedule", "models", "brokers"}  # names of tables of the file, and no variables
    (folder / "sage.toml").write_text("".join(f'{other} = "/somewhere"\n' for other in others - tables))
    with standing_in(folder, **dict.fromkeys(others, "/somewhere")):
        assert getattr(load_settings(), name) == Settings.model_fields[name].default


def test_the_schedule_is_a_table_of_the_file(folder):
    (folder / "sage.toml").write_text(
        'SAGE_SEED = 3\n[schedule]\nsimulated_speed = 0\n[schedule.cycle]\nat = ["open+1h"]\n'
    )
    settings = load_settings()
    assert (settings.seed, settings.schedule.simulated_speed) == (3, 0)
    assert settings.schedule.cycle == JobSettings(at=("open+1h",))
    assert settings.schedule.report == ScheduleSettings().report, "what is left out keeps its default"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("[schedule.cicle]\nat = []", "SAGE_SCHEDULE.cicle"),
        ("[schedule.cycle]\nwhen = []", "SAGE_SCHEDULE.cycle.when"),
        ('[schedule.cycle]\nmissed = "never"', "SAGE_SCHEDULE.cycle.missed"),
        ('[schedule.cycle]\non = ["full moon"]', "SAGE_SCHEDULE.cycle.on.0"),
        ("[schedule]\nsimulated_speed = -1", "SAGE_SCHEDULE.simulated_speed"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_by_name(folder, table, told):
    (folder / "sage.toml").write_text(table)
    with pytest.raises(ConfigurationError, match=rf"^setting {told}: "):
        load_settings()


def test_the_defaults_need_no_key_no_network_and_no_server(folder):
    settings = load_settings()
    assert (settings.market, settings.news_name, settings.model_name) == ("simulated", "simulated", "rules")
    assert (settings.home, settings.database) == (Path(".sage"), "sqlite:///.sage/sage.db")
    assert (settings.mode, settings.secrets) == (None, ())


@pytest.mark.parametrize(
    ("told", "model"),
    [
        ({}, "rules"),
        ({"OPENAI_API_KEY": "sk-test"}, "openai:gpt-4.1-mini"),
        ({"OPENAI_API_KEY": "sk-test", "SAGE_MODEL": "recorded"}, "recorded"),
        ({"SAGE_MODEL": ""}, "rules"),
    ],
    ids=["no_key", "a_key", "a_key_and_a_name", "an_empty_name"],
)
def test_the_model_follows_the_key_unless_it_is_named(folder, told, model):
    with standing_in(folder, **told):
        assert load_settings().model_name == model


@pytest.mark.parametrize(
    ("market", "news", "source"),
    [
        ("simulated", None, "simulated"),
        ("files:prices", None, "files:prices"),
        ("yahoo", None, "none"),
        ("alpaca", None, "none"),
        ("yahoo", "rss", "rss"),
        ("simulated", "none", "none"),
    ],
)
def test_news_are_the_twin_of_the_market_unless_they_are_named(folder, market, news, source):
    assert load_settings(market=market, news=news).news_name == source


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGE_SEED", "x"),
        ("SAGE_SEED", "-1"),
        ("SAGE_MODE", "live"),
        ("SAGE_BROKER", "alpaca-live"),
        ("SAGE_BROKER", "paper:a,paper:a"),
        ("SAGE_BROKER", "paper:a,alpaca:a"),
        ("SAGE_BROKER", "paper,paper"),
        ("SAGE_BROKER", "paper:alpaca,alpaca"),
        ("SAGE_BROKER", "paper:a,"),
        ("SAGE_BROKER", "paper:A"),
        ("SAGE_TIMEFRAME", "2Days"),
        ("SAGE_START_CASH", "0"),
        ("SAGE_START_CASH", "NaN"),
        ("SAGE_CONCURRENCY", "0"),
        ("SAGE_CONCURRENCY", "65"),
        ("SAGE_MODEL_TIMEOUT_S", "0"),
        ("SAGE_MODEL_MAX_TOKENS", "1"),
        ("SAGE_MODEL_TEMPERATURE", "3"),
        ("SAGE_RECORD_ORIGIN", "hosted-by-me"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(folder, name, value):
    wanted = rf"^setting {name}: .*Correct it"
    with standing_in(folder, **{name: value}), pytest.raises(ConfigurationError, match=wanted) as refused:
        load_settings()
    assert "\n" not in str(refused.value)
    assert not re.search("value error|input should", str(refused.value), re.IGNORECASE), "words of pydantic's"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("SAGE_SEED = 'planted'", "setting SAGE_SEED: it should be a whole number."),
        ("SAGE_START_CASH = 'planted'", "setting SAGE_START_CASH: it should be a number."),
        ("SAGE_MODELS = 'planted'", "setting SAGE_MODELS: it is no JSON."),
        ("SAGE_MODELS = 3", "setting SAGE_MODELS: it should be a table."),
        (
            "[schedule.cycle]\nmax_x = 'planted'",
            "setting SAGE_SCHEDULE.cycle.max_x: there is no such key; there are at, missed, on, apart_minutes.",
        ),
        (
            "[models.prices.m]\ntokens_in = 1",
            "setting SAGE_MODELS.prices.m.tokens_out: it is required.",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_told_in_plain_words_with_what_is_allowed(folder, content, told):
    (folder / "sage.toml").write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert str(refused.value) == f"{told} Correct it in sage.toml."


def test_the_place_is_named_in_which_a_wrong_value_counts(folder):
    (folder / "sage.toml").write_text("SAGE_SEED = 'x'")
    for place in ("sage.toml", ".env", "the environment", "the command line"):
        environment = {"SAGE_SEED": "x"} if place.startswith("the") else {}
        if place == ".env":
            (folder / ".env").write_text("SAGE_SEED=x")
        wanted = rf"Correct it in {re.escape(place)}\.$"
        with standing_in(folder, **environment), pytest.raises(ConfigurationError, match=wanted):
            load_settings(seed="x" if "command" in place else None)


@pytest.mark.parametrize(("name", "content"), [(".env", b"\xff\xfe"), ("sage.toml", b"[[["), ("sage.toml", b"\xff")])
def test_a_spoilt_file_is_refused_in_one_line(folder, name, content):
    (folder / name).write_bytes(content)
    wanted = rf"^settings cannot be read: {re.escape(name)}: .*Correct {re.escape(name)}\.$"
    with pytest.raises(ConfigurationError, match=wanted) as refused:
        load_settings()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (".env", "SAGE_MARKTE=yahoo", r"\.env sets SAGE_MARKTE, which is no setting \(SAGE_MARKET\?\)"),
        ("sage.toml", "SAGE_SEEDS = 3", r"sage\.toml sets SAGE_SEEDS, which is no setting \(SAGE_SEED\?\)"),
        ("sage.toml", "[shedule.cycle]\nat = []", r"sage\.toml sets shedule, which is no setting \(schedule\?\)"),
    ],
)
def test_a_name_that_nobody_reads_is_refused(folder, name, content, told):
    (folder / name).write_text(content)
    with pytest.raises(ConfigurationError, match=told):
        load_settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SAGE_BROKR", "SAGE_BROKER"),
        ("SAGE_MARKTE", "SAGE_MARKET"),
        ("SAGE_HOEM", "SAGE_HOME"),
        ("SAGE_MARKETS", "SAGE_MARKET"),
        ("SAGE_REDIS", "SAGE_REDIS_URL"),
    ],
)
def test_a_variable_that_is_nearly_one_of_ours_is_refused(folder, name, meant):
    wanted = rf"sets {name}, which is no setting \({meant}\?\).*unset {name}"
    with standing_in(folder, **{name: "x"}), pytest.raises(ConfigurationError, match=wanted):
        load_settings()
    with standing_in(folder, **{name: ""}):
        assert load_settings().broker == "paper", "an empty variable is one that is not set"


def test_other_programs_names_are_no_business_of_ours(folder):
    (folder / ".env").write_text("POSTGRES_PASSWORD=x\nSEED=9")
    sagemath = (
        "ROOT LOCAL VENV SRC SHARE DOC DOC_SRC PKGS EXTCODE LOGS NUM_THREADS ENV_SOURCED BUILD_DIR STARTUP_FILE DEBUG "
        "CHECK TIMEOUT TIMEOUT_LONG SPKG_INST DATA_PATH TEST_ITER REPO_ANONYMOUS"
    )
    with standing_in(folder, **{f"SAGE_{name}": "/opt/sagemath" for name in sagemath.split()}):
        assert load_settings().seed == 7


def test_secrets_are_shown_nowhere(folder):
    keys = ("OPENAI_API_KEY", "APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "NEWSAPI_KEY")
    with standing_in(folder, **{name: f"planted-{number}" for number, name in enumerate(keys)}):
        settings = load_settings()
    assert settings.secrets == ("planted-0", "planted-1", "planted-2", "planted-3")
    assert "planted" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_keys_of_brokers_are_secrets_and_belong_to_a_label(folder):
    with standing_in(folder, SAGE_BROKER="alpaca, alpaca:second", SAGE_BROKER_KEYS="second=PKplanted:planted+/="):
        settings = load_settings()
    assert [(each.name, each.key) for each in settings.brokers] == [("alpaca", "alpaca"), ("alpaca:second", "second")]
    told = [each.get_secret_value() for each in settings.keys_of_brokers["second"]]
    assert told == ["PKplanted", "planted+/="]
    assert {*told, "second=PKplanted:planted+/="} == set(settings.secrets), "half a pair is no key, and as secret"
    assert "planted" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_settings_cannot_be_changed(folder):
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_settings(), "seed", 8)  # noqa: B010  # a plain assignment is what the type checker forbids


ROOT = Path(__file__).parents[3]
ALIASES = {str(field.alias): field.default for field in Settings.model_fields.values()}


def test_every_setting_is_in_the_guide_with_its_default_and_every_one_there_is_real():
    _, _, last = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("## Every setting")
    told = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|", last, re.MULTILINE))
    real = ALIASES | dict(keys_of(ScheduleSettings, "schedule")) | dict(keys_of(ModelsSettings, "models"))
    real |= dict(keys_of(BrokerSettings, "brokers.NAME"))
    assert told == {name: shown(default) for name, default in real.items()}


def test_the_example_of_a_dotenv_file_has_every_variable_once_with_what_it_is_and_its_default():
    told = re.findall(r"((?:^# .*\n)+)([A-Z_]+)=$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(name for _, name in told) == sorted(ALIASES)
    defaults = {name: shown(default).strip("`") for name, default in ALIASES.items()}
    meant = ((name, comment.replace("\n# ", " ")) for comment, name in told if defaults[name] != "-")
    wanted = {"SAGE_HOME": ".sage in the current folder if empty"}
    assert [name for name, text in meant if wanted.get(name, f"{defaults[name]} if empty") not in text] == []


def keys_of(model, path):
    """The keys of a table of ``sage.toml``; NAME stands for whatever a person calls something."""
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is JobSettings:
            yield from keys_of(inner, f"{path}.JOB")
        elif inner is not None:
            yield from keys_of(inner, f"{path}.{name}" if inner is field.annotation else f"{path}.{name}.NAME")
        else:
            yield f"{path}.{name}", field.default


def shown(default):
    if default is PydanticUndefined:
        return "required"
    if default is None or default in ("", (), {}) or isinstance(default, BaseModel):
        return "-"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"
