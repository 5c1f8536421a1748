/**
 * Proxmox links root's authorized_keys into pmxcfs: with pmxcfs down (incident A) none of those keys lets anybody in.
 */
import type { Hazard } from "../hazard";
import type { Survey } from "../survey";

const own = "/root/.ssh/authorized_keys";
const rescue = "/root/.ssh/authorized_keys2";

export function keysInPmxcfs({ files }: Survey): Hazard[] {
    const link = files[own];
    if (link?.kind !== "symlink" || !link.detail?.startsWith("/etc/pve/")) return [];
    const [kept, shared] = [keysOf(files[rescue]?.content), keysOf(files[link.detail]?.content)];
    // Proxmox puts every node's own key there, by which the nodes reach each other: none is a person's.
    const people = shared.filter((key) => !/ root@\S+$/.test(key));
    const proposed = [...new Set([...kept, ...people])].map((key) => JSON.stringify(key));
    const list =
        proposed.length > 0
            ? `ssh: { rescueKeys: [${proposed.join(", ")}] }`
            : 'ssh: { rescueKeys: ["ssh-ed25519 AAAA… ops"] }';
    const message =
        `root's keys lie in pmxcfs (${link.detail}), and ` +
        (kept.length > 0
            ? `while it is down only those in ${rescue} work, which nobody has declared`
            : "none works while it is down") +
        `. Declare those that must work then, of the fleet or the node: ${list}`;
    return [{ rule: "keys-in-pmxcfs", severity: "warning", file: own, line: 1, column: 1, message }];
}

/** Lines that hold a key, options included. */
function keysOf(content = ""): string[] {
    return content
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => !line.startsWith("#") && /(?:^|\s)(?:ssh-|ecdsa-|sk-)\S+ AAAA\S+/.test(line));
}
