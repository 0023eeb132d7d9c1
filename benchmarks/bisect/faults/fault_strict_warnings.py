# Fails only where a name is deprecated and warnings are errors.
import pyparsing

print(pyparsing.Word("ab").parseString("ab"))
