"""The toggles of the app, one class each; :mod:`lab.app.registry` lists them."""
