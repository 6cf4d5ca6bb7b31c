"""Pictures made for people: graphs over images, contact sheets."""
