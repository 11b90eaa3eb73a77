"""The keys of everything that can be told anew, in order: after `$1`, at most `$2` of them (none: all)."""

CLAIMS = """
    SELECT claim_id FROM claims WHERE claim_id > $1 AND status <> 'draft'
     ORDER BY claim_id LIMIT $2
"""
