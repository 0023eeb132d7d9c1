"""Renews the tables of envsnap/knowledge by what wheels' metadata says today."""
