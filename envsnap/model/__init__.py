"""What envsnap knows about an environment: typed, frozen records and their file format.

The modules here do not postpone annotations: msgspec would compile each one's text again, which
takes a twentieth of a `diff`.
"""
