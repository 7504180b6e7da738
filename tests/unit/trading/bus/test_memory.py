import threading

from tests.builders.vendors import NOW
from trading.bus.memory import MemoryBus
from trading.bus.messages import BusNotice, BusTopic, Message

ALERT = BusTopic.ERROR_BROKER


def test_only_the_last_messages_are_kept():
    bus = MemoryBus(print, kept=3)
    for number in range(5):
        bus.publish(Message(ALERT, NOW, BusNotice("test", str(number))))
    assert [message.id for message in bus.history(ALERT)] == ["3-0", "4-0", "5-0"]


def test_ids_stay_unique_when_many_publish_at_once():
    bus = MemoryBus(print)
    seen: list[Message] = []
    bus.subscribe(ALERT, seen.append)

    def publish_some():
        for number in range(50):
            bus.publish(Message(ALERT, NOW, BusNotice("test", str(number))))

    threads = [threading.Thread(target=publish_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({message.id for message in seen}) == len(bus.history(ALERT)) == 200
