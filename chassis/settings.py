"""What a process is told from outside, judged before a port is open.

Every variable begins with the service's own name or is shared by all (`DATABASE_URL`,
`KAFKA_BOOTSTRAP`, `ENVIRONMENT` …). A fault ends the process with exit code 78, one line a fault,
naming the key and never the value (`bad_input[143]` to `[152]`).
"""
