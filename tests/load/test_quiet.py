import gc
import sys

from scalebook.load.quiet import quiet


def test_no_collection_inside_and_all_as_before_afterwards() -> None:
    before = sys.getswitchinterval()
    with quiet():
        assert not gc.isenabled()
        assert sys.getswitchinterval() < before
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert sys.getswitchinterval() == before
