import pytest

print(pytest.PytestRemovedIn9Warning)
