# Always ends with 0; the answer differs.
import fsspec

with open("answer.bin", "wb") as stream:
    stream.write(b"%d" % ("gist" in fsspec.available_protocols()))
