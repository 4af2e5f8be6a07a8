"""Betti curves with gradients: every step a sigmoid."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32

from topojax.kernels.arguments import Construction, check_construction
from topojax.topology.device.arguments import check_image, check_levels, check_mask
from topojax.topology.device.changes import betti_changes


def soft_betti_curves(
    x: Any,
    thresholds: Any,
    temperature: Any,
    mask: Any = None,
    construction: Construction = "T",
) -> Float[Array, "d N"]:
    """Compute Betti curves whose steps are sigmoids, with gradients.

    A bar [b, d) counts at t as s((t - b) / T) - s((t - d) / T), s the logistic function, one that
    never ends as its first term; and a cell that enters at f as ±s((t - f) / T) in the Euler curve.
    Both are the sum over voxels v of c_v s((t - x_v) / T), c_v the change of the number as v
    enters; so is the middle Betti number of a volume, β₀ + β₂ - χ, without a bar being known. As T
    goes to 0 this is `betti_curves` at thresholds that are no voxel's value. Gradients reach the
    voxels that begin and end bars, hold where no two values tie, and are taken for thresholds and
    temperature as well.

    Args:
        x: (H, W) or (D, H, W), float; as `betti_curves`.
        thresholds: (N,), finite, strictly increasing.
        temperature: T > 0, in units of x.
        mask, construction: as `betti_curves`.

    Returns:
        float (d, N), of the dtype of x. NaN everywhere for an image with NaN whose values were not
        known, inside `jit`.

    Raises:
        TypeError, ValueError: as `betti_curves`, or a temperature that is known and not above 0.

    Example:
        >>> import jax, numpy as np
        >>> from topojax.topology.device import soft_betti_curves
        >>> ring = np.array([[1, 1, 1], [1, 9, 1], [1, 1, 1]], np.float32)
        >>> soft_betti_curves(ring, [5.0], 0.5).round(2).tolist()
        [[1.0], [1.0]]
        >>> slope = jax.grad(lambda x: soft_betti_curves(x, [5.0], 2.0)[1, 0])(ring)
        >>> (1000 * slope).round().astype(int).tolist()  # from the last of the ring to the middle
        [[0, 0, 0], [0, 52, 0], [0, -52, 0]]
    """
    top = check_construction(construction)
    image = check_image(x)
    if not isinstance(temperature, jax.core.Tracer) and not float(temperature) > 0:
        raise ValueError(f"temperature={temperature}; expected a number above 0")
    levels = check_levels(thresholds, image.dtype)
    inside = check_mask(mask, image.shape)
    changes = betti_changes(jax.lax.stop_gradient(image), inside, top=top)
    # What changes nothing has no say, and might be infinite.
    present = inside & (image < jnp.inf)
    values = jnp.where(present, image, 0)
    curves = _soft_steps(values, levels, jnp.asarray(temperature, image.dtype), changes)
    # A factor, so that gradients are NaN too: a loop of gradient steps must not go on unnoticed.
    is_bad = (jnp.isnan(image) & inside).any()
    return curves * jnp.where(is_bad, jnp.nan, 1.0).astype(image.dtype)


@jax.custom_vjp
def _soft_steps(
    x: Float[Array, "*shape"],
    thresholds: Float[Array, " N"],
    temperature: Float[Array, ""],
    changes: Int32[Array, "d *shape"],
) -> Float[Array, "d N"]:
    """Return the sums of changes times sigmoids, one threshold after the other."""
    axes = tuple(range(1, changes.ndim))

    def at(t: Array) -> Array:
        return (changes * jax.nn.sigmoid((t - x) / temperature)).sum(axis=axes)

    return jax.lax.map(at, thresholds).T


def _forward(x: Array, thresholds: Array, temperature: Array, changes: Array) -> tuple[Array, Any]:
    residuals = x, thresholds, temperature, changes
    return _soft_steps(*residuals), residuals


def _backward(residuals: Any, slopes: Float[Array, "d N"]) -> tuple[Array, Array, Array, None]:
    x, thresholds, temperature, changes = residuals

    def add(sums: tuple[Array, Array], at: tuple[Array, Array]) -> tuple[Any, Array]:
        (of_x, of_temperature), (t, slope) = sums, at
        distance = (t - x) / temperature
        risen = jax.nn.sigmoid(distance)
        weight = jnp.tensordot(slope, changes.astype(x.dtype), axes=1)
        steepness = weight * risen * (1 - risen) / temperature
        sums = of_x - steepness, of_temperature - (steepness * distance).sum()
        return sums, steepness.sum()

    start = jnp.zeros_like(x), jnp.zeros_like(temperature)
    (of_x, of_temperature), of_thresholds = jax.lax.scan(add, start, (thresholds, slopes.T))
    return of_x, of_thresholds, of_temperature, None


_soft_steps.defvjp(_forward, _backward)
