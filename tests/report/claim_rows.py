"""Scored claims as a report gets them."""

CLAIMS = [{"id": "first", "statement": "TGF-b1 relieves within 1 h", "tag": "published", "role": "predicted",
           "verdict": "holds", "share": 0.93, "prior_share": 0.5, "value": 0.25, "low": 0.1, "high": 0.4,
           "source": "Figure 5", "cause": ""},
          {"id": "second", "statement": "Relief for weeks", "tag": "press", "role": "fitted", "verdict": "fails",
           "share": 0.1, "prior_share": 0.1, "value": None, "low": None, "high": None, "source": "press",
           "cause": "captured cells die too soon"}]
