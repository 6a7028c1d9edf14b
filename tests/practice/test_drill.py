import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsrs
import pytest
from click.testing import CliRunner

from scalebook.book.page import Book
from scalebook.book.renamed import Renamed
from scalebook.cli import app
from scalebook.errors import HarnessError
from scalebook.practice.cards import Card, Cards, cards_of
from scalebook.practice.drill import Drill
from scalebook.practice.progress import CardState, Progress

Write = Callable[..., Path]
AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
MAIN = "import sys; from scalebook.cli import main; sys.exit(main())"


def cards(renamed: Renamed | None = None) -> Cards:
    book = Book()
    return cards_of(book, book.units, renamed)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


class Clock:
    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


def drill(found: Cards, progress: Progress, clock: Clock, new: int = 10) -> Drill:
    exact = fsrs.Scheduler(enable_fuzzing=False)
    return Drill(found.cards, progress, new=new, now=clock, scheduler=exact)


def test_every_question_of_the_book_is_a_card() -> None:
    book = Book()
    found = cards_of(book, book.units)
    assert found.faults == ()
    assert len(found.cards) == sum(len(book.page(u.id).front.questions) for u in book.pages)
    assert len({card.id for card in found.cards}) == len(found.cards)
    assert all("{{" not in card.answer for card in found.cards)


def test_a_card_in_plain_words(write: Write) -> None:
    write("redis/counter")
    first = cards().cards[0]
    assert first.ask == "Why is it fast?"
    assert first.answer == "It keeps a copy."
    assert first.follow_up == "And when the copy is old?"
    assert first.red_flag == "Says that caches are free."
    assert (first.unit, first.title, first.tags) == ("redis/counter", "Counter", ("cache",))


def test_ids_outlive_order_answers_and_a_renamed_unit(write: Write, chapters: Path) -> None:
    file = write("redis/counter")
    before = {card.ask: card.id for card in cards().cards}
    change(file, "  - {ask: Three?, answer: Three.}\n", "")
    change(file, "questions:\n", "questions:\n  - {ask: Three?, answer: Another.}\n")
    assert {card.ask: card.id for card in cards().cards} == before
    (chapters / "redis" / "counter").rename(chapters / "redis" / "incr")
    renamed = Renamed({"redis/counter": "redis/incr"})
    assert {card.ask: card.id for card in cards(renamed).cards} == before
    assert {card.unit for card in cards(renamed).cards} == {"redis/incr"}


def test_a_key_keeps_the_card_whose_question_is_worded_anew(write: Write) -> None:
    file = write("redis/counter")
    before = cards().cards[2].id
    change(file, "{ask: Three?,", "{ask: The third?,")
    assert cards().cards[2].id != before
    change(file, "{ask: The third?,", f"{{key: {before.partition('#')[2]}, ask: The third?,")
    assert cards().cards[2].id == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer: Three.", 'answer: "{{ratio at=3}}"', "redis/counter has no lab"),
        ("answer: Three.", "answer: Three., diagram: Gone", "no diagram is titled 'Gone'"),
        ("ask: Three?", "ask: two of  counter?", "again"),
        ("ask: Three?", "key: a b, ask: Three?", "is no key"),
    ],
)
def test_faults_have_a_place_and_hide_no_other_page(
    write: Write, old: str, new: str, said: str
) -> None:
    file = write("redis/counter")
    write("redis/streams")
    change(file, old, new)
    found = cards()
    (fault,) = found.faults
    assert said in fault.message
    assert f"{file}:14: " in str(fault)
    assert {card.unit for card in found.cards} >= {"redis/streams"}
    assert "Three?" not in [card.ask for card in found.cards if card.unit == "redis/counter"]


def test_two_questions_of_one_key(write: Write) -> None:
    file = write("redis/counter")
    change(file, "ask: Three?", "key: k, ask: Three?")
    change(file, "ask: Two of Counter?", "key: k, ask: Two?")
    assert "question 'k' again" in cards().faults[0].message


def test_a_page_tells_of_a_diagram_that_is_not_there(write: Write, tmp_path: Path) -> None:
    from scalebook.book.diagrams import DiagramCache
    from scalebook.book.render_page import render

    change(write("redis/counter"), "answer: Three.", "answer: Three., diagram: Gone")
    book = Book()
    page = book.page("redis/counter")
    made = render(page, book, diagrams=DiagramCache(tmp_path), link=lambda unit: unit)
    assert [fault.message for fault in made.faults] == ["no diagram is titled 'Gone'"]
    assert made.faults[0].line == 14


def test_grades_decide_when_a_card_comes_again(write: Write, progress: Progress) -> None:
    write("redis/counter")
    clock, found = Clock(), cards()
    sitting = drill(found, progress, clock)
    again, good, easy = found.cards
    dues = [sitting.grade(card, n) for card, n in ((again, 1), (good, 3), (easy, 4))]
    assert dues[0] - AT == timedelta(minutes=1)
    assert dues[1] - AT == timedelta(minutes=10)
    assert dues[2] - AT > timedelta(days=3)
    assert sitting.next() is None
    assert sitting.next_due == dues[0]
    clock.now = AT + timedelta(minutes=1)
    assert sitting.next() == again
    assert sitting.due == 1
    assert progress.cards()[easy.id].due == dues[2]


def test_intervals_grow_over_sittings(write: Write, progress: Progress) -> None:
    write("redis/counter")
    clock, found = Clock(), cards()
    intervals = []
    for _ in range(6):
        sitting = drill(found, progress, clock, new=1)
        card = sitting.next()
        assert card == found.cards[0]
        due = sitting.grade(card, 3)
        intervals.append(due - clock.now)
        clock.now = due
    assert intervals == sorted(intervals)
    assert intervals[-1] > timedelta(days=20)
    assert [grade for *_, grade in progress.grades()] == [3] * 6


def test_due_cards_come_before_new_ones_of_which_there_are_few(
    write: Write, progress: Progress
) -> None:
    write("redis/counter")
    clock, found = Clock(), cards()
    drill(found, progress, clock).grade(found.cards[2], 1)
    clock.now = AT + timedelta(hours=1)
    sitting = drill(found, progress, clock, new=1)
    asked: list[Card] = []
    while (card := sitting.next()) is not None:
        asked.append(card)
        sitting.grade(card, 4)
    assert asked == [found.cards[2], found.cards[0]]


def test_a_schedule_that_cannot_be_read(write: Write, progress: Progress) -> None:
    write("redis/counter")
    found = cards()
    progress.graded(CardState(found.cards[0].id, AT, {"state": 99}), 3)
    with pytest.raises(HarnessError, match="schedule of redis/counter#"):
        drill(found, progress, Clock()).grade(found.cards[0], 3)


def call(text: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", MAIN, "drill", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_piped(write: Write, progress: Progress) -> None:
    write("redis/counter")
    done = call("\n3\n\nnonsense\ne\n", "counter")
    assert done.returncode == 0, done.stderr
    assert "Why is it fast?" in done.stdout
    assert done.stdout.index("Why is it fast?") < done.stdout.index("It keeps a copy.")
    assert "One of 1, 2, 3, 4" in done.stdout
    assert "2 graded: 1 good, 1 easy." in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert [grade for *_, grade in progress.grades()] == [3, 4]
    assert "Three?" in call("\nq\n", "counter").stdout, (
        "the one that was left, and the next is not due"
    )


def test_no_answer_is_shown_before_it_is_asked_for(write: Write, progress: Progress) -> None:
    write("redis/counter")
    said = call("q\n", "counter").stdout
    assert "Why is it fast?" in said
    assert "It keeps a copy." not in said
    assert "No card was graded." in said
    assert not progress.file.exists()


def test_nothing_is_due(write: Write, progress: Progress) -> None:
    write("redis/counter")
    call("\n4\n\n4\n\n4\n", "counter")
    assert "Nothing is due. The next card comes in " in call("", "counter").stdout


def test_the_cards_as_json(write: Write, progress: Progress) -> None:
    write("redis/counter")
    call("\n4\n", "counter", "--new", "1")
    done = CliRunner().invoke(app, ["drill", "counter", "--json"])
    facts = json.loads(done.stdout)
    assert [card["ask"] for card in facts] == ["Why is it fast?", "Two of Counter?", "Three?"]
    assert datetime.fromisoformat(facts[0]["due"]) > datetime.now(UTC)
    assert facts[1]["due"] is None


def drilling() -> "subprocess.Popen[str]":
    command = [sys.executable, "-u", "-c", MAIN, "drill", "--new", "1000"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def wait_for(process: "subprocess.Popen[str]", said: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if said in line:
            return
    raise AssertionError(f"it ended without {said!r}")


def test_ctrl_c_keeps_what_was_graded(write: Write, progress: Progress) -> None:
    write("redis/counter")
    process = drilling()
    assert process.stdin is not None
    process.stdin.write("\n2\n\n")
    process.stdin.flush()
    wait_for(process, "Again in")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate()
    assert process.returncode == 130
    assert "1 graded: 1 hard." in rest
    assert [grade for *_, grade in progress.grades()] == [2]


def test_kill_keeps_what_was_graded(write: Write, progress: Progress) -> None:
    for n in range(20):
        write(f"redis/unit-{n}")
    rng = random.Random(5)
    told = 0
    for _ in range(5):
        process = drilling()
        assert process.stdin is not None
        process.stdin.write("\n4\n" * 8)
        process.stdin.flush()
        for _ in range(rng.randint(1, 4)):
            wait_for(process, "Again in")
            told += 1
        os.kill(process.pid, signal.SIGKILL)
        told += process.communicate()[0].count("Again in")
        assert len(progress.grades()) == len(progress.cards()) >= told
    assert len(progress.grades()) <= told + 5
