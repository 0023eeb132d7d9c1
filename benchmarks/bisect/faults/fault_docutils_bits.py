import docutils.core

print(docutils.core.publish_string("Title\n=====\n\n* a\n* b\n", writer_name="html5").decode())
