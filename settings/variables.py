"""One frozen settings object, read once in app.py and handed down as small values.

Vendor variables keep their vendors' names; secrets are ``SecretStr`` and never printed. Limits are not settings: they
live in the policy file.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.case import Mode
from domain.ids import BrokerName, brokers_in
from domain.market import Timeframe
from settings.brokers import BrokerSettings
from settings.models import ModelsSettings, Temperature
from settings.schedule import ScheduleSettings


def _known_brokers(text: str) -> str:
    return text if brokers_in(text) else ""


class Settings(BaseSettings):
    """Everything a start needs to know. Field aliases are the variables' names; ``reading.py`` makes it."""

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
    events: str = Field("", alias="SAGE_EVENTS")
    """What is scheduled, beside any market: ``files:PATH`` (a TOML file or a folder of them) and ``fred``, separated by
    commas; empty means what the market tells."""
    broker: Annotated[str, AfterValidator(_known_brokers)] = Field("paper", alias="SAGE_BROKER")
    """Comma-separated brokers of the home; a live address moves real money only in the modes approve and auto."""
    broker_terms: dict[str, BrokerSettings] = Field({}, alias="SAGE_BROKERS")
    """What each broker costs, and where it is: the table ``[brokers]`` of ``sage.toml``, or JSON of the same."""
    broker_keys: SecretStr | None = Field(None, alias="SAGE_BROKER_KEYS")
    """Keys of brokers with a label: ``LABEL=KEY_ID:SECRET,LABEL=KEY_ID:SECRET``."""
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
    """Questions to models at once, of all cycles of a process."""
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
    telegram_webhook_url: str = Field("", alias="TELEGRAM_WEBHOOK_URL")
    """The https address where Telegram brings updates; empty means that they are polled."""
    telegram_webhook_listen: str = Field("127.0.0.1:8688", alias="TELEGRAM_WEBHOOK_LISTEN")
    """``HOST:PORT`` where whoever ends TLS for that address hands them on."""
    telegram_webhook_path: str = Field("", alias="TELEGRAM_WEBHOOK_PATH")
    """The path they are handed on with; empty means that of the address."""
    telegram_webhook_secret: SecretStr | None = Field(None, alias="TELEGRAM_WEBHOOK_SECRET")
    """What Telegram says with each update; 16 to 256 letters, digits, ``_`` and ``-``. No webhook without it."""
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
    fred_api_key: SecretStr | None = Field(None, alias="FRED_API_KEY")
    fred_base_url: str = Field("https://api.stlouisfed.org", alias="FRED_BASE_URL")
    yahoo_base_url: str = Field("https://query2.finance.yahoo.com", alias="YAHOO_BASE_URL")
    rss_feeds: str = Field("", alias="SAGE_RSS_FEEDS")
    """Comma-separated feed addresses for ``SAGE_NEWS=rss``."""
    company_names: str = Field("", alias="SAGE_COMPANY_NAMES")
    """What texts call companies, for tagging: ``AAPL=Apple|iPhone,MSFT=Microsoft``."""

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
        # By their type, so that none which is added later can be left out.
        fields = (getattr(self, name) for name in type(self).model_fields)
        of_brokers = (key for pair in self.keys_of_brokers.values() for key in pair)
        known = (*fields, *self.keys_of_providers.values(), *of_brokers)
        told = (each.get_secret_value() for each in known if isinstance(each, SecretStr))
        return (*told, *self._mail_passwords)

    @property
    def _mail_passwords(self) -> tuple[str, ...]:
        """The password within SAGE_SMTP_URL, as it is written there and as the mail server is told it."""
        text = "" if self.smtp_url is None else self.smtp_url.get_secret_value()
        # At the last @ and the first colon: a password may hold both.
        credentials, _, _host = text.partition("://")[2].rpartition("@")
        written = credentials.partition(":")[2]
        return tuple(dict.fromkeys(filter(None, (written, unquote(written)))))

    @property
    def brokers(self) -> tuple[BrokerName, ...]:
        """The brokers of this home, in the order in which they are named."""
        return brokers_in(self.broker)

    @property
    def keys_of_brokers(self) -> dict[str, tuple[SecretStr, SecretStr]]:
        """Key id and secret of the brokers that have a label, by it."""
        keys = ((label, *key.partition(":")[::2]) for label, key in _named_keys(self.broker_keys))
        return {label: (SecretStr(key_id), SecretStr(secret)) for label, key_id, secret in keys if key_id and secret}

    @property
    def keys_of_providers(self) -> dict[str, SecretStr]:
        """The keys of other servers by their names."""
        return {name: SecretStr(key) for name, key in _named_keys(self.provider_keys) if key}


def _named_keys(held: SecretStr | None) -> Iterator[tuple[str, str]]:
    """``NAME=KEY,NAME=KEY`` as names and keys."""
    for part in ("" if held is None else held.get_secret_value()).split(","):
        # At the first =, because a key may end in more of them.
        name, _, key = part.partition("=")
        yield name.strip(), key.strip()
