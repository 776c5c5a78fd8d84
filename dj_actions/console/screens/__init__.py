"""What the screens show, as frozen values: no request, no template."""
