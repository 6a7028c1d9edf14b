from scalebook.load.order import LONGEST_STREAK, Order


def test_the_same_seed_makes_the_same_choices() -> None:
    def choices(seed: int) -> list[int]:
        order = Order(seed, 3)
        return [order.pick([0, 1, 2]) for _ in range(50)]

    assert choices(1) == choices(1)
    assert len({tuple(choices(seed)) for seed in range(20)}) == 20


def test_only_those_who_wait_are_picked() -> None:
    for seed in range(50):
        order = Order(seed, 3)
        assert {order.pick([0, 2]) for _ in range(100)} == {0, 2}
        assert order.pick([1]) == 1


def test_nobody_is_passed_over_for_long() -> None:
    for seed in range(200):
        order, streak, last = Order(seed, 2), 0, -1
        for _ in range(200):
            picked = order.pick([0, 1])
            streak = streak + 1 if picked == last else 0
            last = picked
            assert streak <= LONGEST_STREAK + 1


def test_all_orders_of_three_clients_occur() -> None:
    found = set()
    for seed in range(300):
        order, waiting = Order(seed, 3), [0, 1, 2]
        picked = []
        while waiting:
            picked.append(order.pick(waiting))
            waiting.remove(picked[-1])
        found.add(tuple(picked))
    assert len(found) == 6
