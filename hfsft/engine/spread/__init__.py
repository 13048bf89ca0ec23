"""How a step that sees all rows is worked out where no process holds all of them: the words in which its function says
so, and what several such functions share. It knows neither the engine that moves the rows nor where they lie.
"""
