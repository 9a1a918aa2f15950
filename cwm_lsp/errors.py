"""The error tree. Every error names its cause and the way out, and says whose fault it is.

::

    CwmError
    ├── UserError           the request cannot be met as it stands; exit code 2
    │   ├── SourceError     no such file, a syntax error, an encoding that does not decode
    │   ├── TargetError     no such function, test or module
    │   ├── ArgumentsError  arguments that do not parse or do not fit the signature
    │   ├── InterpreterError  no such interpreter, or one that debugpy does not support
    │   └── SettingsError   a setting or option that means nothing
    ├── RunError            the user's program could not be run to a trace; exit code 3
    ├── BackendError        the model failed; exit code 4
    │   ├── ModelUnavailable  no weights, a bad checksum
    │   │   └── ServerLost  a server that does not answer, or not with our model
    │   ├── RequestRefused  a server or engine that works and does not take this request
    │   ├── ModelCrashed    the model host died or stopped answering
    │   └── ContextExceeded the prompt does not fit the context of the model
    └── Cancelled           the user stopped it; exit code 130
"""

from __future__ import annotations


class CwmError(Exception):
    """Base of all errors that are shown to a user. ``str(error)`` is one or two plain sentences."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class UserError(CwmError):
    """The request cannot be met as it stands."""

    exit_code = 2


class SourceError(UserError):
    """A file that is missing, does not decode or does not parse."""


class TargetError(UserError):
    """A function, test or module that is not there."""


class ArgumentsError(UserError):
    """Arguments that do not parse or do not fit the signature."""


class InterpreterError(UserError):
    """An interpreter that is missing or not supported."""


class SettingsError(UserError):
    """A setting or option that means nothing."""


class RunError(CwmError):
    """The user's program could not be run to a trace."""

    exit_code = 3


class BackendError(CwmError):
    """The model failed."""

    exit_code = 4


class ModelUnavailable(BackendError):
    """No weights, or a checksum that does not match."""


class ServerLost(ModelUnavailable):
    """A model server that does not answer, or not with our model."""


class RequestRefused(BackendError):
    """A model server or engine that works and does not take this request."""


class ModelCrashed(BackendError):
    """The model host died or stopped answering."""


class ContextExceeded(BackendError):
    """The prompt does not fit the context of the model."""


class Cancelled(CwmError):
    """The user stopped it."""

    exit_code = 130
