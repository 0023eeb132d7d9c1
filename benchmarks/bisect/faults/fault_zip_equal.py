import more_itertools

print(list(more_itertools.zip_equal([1, 2], "ab")))
