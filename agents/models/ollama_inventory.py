"""What an Ollama server has: its models as it describes them, and how its answers are read."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from agents.models.ollama_wire import Count, Text, Wire
from agents.sanitize import one_line
from agents.tasks import Frozen


class InstalledModel(Frozen):
    """A model the server has."""

    name: str
    size_bytes: int = 0
    parameter_size: str = ""
    quantization: str = ""
    family: str = ""
    capabilities: tuple[str, ...] = ()
    """Empty on servers that do not say here: see `facts`."""
    modified_at: datetime | None = None
    remote: bool = False
    """It runs in Ollama's cloud, not here."""


class LoadedModel(Frozen):
    """A model in memory."""

    name: str
    size_bytes: int
    vram_bytes: int
    context_length: int | None = None
    expires_at: datetime | None = None

    @property
    def on_cpu(self) -> bool:
        """None of it is on a graphics card: there is none, or the server does not use or report one."""
        return not self.vram_bytes and self.size_bytes > 0

    @property
    def spilled(self) -> bool:
        """The card is too small for it, so that a part runs on the CPU: slower, and tool calls break."""
        return 0 < self.vram_bytes < self.size_bytes

    @property
    def spilled_share(self) -> float:
        """How much of it runs on the CPU, 0 to 1."""
        return 1 - self.vram_bytes / self.size_bytes if self.spilled else 0.0


class ModelFacts(Frozen):
    """What the server knows of a model. All empty where it does not say."""

    capabilities: tuple[str, ...] = ()
    """completion, tools, thinking, vision, insert."""
    context_length: int | None = None
    """The most tokens the model was trained to read."""
    parameter_size: str = ""
    quantization: str = ""
    family: str = ""
    remote: bool = False
    """The server hands it on to another one: Ollama's cloud."""

    @property
    def thinks(self) -> bool:
        """It writes down its thoughts before it answers, unless told not to."""
        return "thinking" in self.capabilities


def same_model(one: str, other: str) -> bool:
    """Whether two names mean the same model: no tag means :latest, and case does not count."""

    def full(name: str) -> str:
        lower = name.lower()
        return lower if ":" in lower.rsplit("/", 1)[-1] else f"{lower}:latest"

    return full(one) == full(other)


def _or_empty(value: Any) -> Any:
    return () if value is None else value


def _or_none(value: Any) -> Any:
    """A date only where it is one: Go writes years and fractions that Python does not read."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


Date = Annotated[datetime | None, BeforeValidator(_or_none)]


class _Details(Wire):
    parameter_size: Text = ""
    quantization_level: Text = ""
    family: Text = ""


def _details(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


class _Tag(Wire):
    name: Text = ""
    model: Text = ""
    size: Count = 0
    details: Annotated[_Details, BeforeValidator(_details)] = _Details()
    capabilities: Annotated[tuple[Text, ...], BeforeValidator(_or_empty)] = ()
    modified_at: Date = None
    remote_model: Text = ""

    def installed(self) -> InstalledModel:
        return InstalledModel(
            name=one_line(self.name or self.model),
            size_bytes=self.size,
            parameter_size=one_line(self.details.parameter_size, 20),
            quantization=one_line(self.details.quantization_level, 20),
            family=one_line(self.details.family, 40),
            capabilities=tuple(one_line(word, 20) for word in self.capabilities),
            modified_at=self.modified_at,
            remote=bool(self.remote_model),
        )


class TagsReply(Wire):
    models: Annotated[tuple[_Tag, ...], BeforeValidator(_or_empty)]


class _Process(Wire):
    name: Text = ""
    model: Text = ""
    size: Count = 0
    size_vram: Count = 0
    context_length: Count = 0
    expires_at: Date = None

    def loaded(self) -> LoadedModel:
        return LoadedModel(
            name=one_line(self.name or self.model),
            size_bytes=self.size,
            vram_bytes=self.size_vram,
            context_length=self.context_length or None,
            expires_at=self.expires_at,
        )


class ProcessesReply(Wire):
    models: Annotated[tuple[_Process, ...], BeforeValidator(_or_empty)]


class ShowReply(Wire):
    details: Annotated[_Details, BeforeValidator(_details)] = _Details()
    model_info: Annotated[dict[str, Any], BeforeValidator(_details)] = Field(default={})
    capabilities: Annotated[tuple[Text, ...], BeforeValidator(_or_empty)] = ()
    remote_model: Text = ""
    remote_host: Text = ""

    def facts(self) -> ModelFacts:
        trained = self.model_info.get(f"{self.model_info.get('general.architecture')}.context_length")
        return ModelFacts(
            capabilities=tuple(one_line(word, 20) for word in self.capabilities),
            context_length=trained if isinstance(trained, int) and trained > 0 else None,
            parameter_size=one_line(self.details.parameter_size, 20),
            quantization=one_line(self.details.quantization_level, 20),
            family=one_line(self.details.family, 40),
            remote=bool(self.remote_model or self.remote_host),
        )
