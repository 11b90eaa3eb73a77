"""The stack without containers: real Kafka, Postgres, Caddy and mail from wheels and jars alone."""
