/** `ssh.rescueKeys`, of the fleet or of a node: root's keys that work while pmxcfs is down. */

export interface RescueAccessSettings {
    /** As in authorized_keys(5), options included. None: no key, also none of those that earlier versions wrote. */
    readonly keys: readonly string[];
}

export function resolveRescueAccess(keys: readonly string[]): RescueAccessSettings {
    return { keys };
}

/** @param names of the nodes for which nothing is declared */
export function nodesWithoutKeys(names: readonly string[]): string[] {
    return names.length === 0
        ? []
        : [
              `${names.join(", ")}: without ssh.rescueKeys no key is sure to let root in while pmxcfs is down: Proxmox keeps root's authorized_keys there. List the keys that must work then, or [] for none`,
          ];
}
