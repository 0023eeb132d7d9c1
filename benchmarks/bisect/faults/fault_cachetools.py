from cachetools import MRUCache

print(MRUCache(2))
