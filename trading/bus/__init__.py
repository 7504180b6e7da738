"""The message bus: typed topics, in this process or over Redis Streams, behind one port."""
