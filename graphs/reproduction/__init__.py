"""A stored cycle run again from what is on record, without broker, market, network or model.

    observation -> screen -> monitor -> [advise -> inspect -> decide] -> gates on the stored cases -> explain
    answers of models come from the journal of calls, by the digest of the question

Without anything changed the second run must equal the first, value by value. With another policy, model or prompt it
says what would have been decided.
"""
