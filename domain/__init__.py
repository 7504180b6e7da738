"""The language both halves of Sage speak: values, ports and errors; standard library only."""
