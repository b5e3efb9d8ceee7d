"""The arithmetic of loyalty: functions of their arguments alone, written with the standard library only.

Nothing here knows a database, a request or a clock, so every rule can be tested by itself and every
door (REST, RPC, the counter) reaches the same one. Points and stamps are whole numbers; only
:mod:`regulars.rules.geo` computes with floats. Codes are the one exception to "same arguments, same
answer": they are drawn at random.
"""
