"""How facts become durable together: turns among the threads of a process, and statements that are written often."""
