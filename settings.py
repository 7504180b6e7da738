"""One frozen settings object, read once in app.py and handed down as small values.

Precedence: environment variables, then ``.env``, then ``sage.toml`` in the working folder, then the defaults here.
Vendor variables keep their vendors' names; secrets are ``SecretStr`` and never printed. Limits are not settings: they
live in the policy file.
"""

from __future__ import annotations

from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from domain.case import Mode
from domain.errors import ConfigurationError
from domain.market import Timeframe


def _none_for_none(value: object) -> object:
    return None if value == "none" else value


class JobSettings(BaseModel):
    """When one job runs, in the words of ``interfaces/scheduler/rules.py``; without a time it never does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: tuple[str, ...] = ()
    missed: Literal["skip", "once", "all"] = "once"
    """What becomes of runs that nobody was there for."""
    on: tuple[Literal["alert", "news", "fill", "breach"], ...] = ()
    """Events that start a cycle between two of its times."""
    apart_minutes: int = Field(10, ge=1, le=1440)
    """The least time between two cycles for events."""


class ScheduleSettings(BaseModel):
    """``[schedule]`` of ``sage.toml``: one table a job, which takes the place of its default; ``at = []`` is never."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cycle: JobSettings = JobSettings(at=("open+30m", "close-30m"), on=("breach", "news", "alert"))
    reconcile: JobSettings = JobSettings(at=("open-15m", "every 15m", "close+10m"))
    algo_step: JobSettings = JobSettings(at=("every 1m",))
    policy_reload: JobSettings = JobSettings(at=("every 15m",))
    report: JobSettings = JobSettings(at=("close+20m",))
    learn: JobSettings = JobSettings(at=("close+45m",))
    maintenance: JobSettings = JobSettings(at=("03:10 America/New_York",))
    simulated_speed: float = Field(600, ge=0, allow_inf_nan=False)
    """How much faster than the wall clock simulated time goes under ``sage run``; 0 waits for nothing."""
    longest_wait_s: float = Field(5, ge=0, le=3600)
    """In simulated time, the most seconds between two things that are due: nights and weekends are short."""

    @property
    def jobs(self) -> dict[str, JobSettings]:
        """The jobs by the names the rest of Sage calls them."""
        told = {name: getattr(self, name) for name in type(self).model_fields}
        return {name.replace("_", "-"): job for name, job in told.items() if isinstance(job, JobSettings)}


RoleName = Literal["reader", "monitor", "advisor", "inspector", "decider", "explainer", "learner", "chat"]
Temperature = Annotated[Decimal | None, BeforeValidator(_none_for_none)]


class RoleModelSettings(BaseModel):
    """``[models.roles.NAME]``: how one role asks; what is left out is as for all others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = ""
    """As SAGE_MODEL; empty means the model of all others."""
    temperature: Temperature = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=64)
    seed: int | None = None


class PriceSettings(BaseModel):
    """``[models.prices."NAME"]``: what a model costs, in USD a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens_in: Decimal = Field(ge=0)
    tokens_out: Decimal = Field(ge=0)


class ProviderSettings(BaseModel):
    """``[models.providers.NAME]``: another server that speaks as OpenAI's; its models are ``NAME:MODEL``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """Ends in ``/v1``. Its key stands in SAGE_PROVIDER_KEYS, because ``sage.toml`` is no place for secrets."""


class AllowanceSettings(BaseModel):
    """The most that a day may use; what is left out is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int | None = Field(None, ge=0)
    usd: Decimal | None = Field(None, ge=0)


class ModelBudgetSettings(BaseModel):
    """``[models.budget]``: what asking may cost, beside the calls and tokens of a cycle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cycle_usd: Decimal | None = Field(None, ge=0)
    day: AllowanceSettings = AllowanceSettings()
    """Of the exchange's day, over all cycles and processes of a home."""
    roles: dict[RoleName, AllowanceSettings] = {}
    """Of one role on that day."""
    edge_pct: Decimal = Field(Decimal(80), gt=0, le=100)
    """From here on the cheaper model of the fallback is asked, where there is one."""


class ModelsSettings(BaseModel):
    """``[models]`` of ``sage.toml``: who is asked, what it costs, and what happens when a model fails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: dict[RoleName, RoleModelSettings] = {}
    prices: dict[str, PriceSettings] = {}
    providers: dict[str, ProviderSettings] = {}
    budget: ModelBudgetSettings = ModelBudgetSettings()
    breaker_failures: int = Field(5, ge=1)
    """So many failures in a row, and a model is left alone."""
    breaker_pause_minutes: Decimal = Field(Decimal(5), gt=0, le=1440)
    reuse_minutes: int = Field(60, ge=0, le=1440)
    """An answer of a hosted model to exactly the same question counts so long; 0 asks every time."""


class _SageToml(TomlConfigSettingsSource):
    """``sage.toml``, whose tables ``[schedule]`` and ``[models]`` are the settings SAGE_SCHEDULE and SAGE_MODELS."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        told: dict[str, Any] = super()._read_file(file_path)
        return {_TABLES.get(name, name): value for name, value in told.items()}


_TABLES = {"schedule": "SAGE_SCHEDULE", "models": "SAGE_MODELS"}


class Settings(BaseSettings):
    """Everything a start needs to know. Field aliases are the variables' names."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_file=".env",
        toml_file="sage.toml",
        case_sensitive=True,  # and by alias alone: a field called home must never be read from HOME
        env_ignore_empty=True,
    )

    home: Path = Field(Path(".sage"), alias="SAGE_HOME")
    """Folder of everything Sage writes: database, checkpoints, memory, kill latch."""
    database_url: str = Field("", alias="SAGE_DATABASE_URL")
    """SQLAlchemy URL; empty means SQLite in the home folder."""
    redis_url: str = Field("", alias="SAGE_REDIS_URL")
    chroma_url: str = Field("", alias="SAGE_CHROMA_URL")
    embeddings: str = Field("", alias="SAGE_EMBEDDINGS")
    """``openai:NAME`` of a text-embedding model, for finding lessons by their words; empty means none."""
    memory_half_life_days: int = Field(180, alias="SAGE_MEMORY_HALF_LIFE_DAYS", ge=1, le=36_500)
    """A remembered trade counts half after as many days."""
    policy: str = Field("conservative", alias="SAGE_POLICY")
    """Profile name or path of a policy file."""
    model: str = Field("", alias="SAGE_MODEL")
    """``openai:NAME``, ``recorded`` or ``rules``; empty means openai where a key is set, otherwise rules."""
    model_fallback: str = Field("", alias="SAGE_MODEL_FALLBACK")
    """Comma-separated models that are asked in this order where the first fails; ``rules`` at the end changes nothing:
    behind the last model code decides, which opens nothing."""
    models: ModelsSettings = Field(ModelsSettings(), alias="SAGE_MODELS")
    """Models by role, prices, providers and budgets: the table ``[models]`` of ``sage.toml``, or JSON of the same."""
    provider_keys: SecretStr | None = Field(None, alias="SAGE_PROVIDER_KEYS")
    """Keys of other servers: ``NAME=KEY,NAME=KEY``."""
    market: str = Field("simulated", alias="SAGE_MARKET")
    news: str = Field("", alias="SAGE_NEWS")
    """Empty means the twin of the market: simulated news, the same files, or none."""
    broker: Literal["paper", "alpaca"] = Field("paper", alias="SAGE_BROKER")
    """``alpaca`` with a live address moves real money only in the modes approve and auto."""
    mode: Mode | None = Field(None, alias="SAGE_MODE")
    """Where the autonomy ladder stands from this start on; empty leaves it, and a new home starts on ``paper``."""
    timeframe: Timeframe | None = Field(None, alias="SAGE_TIMEFRAME")
    """Empty means what a ``files:`` source holds of most symbols, and daily bars everywhere else."""
    universe: str = Field("", alias="SAGE_UNIVERSE")
    """Comma-separated symbols; empty means all symbols the market source knows."""
    seed: int = Field(7, alias="SAGE_SEED", ge=0)
    """Seed of the simulated market."""
    start_cash: Decimal = Field(Decimal(100_000), alias="SAGE_START_CASH", gt=0)
    concurrency: int = Field(8, alias="SAGE_CONCURRENCY", ge=1, le=64)
    """Candidates reviewed at once."""
    model_timeout_s: float = Field(60.0, alias="SAGE_MODEL_TIMEOUT_S", gt=0)
    """The most that one question may take, with its retries."""
    model_max_tokens: int = Field(900, alias="SAGE_MODEL_MAX_TOKENS", ge=64)
    model_temperature: Temperature = Field(Decimal(0), alias="SAGE_MODEL_TEMPERATURE", ge=0, le=2)
    """``none`` leaves it to the server: some reasoning models refuse any."""
    price_in_usd_per_mtok: Decimal = Field(Decimal(0), alias="SAGE_PRICE_IN_USD_PER_MTOK", ge=0)
    """Of a model that ``[models.prices]`` does not name."""
    price_out_usd_per_mtok: Decimal = Field(Decimal(0), alias="SAGE_PRICE_OUT_USD_PER_MTOK", ge=0)
    max_calls_per_cycle: int = Field(200, alias="SAGE_MAX_CALLS_PER_CYCLE", ge=0)
    max_tokens_per_cycle: int = Field(600_000, alias="SAGE_MAX_TOKENS_PER_CYCLE", ge=0)
    recordings: Path | None = Field(None, alias="SAGE_RECORDINGS")
    """File or folder of stored model answers; empty means the ones shipped with Sage."""
    record_to: Path | None = Field(None, alias="SAGE_RECORD_TO")
    """Append every model answer to this file, for later replay."""
    record_origin: Literal["hosted", "relay", "scripted"] = Field("hosted", alias="SAGE_RECORD_ORIGIN")
    schedule: ScheduleSettings = Field(ScheduleSettings(), alias="SAGE_SCHEDULE")
    """When `sage run` does what: the table ``[schedule]`` of ``sage.toml``, or JSON of the same."""
    health_port: int = Field(8687, alias="SAGE_HEALTH_PORT", ge=0, le=65535)
    """Where `sage run` answers /healthz and /metrics, on loopback only; 0 takes any free port."""

    smtp_url: SecretStr | None = Field(None, alias="SAGE_SMTP_URL")
    """Where mail is handed over: ``smtps://user:password@host:465`` or ``smtp://user:password@host:587``."""
    mail_to: str = Field("", alias="SAGE_MAIL_TO")
    """Comma-separated addresses that are told what happens."""
    mail_from: str = Field("", alias="SAGE_MAIL_FROM")
    """Empty means the user of SAGE_SMTP_URL where that is an address, else the first of SAGE_MAIL_TO."""
    slack_webhook: SecretStr | None = Field(None, alias="SAGE_SLACK_WEBHOOK")
    """Incoming webhook of the channel that is told what happens."""

    telegram_bot_token: SecretStr | None = Field(None, alias="TELEGRAM_BOT_TOKEN")
    """As @BotFather told it; with it `sage run` talks by Telegram too."""
    telegram_api_base_url: str = Field("https://api.telegram.org", alias="TELEGRAM_API_BASE_URL")
    telegram_owner_ids: str = Field("", alias="TELEGRAM_OWNER_IDS")
    """Comma-separated numbers of people who are owners; without any, `sage telegram` shows a code for the first."""
    telegram_groups: str = Field("", alias="TELEGRAM_GROUPS")
    """Comma-separated ``CHAT:TOPIC`` in which known people may talk to the bot; 0 is a group without topics."""

    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    openai_base_url: str = Field("https://api.openai.com/v1", alias="OPENAI_BASE_URL")
    alpaca_key_id: SecretStr | None = Field(None, alias="APCA_API_KEY_ID")
    alpaca_secret_key: SecretStr | None = Field(None, alias="APCA_API_SECRET_KEY")
    alpaca_base_url: str = Field("https://paper-api.alpaca.markets", alias="APCA_API_BASE_URL")
    alpaca_stream_url: str = Field("", alias="APCA_API_STREAM_URL")
    """Trade updates; empty means the stream beside the trading address."""
    alpaca_data_url: str = Field("https://data.alpaca.markets", alias="APCA_API_DATA_URL")
    newsapi_key: SecretStr | None = Field(None, alias="NEWSAPI_KEY")
    newsapi_base_url: str = Field("https://newsapi.org", alias="NEWSAPI_BASE_URL")
    yahoo_base_url: str = Field("https://query2.finance.yahoo.com", alias="YAHOO_BASE_URL")
    rss_feeds: str = Field("", alias="SAGE_RSS_FEEDS")
    """Comma-separated feed addresses for ``SAGE_NEWS=rss``."""
    company_names: str = Field("", alias="SAGE_COMPANY_NAMES")
    """What texts call companies, for tagging: ``AAPL=Apple|iPhone,MSFT=Microsoft``."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, ``.env``, ``sage.toml``, in that order."""
        return init_settings, env_settings, dotenv_settings, _SageToml(settings_cls)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'sage.db'}"

    @property
    def model_name(self) -> str:
        """The model in force."""
        return self.model or ("openai:gpt-4.1-mini" if self.openai_api_key else "rules")

    @property
    def news_name(self) -> str:
        """The news source in force."""
        if self.news:
            return self.news
        return self.market if self.market == "simulated" or self.market.startswith("files:") else "none"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the redaction filter only."""
        held = (self.openai_api_key, self.alpaca_key_id, self.alpaca_secret_key, self.newsapi_key)
        ways = (self.smtp_url, self.slack_webhook, self.telegram_bot_token)
        known = (*held, *self.keys_of_providers.values(), *ways)
        told = (secret.get_secret_value() for secret in known if secret is not None)
        return (*told, *self._mail_passwords)

    @property
    def _mail_passwords(self) -> tuple[str, ...]:
        """The password within SAGE_SMTP_URL, as it is written there and as the mail server is told it."""
        text = "" if self.smtp_url is None else self.smtp_url.get_secret_value()
        credentials, _, _host = text.partition("://")[2].rpartition("@")
        written = credentials.partition(":")[2]
        return tuple(dict.fromkeys(filter(None, (written, unquote(written)))))

    @property
    def keys_of_providers(self) -> dict[str, SecretStr]:
        """The keys of other servers by their names."""
        text = "" if self.provider_keys is None else self.provider_keys.get_secret_value()
        pairs = (part.strip().partition("=") for part in text.split(",") if part.strip())
        return {name.strip(): SecretStr(key.strip()) for name, _, key in pairs if key.strip()}


def load_settings(**overrides: object) -> Settings:
    """Read the settings once; ``overrides`` are command-line options that were given."""
    given = {str(Settings.model_fields[name].alias): value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic validates what the command line passed as text
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"setting {name}: {first['msg']}", "Correct it in the environment, .env or sage.toml."
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"settings cannot be read: {error}", "Correct .env or sage.toml.") from error


class _Closed(Settings):
    """Settings that nothing outside the program can change."""

    model_config = SettingsConfigDict(toml_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the program passes, and nothing else."""
        return (init_settings,)


def demo_settings(home: Path) -> Settings:
    """The demo is the same for everybody: simulated market, recorded answers, no environment, no file."""
    return _Closed(SAGE_HOME=home, SAGE_MODEL="recorded", SAGE_MODE=Mode.PAPER)
