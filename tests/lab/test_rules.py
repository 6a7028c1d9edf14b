"""Wrong use fails where the lab is made: a sentence, its file and line, and how to mend it."""

from pathlib import Path

import pytest

from scalebook.errors import LabError
from scalebook.lab import Lab
from scalebook.labfile import import_lab

PREAMBLE = '''"""A lab in which one thing is wrong?"""
from scalebook.lab import *
from scalebook.lab.checks import at_most_once
from scalebook.services import Postgres, Redis


class Slow(Client):
    """The baseline."""

    def read(self, key):
        return key

    def fill(self, items):
        self.items = list(items)

    @figure("bytes")
    def memory(self):
        return 1.0


class Fast(Slow):
    """The technique."""


class Listening(Slow):
    """It listens."""

    def follow(self, deliver, stopped):
        stopped.wait()


class Stranger(Slow):
    """Not among the variants."""


class Undocumented(Slow):
    pass


def check(run):
    return []


def in_roles(*roles, **more):
    return dict(workload=None, roles=roles, **more)


class Helper(Program):
    pass


def promising(*args, **kwargs):
    return dict(promises=[Promise(*args, **kwargs)])


def on(**attributes):
    variant = type("Special", (Slow,), {"__doc__": "Special.", **attributes})
    return dict(variants=[Slow, Fast, variant])


def hit(fault):
    return dict(trials=[Whole(seconds=2, faults=[fault])])


GOOD = dict(
    at=("rows", [1, 2]),
    services={"redis": Redis},
    workload=Workload(mix={"read": 1}, keys="rows"),
    variants=[Slow, Fast],
    trials=[Slices()],
    claim=Speedup(2, of="read", technique=Fast, over=Slow),
)
'''

# What is wrong (keywords of a Lab that was good) -> a part of the sentence, a part of the remedy.
WRONG = {
    "at=5": ("`at` is not an axis", 'at=("rows"'),
    "at=('rows', [])": ("axis 'rows' has no points", "at least one"),
    "at=('rows', [2, 1])": ("points of 'rows' do not rise", "sort"),
    "at=('rows', [1, 1])": ("points of 'rows' do not rise", "drop repetitions"),
    "at=('rows', ['a', 'b', 'a'])": ("'rows' repeats a point", "drop"),
    "variants=[]": ("no variants", "the baseline first"),
    "variants=[Slow, Fast, 7]": ("variant 7 is not a Client class", "derive it from Client"),
    "variants=[Slow, Fast, Undocumented]": ("Undocumented has no docstring", "in a sentence"),
    "variants=[Slow, Fast, Fast]": ("two variants share a name", "rename"),
    "services={}": ("no services", "Postgres"),
    "services={'random': Redis}": ("services.random is the random source", "otherwise"),
    "services={'redis': 'redis'}": ("service 'redis' is 'redis', not an engine", "class of"),
    "**on(programs={'bus': Slow})": ("program 'bus' is not a Program", "derive it from Program"),
    "**on(programs={'redis': Helper})": ("'redis' names a service and a program", "rename"),
    "**on(native={'read': Pgbench('SELECT 1')})": (
        "Special.native['read'] runs on unknown service 'pg'",
        "on= one of redis",
    ),
    "trials=[]": ("no trials", "Slices, Whole, Exact, Interleaved"),
    "trials=[3]": ("3 is not a trial", "use Slices"),
    "trials=[Slices(), Interleaved(clients=9)]": ("clients=9", "2 to 5 clients"),
    "trials=[Slices(), Interleaved(runs=0)]": ("runs=0", "at least one run"),
    "trials=[Slices(), Interleaved(mix={'sell': 1})]": ("names sell", "operations of the workload"),
    "trials=[Whole(1), Whole(2)]": ("two trials are called whole", "name="),
    "workload=None": ("need a workload or roles", "give workload=Workload"),
    "roles=[Role('read')]": ("one of them only", "Role("),
    "load=lambda services: None": ("`load` takes the wrong arguments", "load(services, at)"),
    "load='SELECT 1'": ("not exactly one PostgreSQL", "where each statement goes"),
    "load='SELECT 1', services={'a': Postgres, 'b': Postgres}": ("not exactly one", "define load"),
    "workload=7": ("7 is not a workload", "use Workload(mix=...)"),
    "workload=Workload(mix={})": ("mix is empty", "mix={"),
    "workload=Workload(mix={'read': 0})": ("a weight is not positive", "drop"),
    "workload=Workload(mix={'read': 1}, keys='accounts')": ("keys='accounts'", "'rows', the axis"),
    "workload=Workload(mix={'read': 1}, clients=2, arrivals=OpenLoop(9))": (
        "an open loop has no clients",
        "workers=",
    ),
    "workload=Workload(mix={'reed': 1})": ("Slow has no operation 'reed'", "def reed(...)"),
    "**in_roles('publish')": ("'publish' is not a role", "Role(name"),
    "**in_roles(Role('publish'))": ("Slow has no operation 'publish'", "def publish(...)"),
    "**in_roles(Role('news', listens=True))": ("Slow has no operation 'follow'", "def follow"),
    "trials=[Exact('build')]": ("Slow has no operation 'build'", "def build(...)"),
    "**on(uses={'reed': Command('GET')})": ("Special.uses names 'reed'", "its methods"),
    "agree={'reed': same}": ("agree names 'reed'", "name an operation"),
    "promises=[check]": ("is no promise", "Promise(check"),
    "**promising('check', kept_by=[Slow])": ("check is not a function", "pass the function"),
    "**promising(at_most_once)": ("'at most once' names no variant", "kept_by=[...]"),
    "**promising(at_most_once, kept_by=[Stranger])": ("Stranger, not a variant", "add it"),
    "**promising(check, kept_by=[Slow], broken_by=[Slow])": (
        "'check' is kept and broken by Slow",
        "choose",
    ),
    "**promising(check, kept_by=[Slow])": ("broken by nobody", "with the bug"),
    "**promising(at_most_once, kept_by=[Slow], under='kill')": (
        "is under 'kill'",
        "the trials are called slices",
    ),
    "claim=None": ("None is no claim", "Speedup"),
    "claim=Speedup(2, of='read', technique=None, over=Slow)": ("no technique", "technique=<a"),
    "claim=Speedup(2, of='read', technique=Fast, over=None)": ("no over", "over=<a variant>"),
    "claim=Latency(of='read', technique=Fast)": ("no over", "over=<a variant>"),
    "claim=Speedup(2, of='read', technique=Stranger, over=Slow)": (
        "the claim's technique, Stranger, is not a variant",
        "add it to variants",
    ),
    "claim=Speedup(2, of='read', technique=Slow, over=Fast)": (
        "compared with those before it",
        "list Fast before Slow",
    ),
    "trials=[Exact('fill')], at=('mode', ['a', 'b']), workload=None": (
        "Exact at 'a'",
        "a number of members",
    ),
    "claim=Invariant(check, technique=Fast)": ("no promise of this lab", "Promise(check, ...)"),
    "claim=Saving(99.6, of='memory', technique=Fast, over=Slow)": ("a fraction", "0.996"),
    "claim=Saving(0.9, of='size', technique=Fast, over=Slow)": (
        "Fast has no figure 'size'",
        '@figure("bytes")',
    ),
    "claim=Speedup(2, of='reed', technique=Fast, over=Slow)": ("claim is of 'reed'", "read"),
    "claim=Speedup(0, of='read', technique=Fast, over=Slow)": ("not positive", "published factor"),
    "claim=Latency(of='delivery', technique=Fast, over=Slow)": ("of 'delivery'", "read"),
    "trials=[Whole(2, steps=[Step(1, 'migrate')])]": (
        "Slow has no step 'migrate'",
        "def migrate(self, services)",
    ),
    "trials=[Whole(2, steps=[Step(2, 'read')])]": ("step 'read' is too late", "move it"),
    "trials=[Whole(2, steps=[Step(1, 'read')], fresh=False)]": ("disturbed and not fresh", "drop"),
    "**hit(Fault('drown', 'redis', 1))": ("no fault is called 'drown'", "kill, lose, pause"),
    "**hit(Fault.kill('reddis', at=1))": ("a fault hits 'reddis'", "the targets are redis"),
    "**hit(Fault.kill('redis', at=1, back=3))": ("kill of 'redis' from 1 to 3 s", "2 s"),
    "**hit(Fault.pause('redis', at=1.5, until=1))": ("from 1.5 to 1 s", "lie within"),
    "variants=[Listening], claim=Latency(of='delivery', technique=Listening, seconds=1),"
    "**in_roles(Role('news', listens=True),"
    "trials=[Whole(2, faults=[Fault.cut('news', at=0, until=1)])])": (
        "cut hits 'news', which is no service",
        "the services are redis",
    ),
}


def lab_of(change: str, folder: Path) -> Lab:
    path = folder / "lab.py"
    path.write_text(f"{PREAMBLE}\nLAB = Lab(**GOOD | dict({change}))\n", encoding="utf-8")
    return import_lab(path)


def test_the_lab_that_the_table_changes_is_good(tmp_path: Path) -> None:
    lab = lab_of("", tmp_path)

    assert lab.axis == "rows"
    assert lab.points == [1, 2]


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_lab_says_where_it_is_and_how_to_mend_it(change: str, tmp_path: Path) -> None:
    what, remedy = WRONG[change]

    with pytest.raises(LabError) as caught:
        lab_of(change, tmp_path)

    path = tmp_path / "lab.py"
    line = len(path.read_text(encoding="utf-8").splitlines())
    assert caught.value.what.startswith(f"{path}:{line}: ")
    assert what in caught.value.what
    assert remedy in (caught.value.remedy or "")
    assert caught.value.exit_status == 2


def test_every_rule_has_a_wrong_lab() -> None:
    """As many cases as there are demands, at least: a new rule needs a new case."""
    source = Path(__file__).parents[2] / "src" / "scalebook" / "lab" / "rules.py"
    demands = source.read_text(encoding="utf-8").count("_demand(") - 1
    assert len(WRONG) >= demands
