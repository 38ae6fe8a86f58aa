"""Figures: each is a grid of small panels, so that it reads on a phone, on a desk and on paper."""
