"""Bindings: each kind shows its number, and each mistake is a fault on its own line."""

import json
from typing import Any

import pytest

Shop = Any


def text_of(shop: Shop, binding: str) -> str:
    page = shop.with_text(f"## A {{#a}}\n\nIt is {binding}.\n")
    assert page.faults == ()
    found = page.text.split("It is ")[1].split(".\n")[0]
    return str(found)


@pytest.mark.parametrize(
    ("binding", "text"),
    [
        ("{{ratio at=1000}}", "9.4×"),
        ("{{ratio at=1,000 show=ci}}", "9.4× [9, 9.9]"),
        ("{{ratio at=1000.0}}", "9.4×"),
        ("{{shop/cache: ratio at=10}}", "2.4×"),
        ("{{ratio Cached/Plain op=read stat=median kind=application at=1000}}", "9.4×"),
        ("{{ratio at=1000 as=saving}}", "89.4 %"),
        ("{{ratio at=1000 as=inverse}}", "0.11×"),
        ("{{ratio kind=engine at=10 rough=yes}}", "about 4.8× [1.6, 14]"),
        ("{{ratio at=1000 rough=yes}}", "9.4×"),
        ('{{stat Plain "read median" at=1000}}', "0.86 ms"),
        ('{{stat Cached "read median" at=1000}}', "0.091 ms"),
        ('{{stat Plain "read throughput" at=1000}}', "12,300/s"),
        ("{{figure Plain memory at=10}}", "16.4 KB"),
        ("{{figure Plain error at=10}}", "0.58 %"),
        ("{{figure Plain shaky at=10 rough=yes}}", "about 0.2 % [−0.3, 0.7]"),
        ("{{figure Plain once at=10 rough=yes}}", "about 12"),
        ('{{counter Plain "read: buffers" at=10}}', "6"),
        ('{{timeline "pause" variant=Plain op=read percentile=99 rough=yes}}', "about 400 ms"),
        ("{{timeline trial=pause variant=Plain op=read percentile=100 rough=yes}}", "about 1.2 s"),
        ("{{crossing}}", "260"),
        ("{{crossing show=ci}}", "260 [250, 280]"),
        ("{{verdict}}", "holds from 260 rows"),
        ("{{claim}}", "5×"),
        ("{{redis/hyperloglog: claim}}", "99.6 %"),
        ("{{redis/distributed-lock: claim}}", "100% accuracy"),
        ("{{databases/connection-pooling: claim}}", "100,000/s"),
        ("{{floor redis}}", "0.066 ms"),
        ("{{environment cores}}", "2"),
        ("{{environment cpu}}", "Model 1"),
        ("{{environment fsync}}", "0.6 ms"),
        ("{{environment pg}}", "PostgreSQL 18.1"),
        ("{{setting TTL}}", "0.8"),
        ("{{setting KEEPER}}", "shop"),
        ('{{claimed "91.2 %" nishtala}}', "91.2 %"),
        ("{{assume views}}", "40,000"),
        ("{{assume views show=unit}}", "40,000 views/s"),
        ("{{assume busy as=percent}}", "50 %"),
        ("{{model 'x'}}".replace("'x'", '"views / 2"'), "20,000"),
        ('{{model "busy" as=percent}}', "50 %"),
    ],
)
def test_what_a_binding_shows(shop: Shop, binding: str, text: str) -> None:
    assert text_of(shop, binding) == text


@pytest.mark.parametrize(
    ("binding", "rule", "said"),
    [
        ("{{}}", "binding", "without a kind"),
        ("{{rat at=10}}", "unknown", "did you mean 'ratio'"),
        ("{{ratio}}", "point", "add at= one of 10, 1000"),
        ("{{ratio at=11}}", "point", "nothing was measured at 11"),
        ("{{ratio at=10 ta=2}}", "binding", "no option ta="),
        ("{{ratio at=10 at=11}}", "binding", "at= is there twice"),
        ("{{ratio at=10 show=all}}", "binding", "write show=ci"),
        ("{{ratio Cached at=10}}", "binding", "write Technique/Baseline"),
        ("{{ratio Cache/Plain at=10}}", "unknown", "did you mean 'Cached'"),
        ("{{ratio Plain/Cached at=10}}", "unknown", "there is Cached/Plain op=read"),
        ("{{ratio op=write at=10}}", "unknown", "no ratio Cached/Plain of 'write'"),
        ("{{ratio stat=p99 at=10}}", "unknown", "stat=median"),
        ("{{ratio kind=engine at=10}}", "unstable", "spans a factor of 9"),
        ("{{ratio kind=floor-corrected at=10}}", "unresolvable", "too small"),
        ("{{ratio at=10 as=percentage}}", "unknown", "as="),
        ('{{stat Plain "read median" at=10 as=saving}}', "binding", "is for ratios"),
        ('{{stat Plain "read mode" at=10}}', "unknown", "did you mean 'read median'"),
        ('{{stat Plane "read median" at=10}}', "unknown", "did you mean 'Plain'"),
        ('{{stat Plain "read p99" at=10}}', "unstable", "rough=yes"),
        ('{{stat Plain "read median at=10}}', "binding", "mend the quotes"),
        ("{{stat Plain at=10}}", "binding", "wrong number of arguments"),
        ("{{figure Plain shaky at=10}}", "unstable", "reaches zero"),
        ("{{figure Plain once at=10}}", "unstable", "no interval"),
        ("{{counter Plain reads at=10}}", "unknown", "there is read: buffers"),
        ("{{timeline pause}}", "binding", "timeline needs variant, op, percentile"),
        ("{{timeline kill variant=Plain op=read percentile=99}}", "unknown", "there is pause"),
        ("{{timeline pause variant=Plain op=read percentile=99}}", "unstable", "no interval"),
        (
            "{{timeline pause variant=Plain op=read percentile=98}}",
            "unknown",
            "there is 50, 99, 100",
        ),
        ("{{floor pg}}", "unknown", "there is redis"),
        ("{{environment colour}}", "unknown", "no fact of the environment"),
        ("{{setting TTTL}}", "unknown", "did you mean 'TTL'"),
        ("{{setting PARTS}}", "setting", "no plain number"),
        ('{{claimed "9" nobody}}', "source", "no source has the key 'nobody'"),
        ("{{assume view}}", "unknown", "did you mean 'views'"),
        ("{{shop/nothing: ratio at=10}}", "unknown-unit", "no unit is called 'shop/nothing'"),
        ("{{shop/notes: ratio at=10}}", "missing", "shop/notes has no lab"),
        ("{{redis/streams: ratio at=10}}", "missing", "redis/streams is planned"),
        ("{{ratio at=10", "binding", "is not closed"),
        ("[@nobody]", "source", "the keys: nishtala, rumour"),
        ("[[shop/nothing]]", "unknown-unit", "no unit is called"),
    ],
)
def test_a_mistake_is_a_fault_on_its_own_line(
    shop: Shop, first_line: int, binding: str, rule: str, said: str
) -> None:
    page = shop.with_text(f"## A {{#a}}\n\nOne line.\nAnother\n{binding} and\nthe last, fine.\n")
    (fault,) = page.faults
    assert (fault.file, fault.line, fault.rule) == (shop.article, first_line + 4, rule)
    assert said in str(fault)
    assert str(fault).startswith(f"{shop.article}:{first_line + 4}: ")
    assert '<span class="fault">' in page.html
    assert "fine." in page.html


@pytest.mark.parametrize(
    ("changes", "rule", "said"),
    [
        ({"interrupted": True}, "invalid", "was interrupted"),
        ({"validity": {"valid": False, "problems": ["no rows"]}}, "invalid", "no rows"),
        ({"digest": "0" * 16}, "stale", "has changed since it was measured"),
        ({"unit": "shop/other"}, "invalid", "is one of shop/other"),
        ({"points": 3}, "invalid", "not a result of this Scalebook"),
    ],
)
def test_a_result_that_does_not_stand(
    shop: Shop, changes: dict[str, Any], rule: str, said: str
) -> None:
    shop.change(**changes)
    page = shop.with_text("## A {#a}\n\n{{ratio at=10}}\n")
    assert {fault.rule for fault in page.faults} == {rule}
    assert said in page.faults[0].message
    assert "scalebook run shop/cache --reference" in page.faults[0].remedy
    assert "9.4" not in page.html


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("value", -2, "not above zero"),
        ("high", 0.1, "outside its interval"),
        ("low", 100, "outside its interval"),
    ],
)
def test_a_record_that_cannot_be(shop: Shop, field: str, value: float, said: str) -> None:
    points = json.loads(shop.result.read_text())["points"]
    points[0]["ratios"][0][field] = value
    shop.change(points=points)
    page = shop.with_text("## A {#a}\n\n{{ratio at=10}}\n")
    assert {fault.rule for fault in page.faults} == {"invalid"}
    assert said in page.faults[0].message


def test_a_missing_result(shop: Shop) -> None:
    shop.result.unlink()
    assert {fault.rule for fault in shop.render().faults} == {"missing"}


def test_a_verdict_without_a_crossing(shop: Shop) -> None:
    verdict = json.loads(shop.result.read_text())["verdict"]
    shop.change(verdict={**verdict, "state": "never", "crossing": None})
    page = shop.with_text("## A {#a}\n\n{{verdict}} {{crossing}}\n")
    assert [fault.rule for fault in page.faults] == ["unknown"]
    assert "has no crossing" in page.faults[0].message
    assert "never holds" in page.html


def test_inside_a_link_a_number_stands_without_a_link(shop: Shop) -> None:
    page = shop.with_text("## A {#a}\n\n[it is {{ratio at=10}}](https://example.com/)\n")
    assert page.faults == ()
    assert '<a href="https://example.com/">it is <span class="num">2.4×</span></a>' in page.html


def test_in_code_there_are_no_bindings(shop: Shop) -> None:
    page = shop.with_text("## A {#a}\n\n`{{ratio}}`\n\n```\n{{ratio}}\n```\n")
    assert page.faults == ()
    assert page.bound == 2, "those of the front matter alone"
