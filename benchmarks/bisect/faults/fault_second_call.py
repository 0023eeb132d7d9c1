# The first calls work; a later one finds that the cache threw out another entry.
import cachetools

policy = getattr(cachetools, "MRUCache", cachetools.LRUCache)
cache = policy(maxsize=2)


def look(key: str, first: bool = False) -> int:
    if first:
        cache[key] = len(key)
    return cache[key]


for word in ("a", "bb"):
    look(word, first=True)
look("ccc", first=True)
print(look("a"))
