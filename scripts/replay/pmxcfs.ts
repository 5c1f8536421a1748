/**
 * The incident's pmxcfs was older than the one that is known by its source (pve-cluster 9.1.6, which ends with a
 * message): it hung where it could not resolve its own name, and nothing bounded its start. This makes the lab's
 * stand-in do the same, and puts the unit where a package has it, so that it can be masked.
 */
import { sh, type Stage } from "./stage";

export const hangs = "pmxcfs-that-hangs";

const program = `#!/bin/sh
# As the real one looks: the first address of the own name that is neither 127.* nor ::1.
getent ahosts "$(hostname)" | grep -qv -e '^127\\.' -e '^::1 ' && exec /usr/bin/pmxcfs
while :; do sleep 3600; done
`;

const dropIn = `[Service]
ExecStart=
ExecStart=/usr/local/sbin/${hangs}
TimeoutStartSec=infinity
`;

export async function installHangingPmxcfs(stage: Stage): Promise<void> {
    const write = (path: string, content: string, mode: string) =>
        stage.node.exec(["sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', "sh", path, mode], {
            input: content,
        });
    await write(`/usr/local/sbin/${hangs}`, program, "0755");
    await write("/etc/systemd/system/pve-cluster.service.d/hangs.conf", dropIn, "0644");
    await sh(
        stage,
        `if [ -f /etc/systemd/system/pve-cluster.service ]; then
            mv /etc/systemd/system/pve-cluster.service /usr/lib/systemd/system/
        fi
        systemctl daemon-reload; systemctl reenable pve-cluster.service; sync`,
    );
}
