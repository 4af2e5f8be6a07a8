"""What is timed in torch: forward, CAMs of three layers, a training step.

grad-cam is called once a layer, as the paper's authors do. Where it cannot be imported (it needs
torchvision), `HookedGradCam` does what it does on the way to a map: forward with hooks, backward
through the whole network to every weight, maps in numpy. Its enlargement is torch's linear one,
which is faster than grad-cam's cubic zoom of volumes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

try:
    from pytorch_grad_cam import GradCAM
except ImportError:
    GradCAM = None

Step = Callable[[], np.ndarray]


@dataclass(frozen=True)
class TorchTasks:
    """The computations of one network on one batch.

    Attributes:
        network: on the device of x.
        x: float32 (B, C, *spatial).
        labels: int64 (B,).
        layers: names of the modules of which maps are taken.
        bfloat16: whether activations are; weights are float32.
    """

    network: nn.Module
    x: Tensor
    labels: Tensor
    layers: tuple[str, ...]
    bfloat16: bool = False

    def forward(self) -> Step:
        """Return the logits of evaluation mode."""

        def step() -> np.ndarray:
            self.network.eval()
            with torch.inference_mode(), self._precision():
                return to_numpy(self.network(self.x))

        return step

    def cam_by_layer(self) -> Step:
        """Return the scaled maps (B, L, *spatial), one call of grad-cam a layer."""

        def step() -> np.ndarray:
            self.network.eval()
            with self._precision():
                maps = [self._grad_cam(getattr(self.network, layer)) for layer in self.layers]
            return np.stack(maps, axis=1)

        return step

    def cam_in_one_pass(self) -> Step:
        """Return the same from one forward pass and the gradients of all layers' outputs."""
        modules = [getattr(self.network, layer) for layer in self.layers]

        def step() -> np.ndarray:
            self.network.eval()
            outputs: list[Tensor] = []
            hooks = [
                module.register_forward_hook(lambda module, given, out: outputs.append(out))
                for module in modules
            ]
            with self._precision():
                score = self.network(self.x).max(dim=-1).values.sum()
            gradients = torch.autograd.grad(score, outputs)
            for hook in hooks:
                hook.remove()
            maps = [
                scaled_map(a.detach(), g, self.x.shape[2:])
                for a, g in zip(outputs, gradients, strict=True)
            ]
            return to_numpy(torch.stack(maps, dim=1))

        return step

    def training(self) -> Step:
        """Return the loss of a step of Adam on the cross-entropy; the network is changed."""
        optimiser = torch.optim.Adam(self.network.parameters(), lr=1e-3)

        def step() -> np.ndarray:
            self.network.train()
            optimiser.zero_grad()
            with self._precision():
                logits = self.network(self.x)
            loss = functional.cross_entropy(logits.float(), self.labels)
            loss.backward()
            optimiser.step()
            return to_numpy(loss)

        return step

    def _grad_cam(self, module: nn.Module) -> np.ndarray:
        if GradCAM is None:
            return HookedGradCam(self.network, module)(self.x)
        with GradCAM(model=self.network, target_layers=[module]) as cam:
            return cam(input_tensor=self.x, targets=None)

    def _precision(self) -> AbstractContextManager:
        if not self.bfloat16:
            return nullcontext()
        return torch.autocast(self.x.device.type, torch.bfloat16)


class HookedGradCam:
    """Grad-CAM of one module for the predicted classes, as grad-cam goes about it."""

    def __init__(self, network: nn.Module, module: nn.Module) -> None:
        self.network = network
        self.module = module

    def __call__(self, x: Tensor) -> np.ndarray:
        """Return the scaled maps (B, *spatial)."""
        kept: dict[str, Tensor] = {}

        def keep(module: nn.Module, given: tuple, output: Tensor) -> None:
            kept["activation"] = output.detach()
            output.register_hook(lambda gradient: kept.update(gradient=gradient))

        hook = self.module.register_forward_hook(keep)
        logits = self.network(x)
        hook.remove()
        classes = logits.argmax(dim=-1)
        self.network.zero_grad()
        logits.gather(1, classes[:, None]).sum().backward()
        return to_numpy(scaled_map(kept["activation"], kept["gradient"], x.shape[2:]))


def scaled_map(activation: Tensor, gradient: Tensor, spatial: tuple[int, ...]) -> Tensor:
    """Return ReLU(sum_c alpha_c A_c), enlarged linearly and scaled to [0, 1]."""
    axes = tuple(range(2, gradient.ndim))
    alpha = gradient.mean(dim=axes, keepdim=True)
    raw = torch.relu((activation * alpha).sum(dim=1, keepdim=True)).float()
    mode = "bilinear" if len(axes) == 2 else "trilinear"
    enlarged = functional.interpolate(raw, size=tuple(spatial), mode=mode)[:, 0]
    space = tuple(range(1, enlarged.ndim))
    low, high = enlarged.amin(dim=space, keepdim=True), enlarged.amax(dim=space, keepdim=True)
    # Enlarging a single cell leaves rounding noise, which is not a map.
    flat = high - low <= 1e-6 * high
    return torch.where(flat, 0.0, (enlarged - low) / (high - low))


def to_numpy(x: Tensor) -> np.ndarray:
    """Return the numbers, once they are there."""
    return x.detach().float().cpu().numpy()
