/** What of `proxmox` spans several fields. */
import type { Fault } from "../../model/fleet/faults";
import type { ProxmoxConfig } from "./settings";

/** What spans several fields. @param nodes all that are declared */
export function checkProxmox(config: ProxmoxConfig, nodes: readonly string[]): Fault[] {
    const { ca, fingerprint, storages = {}, backups = {}, metrics: servers = {} } = config;
    return [
        ...(ca === undefined && fingerprint === undefined
            ? [
                  {
                      path: ["proxmox"],
                      message:
                          "expected ca or fingerprint: without one of them anybody between here and there could read the token",
                  },
              ]
            : []),
        ...Object.entries(storages).flatMap(([name, { nodes: given = [], path, mountpoint }]) => [
            ...given.flatMap((node, index) =>
                nodes.includes(node)
                    ? []
                    : [
                          {
                              path: ["proxmox", "storages", name, "nodes", index],
                              message: `no node has the name ${node}`,
                          },
                      ],
            ),
            ...(typeof mountpoint === "string" && !`${path}/`.startsWith(`${mountpoint.replace(/\/$/, "")}/`)
                ? [
                      {
                          path: ["proxmox", "storages", name, "mountpoint"],
                          message: `expected ${path} or a folder above it: what is mounted elsewhere says nothing of this storage`,
                      },
                  ]
                : []),
        ]),
        ...Object.entries(servers).flatMap(([name, { type, protocol }]) =>
            protocol === undefined ||
            (type === "graphite" ? ["udp", "tcp"] : ["udp", "http", "https"]).includes(protocol)
                ? []
                : [
                      {
                          path: ["proxmox", "metrics", name, "protocol"],
                          message: `expected ${type === "graphite" ? "udp or tcp" : "udp, http or https"} for ${type}`,
                      },
                  ],
        ),
        ...Object.entries(backups).flatMap(([name, { storage: target }]) => {
            const content = storages[target]?.content;
            return content === undefined || content.includes("backup")
                ? []
                : [
                      {
                          path: ["proxmox", "backups", name, "storage"],
                          message: `${target} takes no backups: add backup to proxmox.storages.${target}.content`,
                      },
                  ];
        }),
    ];
}
