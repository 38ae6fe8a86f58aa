"""The laboratory in a browser: a viewer of job folders that submits the same study files as the command line."""
