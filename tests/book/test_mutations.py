"""Whatever an author breaks: faults and errors with a remedy, and the other pages still render."""

import random
from pathlib import Path
from typing import Any

from scalebook.book.faults import PageError
from scalebook.book.page import Book

Shop = Any
ROUNDS = 200


def mutated(text: str, dice: random.Random) -> str:
    """A text with something cut out, doubled, swapped or put in."""
    at = dice.randrange(len(text))
    end = min(len(text), at + dice.choice((1, 1, 3, 10, 60)))
    junk = dice.choice(
        ["{{", "}}", ":::", "---", '"', "\n", "[[", "\0", "é", ": ", "9e9", "-", "`"]
    )
    lines = text.split("\n")
    place = dice.randrange(len(lines))
    return dice.choice(
        [
            text[:at] + text[end:],
            text[:at] + text[at:end] * 2 + text[end:],
            text[:at] + junk + text[at:],
            text[:at] + junk + text[end:],
            text[:at],
            "\n".join(lines[:place] + lines[place + 1 :]),
            "\n".join([*lines[:place], lines[-place], *lines[place:]]),
        ]
    )


def test_two_hundred_mutations(shop: Shop) -> None:
    dice = random.Random(20261125)
    files: list[Path] = [shop.article, shop.article, shop.result, shop.lab]
    faults = 0
    for _ in range(ROUNDS):
        shop.write()
        file = dice.choice(files)
        text = file.read_text()
        for _ in range(dice.choice((1, 1, 2, 5))):
            text = mutated(text, dice) or " "
        file.write_text(text)
        try:
            found = shop.render().faults
        except PageError as error:
            found = error.faults
        faults += bool(found)
        for fault in found:
            assert fault.line >= 1
            assert fault.message
        for fault in shop.render("shop/notes").faults:
            assert fault.file.name == "article.md"
    assert faults > ROUNDS / 2


def test_mutations_of_numbers_in_a_result(shop: Shop) -> None:
    """A record that is still one, but holds what no run would write."""
    dice = random.Random(7)
    for _ in range(60):
        shop.write()
        words = shop.result.read_text().split('": ')
        for _ in range(3):
            place = dice.randrange(1, len(words))
            number, comma, rest = words[place].partition(",")
            if number.replace(".", "").isdigit():
                words[place] = dice.choice(["0", "-1", "1e300", "1e-300", "null"]) + comma + rest
        shop.result.write_text('": '.join(words))
        Book()
        shop.render()
