"""Does the search end as deep as scipy's differential evolution, after as many evaluations?

`topojax.search.minimise` against `scipy.optimize.differential_evolution` (its defaults, without
polishing and without stopping early) on standard functions of 3 and of 4 genes, 15 members a gene,
50 generations: the median of the best values of 20 seeds. Beside it, how other parameters, bounds
and first populations would have done, and another decoding of the weights. Values below 1e-12 count
as 1e-12, since genes are float32.

    python benchmarks/evolution.py [--seeds 20] [--output DIR]

Writes `evolution.json` and `.md`. Takes about ten minutes.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from evosax.algorithms import DifferentialEvolution
from scipy.optimize import differential_evolution

from searches.standard_functions import (
    Problem,
    divided_by_sum,
    exponential_spacings,
    simplex_problems,
    standard_problems,
)
from topojax.config import SearchConfig
from topojax.search import minimise
from topojax.search.variation import latin_hypercube

RESULTS = Path(__file__).parent / "results"
MEMBERS_PER_GENE = 15
GENERATIONS = 50
FLOOR = 1e-12
SCIPY, OURS = "scipy", "topojax"


CHOSEN = SearchConfig()


@dataclass(frozen=True)
class Variant:
    """Settings of evosax's differential evolution.

    Attributes:
        crossover_rate, weights: CR, and the range that F is drawn from in every generation.
        bounds: what becomes of a gene outside [0, 1].
        first: how the first population is drawn.
        best_base: the best member is the base of every difference, else a random one.
    """

    crossover_rate: float = CHOSEN.crossover_rate
    weights: tuple[float, float] = CHOSEN.differential_weight
    bounds: str = "clip"
    first: str = "hypercube"
    best_base: bool = True


VARIANTS = {
    "chosen": Variant(),
    "evosax's CR 0.9, F 0.8": Variant(0.9, (0.8, 0.8)),
    "scipy's CR 0.7, F 0.5–1": Variant(0.7, (0.5, 1.0)),
    "CR 0.9": Variant(0.9),
    "CR 0.5": Variant(0.5),
    "F 0.3–0.6": Variant(weights=(0.3, 0.6)),
    "F 0.4–0.7": Variant(weights=(0.4, 0.7)),
    "F 0.5–0.8": Variant(weights=(0.5, 0.8)),
    "F 0.525": Variant(weights=(0.525, 0.525)),
    "random base": Variant(best_base=False),
    "reflect": Variant(bounds="reflect"),
    "halve the way": Variant(bounds="halve"),
    "draw anew": Variant(bounds="redraw"),
    "uniform first": Variant(first="uniform"),
}

# Genes outside [0, 1], their parents and random numbers to genes inside.
_BOUNDS: dict[str, Callable[[jax.Array, jax.Array, jax.Array], jax.Array]] = {
    "clip": lambda y, x, u: jnp.clip(y, 0, 1),
    "reflect": lambda y, x, u: jnp.clip(
        jnp.where(jnp.abs(y) > 1, 2 - jnp.abs(y), jnp.abs(y)), 0, 1
    ),
    "halve": lambda y, x, u: jnp.where(y < 0, x / 2, jnp.where(y > 1, (1 + x) / 2, y)),
    "redraw": lambda y, x, u: jnp.where((y < 0) | (y > 1), u, y),
}


def best_of_scipy(problem: Problem, seed: int) -> float:
    """Return the best value after 51 populations."""
    found = differential_evolution(
        lambda genes: float(problem.function(genes)),
        [(0, 1)] * problem.n_genes,
        popsize=MEMBERS_PER_GENE,
        maxiter=GENERATIONS,
        tol=0,
        polish=False,
        rng=seed,
    )
    if found.nfev != (GENERATIONS + 1) * MEMBERS_PER_GENE * problem.n_genes:
        raise SystemExit(f"scipy evaluated {found.nfev} candidates; the budgets must be equal")
    return found.fun


def best_of_ours(problem: Problem, seed: int) -> float:
    """Return the same of `minimise`."""
    found = minimise(
        problem.function,
        problem.n_genes,
        population_size=MEMBERS_PER_GENE * problem.n_genes,
        generations=GENERATIONS,
        seed=seed,
    )
    return found.best_fitness


def searcher(variant: Variant, n_genes: int) -> Callable[[Problem, Sequence[int]], np.ndarray]:
    """Return the same of another variant, for several seeds at once."""
    size = MEMBERS_PER_GENE * n_genes
    algorithm = DifferentialEvolution(size, jnp.zeros(n_genes))
    low, high = variant.weights
    parameters = algorithm.default_params.replace(
        elitism=variant.best_base,
        crossover_rate=variant.crossover_rate,
        differential_weight=low,
        differential_weight_min=low,
        differential_weight_max=high,
    )

    def first(key: jax.Array) -> jax.Array:
        if variant.first == "uniform":
            return jax.random.uniform(key, (size, n_genes))
        return latin_hypercube(key, size, n_genes)

    def propose(key: jax.Array, state: Any) -> jax.Array:
        proposed, _ = algorithm.ask(key, state, parameters)
        numbers = jax.random.uniform(jax.random.fold_in(key, 1), proposed.shape)
        return _BOUNDS[variant.bounds](proposed, state.population, numbers)

    def tell(key: jax.Array, genes: jax.Array, fitness: jax.Array, state: Any) -> Any:
        return algorithm.tell(key, genes, fitness, state, parameters)[0]

    start = jax.jit(jax.vmap(partial(algorithm.init, params=parameters)))
    first, propose, tell = (jax.jit(jax.vmap(step)) for step in (first, propose, tell))
    draw = jax.vmap(jax.random.fold_in, in_axes=(0, None))

    def bests(problem: Problem, seeds: Sequence[int]) -> np.ndarray:
        def evaluate(genes: jax.Array) -> jax.Array:
            return jnp.asarray(problem.function(np.asarray(genes)), jnp.float32)

        keys = jax.vmap(jax.random.key)(jnp.asarray(seeds))
        genes = first(draw(keys, 0))
        state = start(keys, genes, evaluate(genes))
        for generation in range(1, GENERATIONS + 1):
            genes = propose(draw(keys, generation), state)
            state = tell(keys, genes, evaluate(genes), state)
        return np.asarray(state.fitness.min(axis=1))

    return bests


def one_by_one(best: Callable[[Problem, int], float]) -> Callable[..., list[float]]:
    """Return the same of several seeds."""
    return lambda problem, seeds: [best(problem, seed) for seed in seeds]


def check_equal(problems: Sequence[Problem]) -> None:
    """Compare the chosen variant with `minimise`.

    Raises:
        SystemExit: they differ, so that the variants would say nothing about it.
    """
    for problem in problems:
        ours = [best_of_ours(problem, seed) for seed in range(3)]
        variant = searcher(VARIANTS["chosen"], problem.n_genes)(problem, range(3)).tolist()
        if ours != variant:
            raise SystemExit(f"{problem.name}: {variant} by the chosen variant, {ours} by minimise")


def measure(n_genes: int, n_seeds: int) -> list[dict[str, Any]]:
    """Return one row a function: medians of scipy, `minimise` and every other variant."""
    problems = standard_problems(n_genes)
    check_equal(problems[:2])
    searches = {SCIPY: one_by_one(best_of_scipy), OURS: one_by_one(best_of_ours)}
    searches |= {
        name: searcher(variant, n_genes) for name, variant in VARIANTS.items() if name != "chosen"
    }
    rows = []
    for problem in problems:
        medians = {
            name: max(FLOOR, float(np.median(bests(problem, range(n_seeds)))))
            for name, bests in searches.items()
        }
        row = {"function": problem.name, "optimum": problem.optimum, "genes": n_genes}
        rows.append(row | {"median": medians})
        print(f"{problem.name} {problem.optimum} {n_genes}: {medians[OURS]:.1e}, ", end="")
        print(f"scipy {medians[SCIPY]:.1e}", flush=True)
    return rows


def measure_decoding(n_seeds: int) -> list[dict[str, Any]]:
    """Return medians by decoding of the weights and place of the best rule on the simplex."""
    return [
        {
            "decoding": problem.name,
            "optimum": problem.optimum,
            "median": statistics.median(best_of_ours(problem, seed) for seed in range(n_seeds)),
        }
        for decode in (divided_by_sum, exponential_spacings)
        for problem in simplex_problems(decode, decode.__name__)
    ]


def not_worse(rows: Sequence[dict[str, Any]], name: str) -> int:
    """Return on how many functions a search ends at least as deep as scipy."""
    return sum(row["median"][name] <= row["median"][SCIPY] for row in rows)


def markdown(record: dict[str, Any]) -> str:
    """Return the record as tables."""
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    rows, settings = record["rows"], record["settings"]
    lines = [
        f"# {record['question']}",
        "",
        f"{record['date']}; {versions}; {settings['members_per_gene']} members a gene, "
        f"{settings['generations']} generations; medians of the best values of "
        f"{settings['seeds']} seeds; below {FLOOR:.0e} counts as that.",
        "",
        f"topojax ends at least as deep as scipy on {not_worse(rows, OURS)} of {len(rows)}.",
        "",
        "| function | optimum | genes | scipy | topojax |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        scipy, ours = (f"{row['median'][name]:.1e}" for name in (SCIPY, OURS))
        lines.append(
            f"| {row['function']} | {row['optimum']} | {row['genes']} | {scipy} | {ours} |"
        )
    lines += [
        "",
        "Other settings of the same algorithm: on how many functions they end at least as deep as "
        "scipy, and the geometric mean of their medians over scipy's, by place of the optimum.",
        "",
        "| changed | not worse | inside | face | corner |",
        "|---|---|---|---|---|",
    ]
    for name in (OURS, *(name for name in record["variants"] if name != "chosen")):
        means = (f"{_mean_ratio(rows, name, place):.1e}" for place in ("inside", "face", "corner"))
        label = "nothing" if name == OURS else name
        lines.append(f"| {label} | {not_worse(rows, name)} of {len(rows)} | {' | '.join(means)} |")
    lines += [
        "",
        "Distance from a rule of three weights and a threshold, by decoding of the weights.",
        "",
        "| decoding | optimum on the simplex | distance |",
        "|---|---|---|",
    ]
    for row in record["decoding"]:
        name = row["decoding"].replace("_", " ")
        lines.append(f"| {name} | {row['optimum']} | {row['median']:.1e} |")
    return "\n".join(lines) + "\n"


def _mean_ratio(rows: Sequence[dict[str, Any]], name: str, place: str) -> float:
    ratios = [row["median"][name] / row["median"][SCIPY] for row in rows if row["optimum"] == place]
    return statistics.geometric_mean(ratios)


def run(n_seeds: int) -> dict[str, Any]:
    """Search and return the record."""
    return {
        "question": str(__doc__).splitlines()[0],
        "date": datetime.now(UTC).date().isoformat(),
        "settings": {
            "seeds": n_seeds,
            "members_per_gene": MEMBERS_PER_GENE,
            "generations": GENERATIONS,
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("topojax", "evosax", "jax", "scipy")},
        "variants": {name: asdict(variant) for name, variant in VARIANTS.items()},
        "rows": [row for n_genes in (3, 4) for row in measure(n_genes, n_seeds)],
        "decoding": measure_decoding(n_seeds),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the options, run, print the tables and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="searches of every function")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error(f"--seeds {options.seeds}: expected at least 1")
    record = run(options.seeds)
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "evolution.json"
    file.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
    print("\n" + markdown(record))
    print(f"written to {file} and .md")


if __name__ == "__main__":
    main()
