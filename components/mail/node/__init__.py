"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {"mail": "concerns.mail.node.fate.mail", "mail-relay": "concerns.mail.node.fate.mail_relay"}
