"""Tables of targets with several classes: how each method does, and class by class."""

from __future__ import annotations

from collections.abc import Iterator

from podforecast.evaluation.cells import UNKNOWN, Table, spanned
from podforecast.evaluation.class_figures import ClassMethod, TargetResult

BRACKETS = "Brackets: 95 % intervals, bootstrap over pods."


def target_tables(result: TargetResult) -> Iterator[Table]:
    """Methods side by side, then the classification report and confusion matrix of the model."""
    yield methods_table(result)
    yield classes_table(result)
    yield confusion_table(result)


def methods_table(result: TargetResult) -> Table:
    """The model and what it is compared with."""
    with_changes = any(method.changes for method in result.methods)
    header = ("method", "log loss", "accuracy", "macro F1", "balanced accuracy")
    more = ("changes told", "of told changes right", "balanced, changes") if with_changes else ()
    return Table(
        title=f"{result.title}: {', '.join(result.campaigns)}",
        about=f"{_about(result)} Accuracy flatters: most pods go on as they are. {BRACKETS}",
        header=header + more,
        rows=tuple(
            _method_row(method) + (_change_cells(method) if with_changes else ())
            for method in result.methods
        ),
    )


def classes_table(result: TargetResult) -> Table:
    """Precision, recall and F1 of each class, of the model."""
    return Table(
        title=f"{result.title}: classification report of the model",
        about=f"{_about(result)} {BRACKETS}",
        header=("class", "rows", "precision", "recall", "F1"),
        rows=tuple(
            (
                each.name,
                str(each.rows),
                spanned(each.precision, 2),
                spanned(each.recall, 2),
                spanned(each.f1, 2),
            )
            for each in result.methods[0].classes
        ),
    )


def confusion_table(result: TargetResult) -> Table:
    """Rows by what happened and what the model said."""
    model = result.methods[0]
    shown = [result.classes.index(each.name) for each in model.classes]
    return Table(
        title=f"{result.title}: confusion matrix of the model",
        about="Rows of the table: what happened; columns: what was said.",
        header=("happened", *(result.classes[place] for place in shown)),
        rows=tuple(
            (result.classes[row], *(str(model.confusion[row][column]) for column in shown))
            for row in shown
        ),
    )


def _about(result: TargetResult) -> str:
    return f"{result.rows} rows of {result.pods} pods: {result.meaning}."


def _method_row(method: ClassMethod) -> tuple[str, ...]:
    figures = (method.log_loss, method.accuracy, method.macro_f1, method.balanced_accuracy)
    return (method.title, *(spanned(figure) for figure in figures))


def _change_cells(method: ClassMethod) -> tuple[str, ...]:
    found = method.changes
    if found is None:
        return (UNKNOWN,) * 3
    return (
        f"{spanned(found.recall, 2)} of {found.changes}",
        f"{spanned(found.precision, 2)} of {found.told}",
        spanned(found.balanced_accuracy, 2),
    )
