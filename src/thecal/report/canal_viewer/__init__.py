"""The canal viewer: one framework-free ES module that the report embeds and the web app mounts, and a still picture."""
