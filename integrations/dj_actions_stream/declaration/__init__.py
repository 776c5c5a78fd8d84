"""How actions declare what their messages do to feeds."""
