"""How the vendored styles, scripts and font come to be: run only to raise a version."""
