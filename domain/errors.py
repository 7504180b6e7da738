"""One error tree, named by what the operator must do.

    OversightError
    ├── UsageError             the command or argument is wrong: correct it and call again
    ├── ConfigurationError     a setting, key, policy or file path is wrong: correct it and start again
    ├── DataQualityError       an input arrived malformed, stale or incomplete: look at the source
    │   └── ModelOutputError   a model answered, but not usably: treated as no answer
    ├── RetryableError         something outside is slow or away: the next cycle tries again
    │   ├── SourceUnavailable  a market, news or broker connection
    │   │   ├── NoAnswer       nothing came back in the time there was
    │   │   └── PartlyAnswered several were asked, and not all of them answered
    │   └── ModelUnavailable   a language model
    ├── ManualActionError      only a person can clear this: kill switch, unreconciled book
    └── IntegrityError         a record or permit is not what it claims to be: stop and investigate

Refusals are not errors: a gate answers with a ``Verdict``. Vendor exceptions are translated in their adapter.
"""

from __future__ import annotations

from typing import Any, ClassVar


class OversightError(Exception):
    """Base of everything Sage raises on purpose: ``what`` names the thing, ``remedy`` says what to do."""

    code: ClassVar[str] = "E_OVERSIGHT"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, remedy: str = "") -> None:
        # Sentences are put together from it, and vendors' words come with and without a stop.
        self.what = what.rstrip(". ")
        self.remedy = remedy
        super().__init__(f"{self.what}. {remedy}".rstrip() if remedy else self.what)


class UsageError(OversightError):
    """The command line or an argument cannot be understood."""

    code = "E_USAGE"
    exit_code = 2


class ConfigurationError(OversightError):
    """A setting, key, policy file or path does not allow a start."""

    code = "E_CONFIGURATION"


class DataQualityError(OversightError):
    """Input from outside is malformed, stale, incomplete or contradicts itself."""

    code = "E_DATA_QUALITY"


class ModelOutputError(DataQualityError):
    """A model answered with something that is not the asked-for document."""

    code = "E_MODEL_OUTPUT"


class RetryableError(OversightError):
    """Something outside did not answer in time; nothing was lost and the next cycle tries again."""

    code = "E_RETRYABLE"


class SourceUnavailable(RetryableError):
    """A market, news or broker connection is away, slow or limiting us.

    ``asked`` is False where that was known before, so that nobody was asked who did not answer.
    """

    code = "E_SOURCE_UNAVAILABLE"

    def __init__(self, what: str, remedy: str = "", *, asked: bool = True) -> None:
        super().__init__(what, remedy)
        self.asked = asked


class NoAnswer(SourceUnavailable):
    """Nothing came back in its time; to ask once more would cost that time once more."""

    code = "E_NO_ANSWER"


class PartlyAnswered(SourceUnavailable):
    """Several brokers were asked and not all answered; ``told`` is what the others said, in the asked-for form.

    Nobody may take it for the whole. It is enough for closing what the others hold.
    """

    code = "E_PARTLY_ANSWERED"

    def __init__(self, what: str, told: Any, remedy: str = "", *, asked: bool = True) -> None:
        super().__init__(what, remedy, asked=asked)
        self.told = told


class ModelUnavailable(RetryableError):
    """The language model is away, slow, out of budget or refuses."""

    code = "E_MODEL_UNAVAILABLE"


class ManualActionError(OversightError):
    """The system stopped itself and waits for its owner."""

    code = "E_MANUAL_ACTION"


class IntegrityError(OversightError):
    """A ledger record, permit or digest is not what it claims to be."""

    code = "E_INTEGRITY"
