"""The node's own name."""

from probes.names import is_loopback, resolve


def resolver(timeout, name, address):
    """The node's name must give its LAN address and no loopback one: pmxcfs resolves it at boot (pve-cluster)."""
    addresses = resolve(name)
    loopback = [found for found in addresses if is_loopback(found)]
    if loopback:
        return f"{name} still resolves to {', '.join(loopback)}; look for it in /etc/hosts, or in libnss-myhostname and DNS"
    if address not in addresses:
        return f"{name} resolves to {', '.join(addresses) or 'nothing'}, not to {address}"
    return None
