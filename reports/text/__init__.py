"""A bundle in words: languages and their messages, sentences, printed figures, tables as text and how wide they are."""
