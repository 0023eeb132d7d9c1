"""Our side of other people's programs: each module is imported by the program that it is for."""
