"""Several networks side by side, for one to learn from another.

Zhang et al., Deep Mutual Learning, 2018; Hinton et al., Distilling the Knowledge in a
Neural Network, 2015; Du et al., PP-OCRv2 (collaborative mutual learning), 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import paddle
from paddle import Tensor, nn
from paddle.utils import unique_name

from ppocr.config.errors import Place
from ppocr.config.section import as_section
from ppocr.modeling.architectures import ARCHITECTURES
from ppocr.modeling.architectures.base import BaseModel
from ppocr.modeling.layers.attention import DropPath

RESTLESS = (nn.layer.norm._BatchNormBase, nn.Dropout, nn.LSTM, nn.GRU, DropPath)


class DistillationModel(nn.Layer):
    """{name: what that network makes of x_NCHW} for every network of ``Models``.

    A network is described like any other, and may add ``pretrained`` (weights to begin
    with, see ``load_pretrained`` in weights.py) and ``freeze_params``: it then takes no
    part in training, and neither its batch statistics nor dropout are at work.
    ``freeze_statistics: false`` lets the statistics of frozen networks drift with every
    batch, as published models were trained.

    ``networks`` holds them by name. Keys of the state dict begin with that name; parameters
    whose own names are those of another network get it in front as well, because the optimizer
    keeps what belongs to a parameter under its name.
    """

    parts: ClassVar[dict[str, str]] = {"Models": "Architecture"}

    def __init__(
        self,
        Models: dict,
        model_type: str = "rec",
        algorithm: str | None = None,
        freeze_statistics: bool = True,
    ) -> None:
        super().__init__()
        self.model_type = model_type
        self.algorithm = algorithm
        self.networks: dict[str, BaseModel] = {}
        self.pretrained: dict[str, str] = {}
        self.places: dict[str, Place] = {}  # where the weights of each are named
        self.frozen: set[str] = set()
        for name, described in Models.items():
            section = as_section(described)
            if section.get("pretrained"):
                self.pretrained[name] = section["pretrained"]
                self.places[name] = section.where("pretrained")
            _allow_names_again()
            network = _build(section)
            self.networks[name] = self.add_sublayer(name, network)
            if section.get("freeze_params"):
                self.frozen.add(name)
                for parameter in network.parameters():
                    parameter.trainable = False
        _tell_apart(self.networks)
        self.reads = tuple(dict.fromkeys(r for one in self.networks.values() for r in one.reads))
        self.outputs = tuple(
            f"{name}.{out}" for name, one in self.networks.items() for out in one.outputs
        )
        self.fixed_width = any(one.fixed_width for one in self.networks.values())
        self._still = [
            layer
            for name in (self.frozen if freeze_statistics else ())
            for layer in self.networks[name].sublayers()
            if isinstance(layer, RESTLESS)
        ]

    def forward(self, x_NCHW: Tensor, data: Mapping[str, Tensor] | None = None) -> dict[str, Any]:
        for layer in self._still:  # ``train()`` of whatever holds this network woke them up
            layer.training = False
        found = {}
        for name, network in self.networks.items():
            if name in self.frozen:
                with paddle.no_grad():
                    found[name] = network(x_NCHW, data)
            else:
                found[name] = network(x_NCHW, data)
        return found

    def as_outputs(self, prediction: Mapping[str, Any]) -> list[Tensor]:
        """Return the tensors of an evaluation result in the order of ``outputs``."""
        parts = (one.as_outputs(prediction[name]) for name, one in self.networks.items())
        return [tensor for part in parts for tensor in part]


class Chosen:
    """Some networks of a distillation, without running the others: {name: what it makes}.

    Modes are those of the whole.
    """

    def __init__(self, model: DistillationModel, names: Sequence[str]) -> None:
        self.model = model
        self.networks = {name: model.networks[name] for name in names}

    @property
    def training(self) -> bool:
        """Whether the whole is in training mode."""
        return self.model.training

    def train(self) -> None:
        """Put the whole into training mode."""
        self.model.train()

    def eval(self) -> None:
        """Put the whole into evaluation mode."""
        self.model.eval()

    def __call__(self, x_NCHW: Tensor, data: Mapping[str, Tensor] | None = None) -> dict[str, Any]:
        return {name: one(x_NCHW, data) for name, one in self.networks.items()}

    def as_outputs(self, prediction: Mapping[str, Any]) -> list[Tensor]:
        """Return the tensors of these networks in the order of their outputs."""
        parts = (one.as_outputs(prediction[name]) for name, one in self.networks.items())
        return [tensor for part in parts for tensor in part]


def answering(model: Any, outputs: Sequence[str]) -> Any:
    """Return what gives the outputs of that name (``Student.maps``): a model, or part of it."""
    if not isinstance(model, DistillationModel):
        return model
    return Chosen(model, list(dict.fromkeys(name.partition(".")[0] for name in outputs)))


def _allow_names_again() -> None:
    """Let the next network use explicit names that are taken; automatic ones go on counting."""
    generator, _ = unique_name.switch()
    unique_name.switch(generator)


def _tell_apart(networks: Mapping[str, nn.Layer]) -> None:
    """Put the network's name before that of each parameter that an earlier network has too."""
    taken: set[str] = set()
    for network, layer in networks.items():
        for parameter in layer.parameters():
            if parameter.name in taken:
                parameter.name = f"{network}.{parameter.name}"
        taken |= {parameter.name for parameter in layer.parameters()}


def _build(section: Mapping[str, Any]) -> BaseModel:
    settings = as_section(section).without("pretrained", "freeze_params")
    settings.setdefault("name", "BaseModel")
    return ARCHITECTURES.build(settings)
