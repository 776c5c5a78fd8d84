"""A project with one PostgreSQL schema per tenant, as django-tenants makes them."""
