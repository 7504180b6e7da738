"""Loading, refusing, comparing policies."""

import dataclasses
import re
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from domain.case import Mode
from domain.errors import ConfigurationError
from domain.verdicts import Outcome
from policies.approval import ApprovalTerms
from policies.breaches import good_case
from policies.evaluate import evaluate
from policies.gates.broker.buying_power import BuyingPowerLimits
from policies.gates.catalogue import GATES
from policies.gates.loss.give_back import GiveBackLimits
from policies.limits import BY_NAME, LIMITS, parse_limits
from policies.policy import (
    PROFILES,
    REQUIRED,
    Change,
    Policy,
    compare_policies,
    load_policy,
    policy_from_limits,
    set_but_not_enforced,
    tightens,
)
from tests.builders.policies import a_case, a_policy

row = pytest.param

CONTRACT = """
max_order_qty, max_order_notional, max_position_qty, max_position_notional, max_position_pct_equity,
max_gross_exposure_pct, max_open_positions, max_sector_pct_equity, min_cash_reserve, daily_loss_limit_pct,
daily_loss_limit_abs, max_drawdown_pct, max_consecutive_losses, cooldown_after_loss_s, max_orders_per_minute,
max_orders_per_day, max_turnover_per_day, duplicate_window_s, price_collar_pct, max_spread_pct, max_quote_age_s,
max_signal_age_s, max_account_age_s, max_clock_skew_s, min_price, max_adv_pct, max_loss_per_trade_pct,
require_stop_loss, allow_short, allow_fractional, allow_extended_hours, approval_required_above_notional,
approval_ttl_s, min_confidence, earnings_blackout_h, max_leverage, allowed_order_types, allowed_tif, universe,
restricted, mode
"""


def test_every_limit_of_the_contract_is_understood_and_feeds_a_gate():
    names = re.findall(r"\w+", CONTRACT)
    assert [name for name in names if name not in BY_NAME or not BY_NAME[name].gates] == []


def test_the_list_of_limits_names_the_gates_that_read_them():
    read: dict[str, set[str]] = {}
    for gate in GATES:
        for field in dataclasses.fields(gate.limits):
            read.setdefault(field.name, set()).add(gate.id)
    read.pop("policy_digest")
    read["allow_fractional"] = {"B2"}  # through the steps of the worst case
    read |= {name: set() for name in ("max_unusable_answers_pct", "max_blocks_in_row")}  # breakers read these
    assert {limit.name: set(limit.gates) for limit in LIMITS} == read


def test_defaults_in_the_list_are_those_of_the_gates():
    assert BY_NAME["approval_ttl_s"].default == ApprovalTerms().approval_ttl_s
    assert BY_NAME["max_buying_power_pct"].default == BuyingPowerLimits().max_buying_power_pct
    assert BY_NAME["give_back_from_pct"].default == GiveBackLimits(Decimal(50)).give_back_from_pct


def test_gate_ids_are_unique():
    assert len({gate.id for gate in GATES}) == len(GATES)


@pytest.mark.parametrize("profile", PROFILES)
def test_shipped_profiles_load_enforce_all_they_set_and_pass_a_good_order(profile):
    policy = load_policy(profile)
    assert policy.profile == profile
    assert set_but_not_enforced(policy) == ()
    assert evaluate(good_case(policy), policy).outcome is Outcome.PASS


@pytest.mark.parametrize("profile", PROFILES)
def test_shipped_profiles_explain_themselves(profile):
    text = resources.files("policies").joinpath(f"{profile}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert text.count("#") > 15


def test_the_default_enforces_every_gate():
    # A second source of prices and a list of released models and prompts are the owner's to name.
    left_out = {"E5_source", "H8", "H8_prompts"}
    assert load_policy("conservative").enforced == tuple(gate.id for gate in GATES if gate.id not in left_out)


def test_the_profiles_are_ordered():
    conservative, balanced = load_policy("conservative"), load_policy("balanced")
    assert tightens(balanced, conservative)
    assert not tightens(conservative, balanced)
    assert tightens(conservative, conservative)
    assert not tightens(balanced, load_policy("research"))


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def shipped(profile):
    return resources.files("policies").joinpath(f"{profile}.toml").read_text(encoding="utf-8")


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    lines = shipped("conservative").splitlines()
    with pytest.raises(ConfigurationError, match="does not set"):
        load_policy(written(tmp_path, "\n".join(lines[: len(lines) // 2])))


def test_a_file_of_ones_own(tmp_path):
    text = shipped("conservative").replace('"conservative"', '"mine"', 1)
    policy = load_policy(written(tmp_path, text.replace("max_order_notional = 10000", "max_order_notional = 1234.50")))
    assert (policy.profile, policy.limits["max_order_notional"]) == ("mine", Decimal("1234.50"))
    assert load_policy(str(tmp_path / "mine.toml")).digest == policy.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        row("profile = ", "not valid TOML", id="broken"),
        row('profile = "x"', "form of a policy", id="no_limits"),
        row("[limits]", "form of a policy", id="no_profile"),
        row('profile = "x"\nextra = 1\n[limits]', "form of a policy", id="unknown_key"),
        row("profile = 1\n[limits]", "form of a policy", id="profile_is_a_number"),
        row('profile = "x"\nlimits = 3', "form of a policy", id="limits_is_a_number"),
        row('profile = "x"\n[limits]\nmax_order_size = 1', "unknown limit 'max_order_size'", id="misspelt_limit"),
        row('profile = "x"\n[limits]\nmax_order_qty = nan', "max_order_qty", id="nan"),
        row('profile = "x"\n[limits]\nmax_order_qty = inf', "max_order_qty", id="infinite"),
        row('profile = "x"\n[limits]\nmax_order_qty = 1\nmax_order_qty = 2', "not valid TOML", id="twice"),
    ],
)
def test_a_file_that_is_not_a_policy_is_refused_by_name(tmp_path, text, said):
    with pytest.raises(ConfigurationError, match=re.escape(said)) as error:
        load_policy(written(tmp_path, text))
    assert str(tmp_path / "mine.toml") in error.value.what
    assert error.value.remedy


def test_a_file_that_is_missing_or_no_text_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigurationError, match=r"mine\.toml cannot be read"):
        load_policy(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"mine\.toml cannot be read"):
        load_policy(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        row("max_order_notional", "-1", id="negative"),
        row("max_order_notional", "1e5", id="exponent"),
        row("max_order_notional", "NaN", id="nan"),
        row("max_order_notional", 100.0, id="float"),
        row("max_order_notional", True, id="bool_for_a_number"),
        row("max_order_notional", None, id="none"),
        row("max_order_notional", "1" * 400, id="four_hundred_digits"),
        row("max_order_notional", [1], id="list"),
        row("max_drawdown_pct", "100.01", id="more_than_everything"),
        row("max_leverage", "21", id="absurd_leverage"),
        row("max_orders_per_day", "1.5", id="half_an_order"),
        row("min_confidence", "1.1", id="more_than_sure"),
        row("allow_short", "true", id="text_for_a_flag"),
        row("allow_short", 1, id="number_for_a_flag"),
        row("universe", "AAPL", id="text_for_a_list"),
        row("universe", ["AА"], id="a_look_alike"),
        row("allowed_order_types", ["magic"], id="unknown_type"),
        row("allowed_tif", [""], id="empty_tif"),
        row("restricted", [{"reason": "no symbol"}], id="restriction_without_symbol"),
        row("restricted", [{"symbol": "GME", "because": "x"}], id="restriction_with_unknown_key"),
        row("restricted", [{"symbol": "GME", "until": "2026-06-01T00:00:00"}], id="restriction_without_zone"),
        row("restricted", [7], id="restriction_of_a_number"),
        row("mode", "full", id="unknown_mode"),
        row("mode", 3, id="number_for_a_mode"),
        row("oversize", "shrink", id="unknown_oversize"),
        row("account_id", " ", id="blank_name"),
    ],
)
def test_an_absurd_value_is_refused_by_name(name, value):
    with pytest.raises(ConfigurationError, match=name) as error:
        policy_from_limits({name: value})
    assert error.value.remedy.startswith("It takes ")


def test_values_are_read_as_what_they_are():
    limits = parse_limits(
        {
            "mode": "APPROVE",
            "max_order_qty": 5,
            "universe": ["aapl"],
            "allowed_tif": ["DAY"],
            "restricted": ["GME"],
            "oversize": "reduce",
            "account_id": "paper-1",
        }
    )
    assert limits["mode"] is Mode.APPROVE
    assert limits["max_order_qty"] == Decimal(5)
    assert limits["universe"] == {"AAPL"}
    assert limits["allowed_tif"] == {"day"}
    assert set(limits["restricted"]) == {"GME"}


def test_the_digest_is_that_of_the_content():
    assert a_policy(max_order_qty="5").digest == a_policy(max_order_qty=Decimal("5.0")).digest
    assert a_policy(max_order_qty="5").digest != a_policy(max_order_qty="6").digest
    assert a_policy().digest != policy_from_limits({}, profile="other").digest


def test_a_policy_cannot_be_changed():
    policy = a_policy(max_order_qty="5")
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.digest = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        policy.limits["max_order_qty"] = Decimal(6)  # type: ignore[index]


GME, GME_UNTIL = ["GME"], [{"symbol": "GME", "until": "2026-06-01T00:00:00Z"}]


@pytest.mark.parametrize(
    ("name", "old", "new", "direction"),
    [
        row("max_order_qty", 10, 9, 1, id="lower_cap"),
        row("max_order_qty", 10, 11, -1, id="higher_cap"),
        row("max_order_qty", 10, "10.0", 0, id="same_cap"),
        row("max_order_qty", None, 10, 1, id="new_cap"),
        row("max_order_qty", 10, None, -1, id="cap_dropped"),
        row("min_price", 5, 6, 1, id="higher_floor"),
        row("min_price", 5, 4, -1, id="lower_floor"),
        row("approval_ttl_s", None, 900, -1, id="longer_than_the_default"),
        row("approval_ttl_s", None, 60, 1, id="shorter_than_the_default"),
        row("approval_ttl_s", None, 120, 0, id="the_default_said_aloud"),
        row("allow_short", True, False, 1, id="shorts_off"),
        row("allow_short", None, True, -1, id="shorts_on"),
        row("allow_short", None, False, 0, id="off_said_aloud"),
        row("require_stop_loss", None, True, 1, id="stops_required"),
        row("require_stop_loss", True, False, -1, id="stops_not_required"),
        row("universe", ["AAPL", "MSFT"], ["AAPL"], 1, id="smaller_universe"),
        row("universe", ["AAPL"], ["AAPL", "MSFT"], -1, id="larger_universe"),
        row("universe", ["AAPL"], ["MSFT"], -1, id="another_universe"),
        row("restricted", None, GME, 1, id="restriction_added"),
        row("restricted", GME, None, -1, id="restriction_lifted"),
        row("restricted", GME, GME_UNTIL, -1, id="restriction_gets_an_end"),
        row("restricted", GME_UNTIL, GME, 1, id="restriction_loses_its_end"),
        row("mode", None, "paper", 1, id="ceiling_lowered"),
        row("mode", "observe", "auto", -1, id="ceiling_raised"),
        row("mode", "approve", "paper", -1, id="approve_to_paper_loses_the_person"),
        row("mode", "paper", "approve", -1, id="paper_to_approve_allows_real_money"),
        row("oversize", "reduce", "deny", 1, id="no_more_cuts"),
        row("oversize", None, "reduce", -1, id="cuts_instead_of_denials"),
        row("account_id", None, "a", 1, id="account_named"),
        row("account_id", "a", "b", -1, id="another_account"),
    ],
)
def test_which_way_a_change_goes(name, old, new, direction):
    def policy(value) -> Policy:
        return a_policy(**({} if value is None else {name: value}))

    changes = compare_policies(policy(old), policy(new))
    assert [change.direction for change in changes] == ([] if direction == 0 else [direction])
    assert tightens(policy(old), policy(new)) is (direction >= 0)


def test_a_limit_whose_gates_do_not_run_is_reported():
    policy = a_policy(max_order_qty="5")
    crippled = dataclasses.replace(policy, gates=tuple(gate for gate in policy.gates if gate.id != "C2"))
    assert set_but_not_enforced(crippled) == ("max_order_qty",)
    assert "C2" not in {verdict.gate for verdict in evaluate(a_case(), crippled).verdicts}


def test_lists_of_models_and_prompts_hold_any_text_letter_by_letter():
    read = parse_limits({"released_models": ["hosted:gpt-5", "rules"], "released_prompts": ["9F2c"]})
    assert read["released_models"] == frozenset({"hosted:gpt-5", "rules"})
    assert read["released_prompts"] == frozenset({"9F2c"})


@pytest.mark.parametrize("value", ["rules", ["rules", ""], [7], {"rules": True}, None], ids=repr)
def test_what_is_no_list_of_names_is_refused(value):
    with pytest.raises(ConfigurationError, match="released_models") as error:
        parse_limits({"released_models": value})
    assert error.value.remedy == "It takes a list of names."


@pytest.mark.parametrize(
    ("old", "new", "tighter"),
    [
        row({"released_models": ["a", "b"]}, {"released_models": ["a"]}, True, id="fewer_models"),
        row({"released_models": ["a"]}, {"released_models": ["a", "b"]}, False, id="more_models"),
        row({}, {"released_models": ["a"]}, True, id="a_list_at_all"),
        row({"max_give_back_pct": 50}, {"max_give_back_pct": 50, "give_back_from_pct": "0.4"}, True, id="from_less"),
        row({"max_give_back_pct": 50}, {"max_give_back_pct": 50, "give_back_from_pct": "0.6"}, False, id="from_more"),
        row({"require_calibration": True}, {"require_calibration": False}, False, id="calibration_given_up"),
        row({"cooldown_after_stop_s": 600}, {"cooldown_after_stop_s": 900}, True, id="a_longer_rest"),
    ],
)
def test_what_counts_as_tighter(old, new, tighter):
    assert tightens(policy_from_limits(old), policy_from_limits(new)) is tighter


MINE = "{0}/mine.toml"
FORM = f'{MINE} does not have the form of a policy. It has profile = "name" and a table [limits], nothing else.'
CHOICE = f"Name a policy file or one of {', '.join(PROFILES)}, as SAGE_POLICY or --policy."
UNREADABLE = f"the policy {MINE} cannot be read: {{1}}. {CHOICE}"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        row(None, UNREADABLE.replace("{1}", "there is no such profile or file"), id="missing"),
        row(b"\xff", UNREADABLE.replace("{1}", "it is not UTF-8 text"), id="no_text"),
        row("folder", UNREADABLE.replace("{1}", "is a directory"), id="a_folder"),
        row(
            b"profile = ",
            f"{MINE} is not valid TOML: Invalid value (at end of document). Correct the file at that place.",
            id="broken",
        ),
        row(b"[limits]", FORM, id="no_profile"),
        row(b'profile = "x"\n[limits]\n[more]', FORM, id="more_than_limits"),
        row(b"profile = 1\n[limits]", FORM, id="a_number_for_a_profile"),
        row(b'profile = "x"\nlimits = 1', FORM, id="a_number_for_limits"),
        row(
            b'profile = "x"\n[limits]\nmax_adds = -1',
            f"max_adds in {MINE} is '-1'. It takes a whole number of count from 0 to 10000.",
            id="an_absurd_limit",
        ),
        row(
            b'profile = "x"\n[limits]\nmax_adds = 1',
            f"{MINE} does not set {', '.join(REQUIRED)}. "
            "A limit that is missing is no limit; start from a shipped profile.",
            id="limits_left_out",
        ),
    ],
)
def test_why_a_policy_cannot_be_loaded(tmp_path, content, told):
    path = tmp_path / "mine.toml"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        load_policy(path)
    assert str(refused.value) == told.replace("{0}", str(tmp_path))


def test_the_limits_of_a_case_are_named_by_it():
    with pytest.raises(ConfigurationError, match=r"^max_adds in the limits of case is '-1'\."):
        policy_from_limits({"max_adds": -1})
    assert policy_from_limits({}).profile == "case"


def test_a_policy_holds_the_slippage_as_a_share_and_no_fractions_by_itself():
    policy = a_policy(market_slippage_pct="1")
    assert (policy.slippage, policy.allow_fractional) == (Decimal("0.01"), False)
    assert a_policy(allow_fractional=True).allow_fractional is True
    assert a_policy().slippage == 0


def test_a_change_names_the_limit_and_both_values():
    assert compare_policies(a_policy(max_adds=2), a_policy(max_adds=3, allow_short=False)) == (
        Change("max_adds", Decimal(2), Decimal(3), -1),
    )
