"""Thecal: a virtual laboratory for intrathecal cell therapy of neuropathic pain.

Computer model, not medical advice. Importing this package imports nothing heavy.
"""

__version__ = "0.1.0"
