"""Pages as people use them: in Chromium, by keyboard, at phone width, light and dark."""
