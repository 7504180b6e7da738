"""So many questions at once: never more, in the order of their coming, and none lost with whoever gives up waiting."""

import threading
import time

import pytest

from agents.calls.places import Places

SOON_S = 5


def until(true):
    """Wait for something that another thread is about to do."""
    end = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.001)


def test_the_places_are_given_in_the_order_of_coming():
    places, told, threads = Places(1), [], []

    def come(number):
        with places:
            told.append(number)

    places.__enter__()
    for number in range(20):
        threads.append(threading.Thread(target=come, args=(number,)))
        threads[-1].start()
        until(lambda: len(places._waiting) == len(threads))
    places.__exit__(None, None, None)
    for thread in threads:
        thread.join(SOON_S)
    assert told == list(range(20))


def test_who_has_just_left_stands_behind_those_who_wait():
    places, told = Places(1), []

    def come():
        with places:
            told.append("the one who waited")

    waiting = threading.Thread(target=come)
    with places:
        waiting.start()
        until(lambda: places._waiting)
    with places:  # without a pause: whoever runs would take a semaphore before the other wakes up
        told.append("the one who left")
    waiting.join(SOON_S)
    assert told == ["the one who waited", "the one who left"]


@pytest.mark.parametrize("count", [1, 3])
def test_never_more_than_there_are_places_and_a_failure_gives_its_place_back(count):
    places, inside, peak = Places(count), [], []

    def come():
        for turn in range(20):
            try:
                with places:
                    inside.append(1)
                    peak.append(len(inside))
                    time.sleep(0)
                    inside.pop()
                    if turn % 3 == 0:
                        raise TimeoutError
            except TimeoutError:
                pass

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    assert max(peak) <= count
    assert len(peak) == 160
    assert places._free == count


class Interrupted:
    """A lock in whose place Ctrl-C comes, before or just after it is called."""

    def __init__(self, before):
        self._lock, self._asked, self._before = threading.Lock(), 0, before

    def acquire(self):
        self._asked += 1
        if self._asked == 2:
            self._before()
            raise KeyboardInterrupt
        return self._lock.acquire()

    def release(self):
        self._lock.release()


@pytest.mark.parametrize("called", [False, True], ids=["still_waiting", "called_in_that_moment"])
def test_who_is_interrupted_while_waiting_takes_no_place_along(monkeypatch, called):
    places = Places(1)
    places.__enter__()
    leave = (lambda: places.__exit__(None, None, None)) if called else (lambda: None)
    monkeypatch.setattr("agents.calls.places.Lock", lambda: Interrupted(leave))
    with pytest.raises(KeyboardInterrupt), places:
        raise AssertionError("there was no place")
    if not called:
        places.__exit__(None, None, None)
    assert (places._free, list(places._waiting)) == (1, [])
