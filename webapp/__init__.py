"""What people and programs reach over HTTP: webhook intake, pages, API, and the flask commands."""
