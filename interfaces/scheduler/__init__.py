"""When what runs: the timetable as pure functions over the exchange calendar, and the jobs on it."""
