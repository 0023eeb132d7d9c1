"""What comparing and keeping many hosts costs, on synthetic fleets made of one real capture."""
