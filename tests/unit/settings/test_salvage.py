"""What a kill reads of settings that are not all in order: what is right counts, and nothing is guessed."""

from decimal import Decimal

import pytest

from settings.brokers import BrokerSettings
from settings.reading import load_settings
from settings.salvage import salvaged
from tests.builders.runtime import standing_in


@pytest.fixture
def folder(tmp_path):
    """A working folder without any settings file."""
    with standing_in(tmp_path):
        yield tmp_path


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("SAGE_SEED = 'planted'", "SAGE_SEED"),
        ("SAGE_BROKER = 'planted'", "SAGE_BROKER"),
        ("SAGE_DATABASE_URL = 7", "SAGE_DATABASE_URL"),
        ("[schedule.cycle]\nmissed = 'planted'", "SAGE_SCHEDULE.cycle.missed"),
        ("[schedule.cycle]\non = ['news', 'planted']", "SAGE_SCHEDULE.cycle.on.1"),
        ("[schedule]\ncycle = 'planted'", "SAGE_SCHEDULE.cycle"),
        ("[brokers.a]\nslippage_bp = 'planted'", "SAGE_BROKERS.a.slippage_bp"),
        ("[brokers.a]\nplanted = 1", "SAGE_BROKERS.a.planted"),
        ("[models.prices.m]\n", "SAGE_MODELS.prices.m.tokens_in"),
        ("[models.roles.planted]\n", "SAGE_MODELS.roles.planted"),
        ("SAGE_BROKR = 'planted'", "SAGE_BROKER"),
        ("[broker.a]\nsymbols = 'planted'", "SAGE_BROKERS"),
        ("[schedule]\nSAGE_BROKER = 'planted'", "SAGE_BROKER"),
    ],
)
def test_what_is_wrong_is_left_at_its_default_alone_and_its_value_is_told_nowhere(folder, setting, wrong):
    (folder / "sage.toml").write_text(f"SAGE_CONCURRENCY = 3\n{setting}\n")
    (folder / ".env").write_text("APCA_API_KEY_ID=PK1\n")
    found = salvaged("there")
    assert (found.settings.concurrency, str(found.settings.home)) == (3, "there")
    assert "PK1" in found.settings.secrets
    assert wrong in found.wrong
    assert all("planted" not in why for why in found.wrong.values())
    assert (found.unread, found.faults) == ({}, ())


def test_of_a_table_the_rest_stays_as_it_is(folder):
    (folder / "sage.toml").write_text(
        "[brokers.a]\nslippage_bp = 'x'\ncommission_minimum = 2\n[brokers.b]\nbase_url = 'https://b'\n"
    )
    terms = salvaged("h").settings.broker_terms
    assert terms == {"a": BrokerSettings(commission_minimum=Decimal(2)), "b": BrokerSettings(base_url="https://b")}


def test_the_nearest_place_counts_as_for_every_other_command(folder):
    (folder / "sage.toml").write_text(
        "SAGE_SEED = 1\nSAGE_CONCURRENCY = 2\nSAGE_HEALTH_PORT = 3\n[brokers.a]\nsymbols='A'\n"
    )
    (folder / ".env").write_text("SAGE_SEED=4\nSAGE_CONCURRENCY=5\nSAGE_MARKET=\n")
    with standing_in(folder, SAGE_SEED="6", SAGE_BROKERS='{"a": {"slippage_bp": 7}}', SAGE_START_CASH="wrong"):
        settings = salvaged("h").settings
    assert (settings.seed, settings.concurrency, settings.health_port, settings.market) == (6, 5, 3, "simulated")
    assert settings.broker_terms == {"a": BrokerSettings(symbols="A", slippage_bp=Decimal(7))}


BELOW = 'SAGE_SEED = 3\nSAGE_CONCURRENCY = \nSAGE_POLICY = "mine"\n'


@pytest.mark.parametrize(
    ("content", "seed", "unread"),
    [
        pytest.param(
            f"{BELOW}[schedule]\n", 3, {"SAGE_CONCURRENCY", "SAGE_POLICY", "SAGE_SCHEDULE"}, id="below_a_fault"
        ),
        pytest.param(
            f"{BELOW}SAGE_SEED = 4\n", 7, {"SAGE_CONCURRENCY", "SAGE_POLICY", "SAGE_SEED"}, id="perhaps_twice"
        ),
        pytest.param("SAGE_SEED = 3\nx = [1,\ny = 2\n[brokers.a]\n", 3, {"SAGE_BROKERS"}, id="an_array_left_open"),
        pytest.param("SAGE_SEED = 3\n[brokers.a]\nx = \nbase_url = 'b'\n", 3, {"SAGE_BROKERS"}, id="in_a_table"),
        pytest.param("SAGE_SEED = 3\nSAGE_BROKER = 'alp", 3, None, id="cut_off_in_a_word"),
        pytest.param("SAGE_SEED = 3\nSAGE_BROKER =\n\n", 3, None, id="cut_off_before_a_value"),
        pytest.param("SAGE_SEED = 3\nx = '''\nSAGE_BROKER = 1\n", 3, None, id="a_text_left_open"),
        pytest.param("SAGE_SEED = 3\n# caf\udce9\nSAGE_BROKER = 'a'\n", 3, {"SAGE_BROKER"}, id="no_text_in_a_line"),
        pytest.param(
            "SAGE_BROKER = 'alpaca'\n".encode("utf-16").decode("utf-8", "surrogateescape"), 7, None, id="utf16"
        ),
    ],
)
def test_a_spoilt_toml_counts_down_to_its_fault_and_below_it_nothing_is_guessed(folder, content, seed, unread):
    (folder / "sage.toml").write_bytes(content.encode("utf-8", "surrogateescape"))
    found = salvaged("h")
    assert found.settings.seed == seed
    if unread is None:  # cut off: whatever is not told may have stood in the rest
        assert "SAGE_BROKER" in found.unread
        assert "SAGE_DATABASE_URL" in found.unread
        assert ("SAGE_SEED" in found.unread) is (seed == 7)
    else:
        assert found.unread.keys() == unread
    assert "sage.toml cannot be read from line" in found.told[0]
    with standing_in(folder, SAGE_BROKER="paper:a", SAGE_DATABASE_URL="sqlite:///x"):
        assert not {"SAGE_BROKER", "SAGE_DATABASE_URL"} & salvaged("h").unread.keys(), "a nearer place tells it"


def test_of_a_table_that_was_cut_off_nobody_knows_the_rest(folder):
    (folder / "sage.toml").write_text("[brokers.a]\nsymbols = 'A'\nbase_u")
    assert "SAGE_BROKERS" in salvaged("h").unread


@pytest.mark.parametrize(
    ("content", "unread"),
    [
        pytest.param(b"SAGE_SEED=3\nSAGE_POLICY=\xff\n# \xff\n", {"SAGE_POLICY"}, id="a_value_that_is_no_text"),
        pytest.param(b"SAGE_SEED=3\n\xff\xfe=1\n", None, id="a_name_that_is_no_text"),
        pytest.param("SAGE_SEED=3\n".encode("utf-16"), None, id="utf16"),
    ],
)
def test_a_spoilt_dotenv_counts_line_by_line_and_hides_what_stands_behind_it(folder, content, unread):
    (folder / ".env").write_bytes(content)
    (folder / "sage.toml").write_text("SAGE_POLICY = 'behind'\nSAGE_BROKER = 'alpaca'\n")
    found = salvaged("h")
    if unread is None:
        assert {"SAGE_BROKER", "SAGE_POLICY", "SAGE_DATABASE_URL"} <= found.unread.keys()
    else:
        assert (found.settings.seed, found.settings.broker, found.unread.keys()) == (3, "alpaca", unread)


@pytest.mark.parametrize("name", [".env", "sage.toml"])
def test_of_a_file_that_cannot_be_opened_nothing_is_known(folder, name):
    (folder / name).symlink_to(name)
    found = salvaged("h")
    assert {"SAGE_BROKER", "SAGE_DATABASE_URL"} <= found.unread.keys()
    assert found.told == (f"{name} cannot be read: too many levels of symbolic links",)


@pytest.mark.parametrize("name", [".env", "sage.toml"])
def test_a_folder_of_that_name_sets_nothing_as_for_every_other_command(folder, name):
    (folder / name).mkdir()
    found = salvaged("h")
    assert (found.unread, found.told, found.settings) == ({}, (), load_settings(home="h"))
