"""Members of every family: scored alone as in a batch, written and read back to the bit, refused when damaged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor

from ml8s.artifacts import Json
from ml8s.errors import ModelFileRefused
from ml8s.scoring.member import FAMILIES, file_entries, load_member
from ml8s.scoring.shape import within_float32
from tests.scoring.fitted import CASES, FEATURES, KINDS, fitted, learner_for, rows_of, shape_of

EACH = pytest.mark.parametrize(("estimator", "kind"), CASES)


def written(folder: Path, estimator: str, kind: str) -> tuple[Path, str, list[dict[str, Json]]]:
    folder.mkdir(parents=True)
    fitted(estimator, kind).write(folder)
    return folder, FAMILIES[estimator], file_entries(folder)


@EACH
def test_a_row_alone_scores_as_in_the_batch_to_the_bit(estimator: str, kind: str) -> None:
    x = rows_of(kind, seed=1).x
    batch = fitted(estimator, kind).score(x)
    alone = np.concatenate([fitted(estimator, kind).score(x[i : i + 1]) for i in range(60)])
    pairs = np.concatenate([fitted(estimator, kind).score(x[i : i + 7]) for i in range(0, 70, 7)])
    assert np.array_equal(alone, batch[:60])
    assert np.array_equal(pairs, batch[:70])


@EACH
def test_threads_and_memory_layout_change_no_score(estimator: str, kind: str) -> None:
    x = rows_of(kind, seed=2).x
    member = fitted(estimator, kind)
    once = member.score(x, 1)
    assert once.dtype == np.float64
    assert np.array_equal(once, member.score(x, 2))
    assert np.array_equal(once, member.score(x, 3))
    assert np.array_equal(once, member.score(np.asfortranarray(x)))
    wide = np.repeat(x, 2, axis=1)
    assert np.array_equal(once, member.score(wide[:, ::2]))


@EACH
def test_scores_have_the_shape_of_the_task(estimator: str, kind: str) -> None:
    x = rows_of(kind, seed=3).x
    scores = fitted(estimator, kind).score(x)
    assert np.isfinite(scores).all()
    assert scores.shape == ((len(x), 3) if kind == "multiclass" else (len(x),))
    assert fitted(estimator, kind).score(x[:0]).shape == ((0, 3) if kind == "multiclass" else (0,))
    if kind in ("binary", "multiclass"):
        assert (scores >= 0).all()
        assert (scores <= 1).all()
    if kind == "multiclass":
        assert np.allclose(scores.sum(axis=1), 1)


@EACH
def test_a_member_read_back_scores_and_writes_the_same_bytes(tmp_path: Path, estimator: str, kind: str) -> None:
    folder, family, files = written(tmp_path / "one", estimator, kind)
    again = load_member(folder, family, files, shape_of(kind))
    x = rows_of(kind, seed=4).x
    assert np.array_equal(again.score(x), fitted(estimator, kind).score(x))
    (tmp_path / "two").mkdir()
    again.write(tmp_path / "two")
    assert file_entries(tmp_path / "two") == files


@EACH
def test_a_fit_depends_on_its_configuration_and_not_on_threads_or_earlier_fits(
    tmp_path: Path, estimator: str, kind: str
) -> None:
    rows = rows_of(kind)
    entries = []
    for threads in (1, 2, 3):
        learner = learner_for(estimator, kind, rows, threads=threads)
        points = learner.space().starts
        if threads == 2:
            learner.fit(learner.configuration(points[-1]))
        folder = tmp_path / str(threads)
        folder.mkdir()
        learner.fit(learner.configuration(points[0])).write(folder)
        entries.append(file_entries(folder))
    assert entries[0] == entries[1] == entries[2]


@pytest.mark.parametrize("kind", KINDS)
def test_no_lightgbm_text_carries_parameters_or_threads(tmp_path: Path, kind: str) -> None:
    folder, _, _ = written(tmp_path / "m", "lgbm", kind)
    text = (folder / "model.txt").read_text()
    assert text.endswith("end of trees\n")
    assert "num_threads" not in text
    assert "parameters" not in text


@pytest.mark.parametrize(
    ("estimator", "kind", "reference"),
    [
        ("rf", "binary", RandomForestClassifier),
        ("rf", "multiclass", RandomForestClassifier),
        ("rf", "regression", RandomForestRegressor),
        ("extra_tree", "binary", ExtraTreesClassifier),
        ("extra_tree", "multiclass", ExtraTreesClassifier),
        ("extra_tree", "regression", ExtraTreesRegressor),
    ],
)
def test_a_forest_equals_scikit_learn_to_the_bit(estimator: str, kind: str, reference: type) -> None:
    rows = rows_of(kind)
    median = np.array([np.median(c[np.isfinite(c)]) for c in rows.x.T])
    prepare = lambda x: within_float32(np.where(np.isnan(x), median, x)).astype(np.float32)  # noqa: E731
    learner = learner_for(estimator, kind, rows, seed=7)
    configuration = learner.configuration(learner.space().starts[0])
    forest = reference(**configuration, n_jobs=1, random_state=7).fit(prepare(rows.x), rows.y)
    x = rows_of(kind, count=1500, seed=9).x
    theirs = forest.predict(prepare(x)) if kind == "regression" else forest.predict_proba(prepare(x))
    ours = learner.fit(configuration).score(x)
    assert np.array_equal(ours, theirs[:, 1] if kind == "binary" else theirs)


@EACH
def test_every_truncated_or_flipped_file_is_refused(tmp_path: Path, estimator: str, kind: str) -> None:
    folder, family, files = written(tmp_path / "m", estimator, kind)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        for damaged in (whole[:-1], whole[: len(whole) // 3], b"", flipped, whole + b"\n"):
            path.write_bytes(damaged)
            with pytest.raises(ModelFileRefused, match=path.name):
                load_member(folder, family, files, shape_of(kind))
        path.write_bytes(whole)
    load_member(folder, family, files, shape_of(kind))


@EACH
def test_a_file_too_many_too_few_or_linked_is_refused(tmp_path: Path, estimator: str, kind: str) -> None:
    folder, family, files = written(tmp_path / "m", estimator, kind)
    extra = folder / "model.pkl"
    extra.write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelFileRefused, match=r"model\.pkl"):
        load_member(folder, family, files, shape_of(kind))
    extra.unlink()
    first = sorted(folder.iterdir())[0]
    moved = first.rename(tmp_path / first.name)
    with pytest.raises(ModelFileRefused):
        load_member(folder, family, files, shape_of(kind))
    first.symlink_to(moved)
    with pytest.raises(ModelFileRefused, match="regular"):
        load_member(folder, family, files, shape_of(kind))


GARBAGE = {
    "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    "empty": b"",
    "text": b"tree\nversion=v4\n",
    "braces": b"{}",
    "object array": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    + b" " * 58
    + b"\n",
    "noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("estimator", ["lgbm", "xgboost", "rf", "linear"])
def test_garbage_whose_digests_agree_is_refused_in_a_living_process(
    tmp_path: Path, estimator: str, garbage: str
) -> None:
    """Even where someone wrote the list of files anew, no parser meets bytes that are not its format."""
    folder, family, _ = written(tmp_path / "m", estimator, "binary")
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(GARBAGE[garbage])
        with pytest.raises(ModelFileRefused):
            load_member(folder, family, file_entries(folder), shape_of("binary"))
        path.write_bytes(whole)


FLIPS = """
import sys
from pathlib import Path
import numpy as np
from ml8s.artifacts import Json
from ml8s.errors import ModelFileRefused
from ml8s.scoring.member import file_entries, load_member
from ml8s.scoring.shape import Shape
folder, family = Path(sys.argv[1]), sys.argv[2]
path = folder / sys.argv[3]
whole = path.read_bytes()
for position in range(0, len(whole), max(1, len(whole) // 60)):
    path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x11]) + whole[position + 1:])
    try:
        member = load_member(folder, family, file_entries(folder), Shape("binary", 2, 5))
    except ModelFileRefused:
        continue
    member.score(np.zeros((3, 5)))
print("alive")
"""


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        ("lgbm", "model.txt"),
        ("xgboost", "model.ubj"),
        ("rf", "left.npy"),
        ("rf", "offset.npy"),
        ("linear", "scale.npy"),
    ],
)
def test_a_forged_file_is_refused_or_scored_and_never_ends_the_process(
    tmp_path: Path, estimator: str, name: str
) -> None:
    folder, family, _ = written(tmp_path / "m", estimator, "binary")
    done = subprocess.run(
        [sys.executable, "-c", FLIPS, str(folder), family, name], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr[-2000:]


@EACH
def test_a_member_of_another_shape_is_refused(tmp_path: Path, estimator: str, kind: str) -> None:
    folder, family, files = written(tmp_path / "m", estimator, kind)
    other = {"binary": "regression", "multiclass": "binary", "regression": "binary", "ranking": "multiclass"}[kind]
    with pytest.raises(ModelFileRefused):
        load_member(folder, family, files, shape_of(other))
    shape = shape_of(kind)
    with pytest.raises(ModelFileRefused):
        load_member(folder, family, files, type(shape)(kind, shape.classes, FEATURES + 1))


def test_an_unknown_family_or_a_damaged_list_is_refused(tmp_path: Path) -> None:
    folder, _, files = written(tmp_path / "m", "linear", "binary")
    for family, listed in (("pickle", files), ("linear", None), ("linear", [{"path": "a"}]), ("linear", files[1:])):
        with pytest.raises(ModelFileRefused) as refused:
            load_member(folder, family, listed, shape_of("binary"))
        assert refused.value.cure
    with pytest.raises(ModelFileRefused, match="no such folder"):
        load_member(tmp_path / "none", "linear", files, shape_of("binary"))


def test_a_forest_whose_nodes_form_a_ring_is_refused(tmp_path: Path) -> None:
    folder, family, _ = written(tmp_path / "m", "rf", "binary")
    left = np.load(folder / "left.npy")
    left[np.flatnonzero(left >= 0)[3]] = 0
    np.save(folder / "left.npy", left)
    with pytest.raises(ModelFileRefused, match="child"):
        load_member(folder, family, file_entries(folder), shape_of("binary"))


def test_the_heads_of_forests_and_lines_are_canonical(tmp_path: Path) -> None:
    folder, _, _ = written(tmp_path / "m", "rf", "binary")
    assert json.loads((folder / "forest.json").read_bytes())["kind"] == "binary"


@EACH
def test_rows_that_tell_nothing_give_a_model_that_can_be_read_back(tmp_path: Path, estimator: str, kind: str) -> None:
    told = rows_of(kind, count=60)
    x = np.full_like(told.x, np.nan)
    x[:, 0] = 3.0
    learner = learner_for(estimator, kind, type(told)(x, told.y, None, told.group))
    member = learner.fit(learner.configuration(learner.space().starts[-1]))
    member.write(tmp_path)
    again = load_member(tmp_path, FAMILIES[estimator], file_entries(tmp_path), shape_of(kind))
    assert np.array_equal(member.score(told.x), again.score(told.x))
