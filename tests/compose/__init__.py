"""Run the Compose stack and check that it does what docs/docker.md says: `make compose-test`.

It uses the container engine of the machine, with the images that docker-compose.yml names. Where
there is none, but Debian's packages can be had by root, it starts an engine of its own in a folder
that it removes again, with stand-ins for those images (`images/`): that tests our files, not the
content of the true images.
"""
