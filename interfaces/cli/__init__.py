"""The command line: what was asked (parser), and how answers look (render)."""
