"""The register of claims: what was published, how each is tested by simulated experiments, and how it fares."""
