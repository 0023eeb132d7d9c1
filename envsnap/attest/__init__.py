"""Statements about files, and OpenSSH's signatures over them."""
