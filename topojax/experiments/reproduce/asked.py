"""Which rows of the paper's tables and which figures are asked for, on which data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from topojax.errors import ConfigError
from topojax.experiments.paper import PUBLISHED_FIGURES, PaperTables, Place, PublishedFigure, Row
from topojax.models import list_models

TABLES = tuple(range(2, 13))
FIGURES = tuple(figure.number for figure in PUBLISHED_FIGURES)


@dataclass(frozen=True)
class Asked:
    """What of the paper is asked for.

    Attributes:
        tables: their numbers.
        datasets: names or files; empty: all that a table or figure has. One that none of the tables
            has gets their rows without published numbers, one that none of the figures has every
            figure.
        models: of the rows, names as they have them in `Row.model`; empty: all. Figures are of
            TopoCAM.
        seeds: of every run; figures are of the first.
        figures: their numbers.
    """

    tables: tuple[int, ...]
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    figures: tuple[int, ...] = ()

    def datasets_of(self, paper: PaperTables) -> tuple[str, ...]:
        """Return the data sets of rows and figures, in the paper's order, then others as given."""
        of_rows = [row.place.dataset for row in self._of_tables(paper)]
        of_figures = [figure.dataset for figure in self._of_figures()]
        held = tuple(dict.fromkeys(of_rows + of_figures))
        if not self.datasets:
            return held
        own = tuple(name for name in held if name in self.datasets)
        return own + tuple(name for name in dict.fromkeys(self.datasets) if name not in held)

    def drawn(self) -> tuple[tuple[PublishedFigure, str], ...]:
        """Return the figures, each with a data set that it is to be of, in the paper's order.

        Raises:
            ConfigError: a figure that the paper has not, or that is none of results.
        """
        _check("figure", self.figures, set(FIGURES))
        figures = self._of_figures()
        own = {(figure.kind, figure.dataset) for figure in figures}
        return tuple(
            (figure, dataset)
            for figure in figures
            for dataset in dict.fromkeys(self.datasets or (figure.dataset,))
            # What another figure of the kind shows is that one's.
            if dataset == figure.dataset or (figure.kind, dataset) not in own
        )

    def rows(self, paper: PaperTables, spatial_dims: Mapping[str, int]) -> tuple[Row, ...]:
        """Return the rows, in the paper's order; none where figures alone are asked for.

        Args:
            paper: its tables.
            spatial_dims: of each of `datasets_of`, 2 or 3.

        Raises:
            ConfigError: a table or model that the paper has not; or nothing is left.
        """
        _check("table", self.tables, set(TABLES))
        _check("model", self.models, {row.model for row in paper.rows()})
        if self.figures and not self.tables:
            return ()
        those = self._of_tables(paper)
        held = {row.place.dataset for row in those}
        own = [row for row in those if not self.datasets or row.place.dataset in self.datasets]
        others = [name for name in dict.fromkeys(self.datasets) if name not in held]
        further = [row for name in others for row in _without_numbers(those, name, spatial_dims)]
        rows = tuple(row for row in (*own, *further) if not self.models or row.model in self.models)
        if not rows:
            raise ConfigError(
                f"no row of the tables asked for has datasets={', '.join(self.datasets) or 'all'} "
                f"and models={', '.join(self.models) or 'all'}; the tables' data sets are "
                f"{', '.join(sorted(held))}, their models "
                f"{', '.join(sorted({row.model for row in those}))}"
            )
        return rows

    def _of_tables(self, paper: PaperTables) -> list[Row]:
        return [row for row in paper.rows() if row.place.table in self.tables]

    def _of_figures(self) -> list[PublishedFigure]:
        return [figure for figure in PUBLISHED_FIGURES if figure.number in self.figures]


def _without_numbers(
    rows: Sequence[Row], dataset: str, spatial_dims: Mapping[str, int]
) -> tuple[Row, ...]:
    """Return the tables' rows, each label once, for a data set that the paper does not score."""
    dims = spatial_dims[dataset]
    of_other_dims = set(list_models()) - set(list_models(dims))
    places = {
        Place(row.place.table, row.place.row, dataset): row
        for row in rows
        if row.model not in of_other_dims
    }
    return tuple(Row(place, row.model, row.setting, ()) for place, row in places.items())


def _check(name: str, given: Sequence[object], known: Set[object]) -> None:
    for one in given:
        if one not in known:
            names = ", ".join(map(str, sorted(known, key=str)))
            raise ConfigError(f"{name}={one!r} is not the paper's; choose from {names}")
