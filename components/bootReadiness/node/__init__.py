"""What the node's program has for this concern, by the names under which a plan asks for it."""

PROBES = {
    "boot-readiness": "concerns.bootReadiness.node.audit.group",
    "boot-looked-at": "concerns.bootReadiness.node.audit.looked",
    "boot-proof": "concerns.bootReadiness.node.audit.proof",
    "booted-with": "concerns.bootReadiness.node.audit.booted_with",
}
STANDING = "concerns.bootReadiness.node.audit.audit"
