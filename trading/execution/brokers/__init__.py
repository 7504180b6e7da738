"""One adapter a broker; all of them pass tests/conformance/test_broker.py."""
