/**
 * What happens on a node that nobody changes, and so is no drift. A container has the workstation's clock, which no
 * test turns: of midnight there is what the node's timers do then, and files that are a day older than they were. It
 * has no disk with SMART and no way to a package archive either: smartd's notes are written as smartd writes them, apt
 * reads its own lists again.
 */
import type { Lab, LabNode } from "../../lab";
import { serveMail } from "./wholeFleet";

type Event = (node: LabNode, lab: Lab) => Promise<unknown>;

const shell =
    (script: string): Event =>
    (node) =>
        node.exec(["sh", "-ec", script], { timeout: 120 });

/** One run of each program of Holdfast's own that a timer starts. */
const ownTimers = `for timer in /etc/systemd/system/holdfast-*.timer; do
    unit=$(systemctl show --property=Unit --value "$(basename "$timer")")
    case $unit in *selftest*) ;; *) systemctl start "$unit" ;; esac
done`;

/** A night among them: each node's own look at itself is one of the timers. */
export const aDayGoesBy: Event = shell(
    `find /var/lib/holdfast /run/holdfast /var/lib/prometheus* /var/lib/smartmontools /var/log -type f | while read -r file; do
        touch --no-create --date "$(date --utc --date "@$(($(stat --format %Y "$file") - 86400))" '+%F %T UTC')" "$file"
    done
    ${ownTimers}`,
);

export const quietEvents: Readonly<Record<string, Event>> = {
    nothing: async () => undefined,
    "midnight: what the node's timers start then, and its own": shell(
        `for unit in logrotate dpkg-db-backup systemd-tmpfiles-clean; do
            if systemctl cat $unit.service >/dev/null 2>&1; then systemctl start $unit.service; fi
        done
        ${ownTimers}`,
    ),
    "a day goes by: every record is a day older, and each timer has run since": aDayGoesBy,
    "logs are rotated": shell(
        "if [ -e /etc/logrotate.conf ]; then logrotate --force /etc/logrotate.conf; fi; journalctl --quiet --rotate --vacuum-size=1M",
    ),
    "apt reads its lists, and dpkg writes its database anew": shell(
        "apt-get -qq update -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/dev/null; dpkg --configure -a; cp --preserve /var/lib/dpkg/status /var/lib/dpkg/status-old; touch /var/lib/dpkg/status",
    ),
    "smartd notes another temperature, starts a test, and is started anew": shell(
        `mkdir -p /var/lib/smartmontools
        printf 'temperature-min = 20\\ntemperature-max = %s\\nscheduled-test-next-check = %s\\n' "$((20 + $(date +%s) % 30))" "$(($(date +%s) + 3600))" \\
            >/var/lib/smartmontools/smartd.LAB-1234.ata.state
        systemctl restart smartmontools.service`,
    ),
    "somebody logs in, looks around, and reloads systemd": shell(
        "systemctl daemon-reload; systemctl --failed >/dev/null; cat /etc/hosts /etc/fstab >/dev/null; logger --priority user.err 'a program of the node fails'",
    ),
    "the exporter and cron are started anew": shell(
        "systemctl try-restart prometheus-node-exporter.service cron.service; ip link >/dev/null",
    ),
    "the node reboots": async (node, lab) => {
        await node.reboot();
        if (node === lab.nodes.at(-1)) await serveMail(lab);
    },
};

/** A busy loop for each processor, and a writer, until that many seconds are over. */
export async function load(node: LabNode, seconds: number): Promise<void> {
    const busy =
        "for _ in $(seq $(nproc)); do while :; do :; done & done; while :; do head -c 20M /dev/zero >/var/tmp/load; sync /var/tmp/load; done";
    await node.exec([
        ..."systemd-run --quiet --collect --unit=test-load".split(" "),
        `--property=RuntimeMaxSec=${seconds}`,
        ...["--property=ExecStopPost=rm -f /var/tmp/load", "sh", "-c", busy],
    ]);
}

export async function unload(node: LabNode): Promise<void> {
    await node.exec(["systemctl", "stop", "test-load.service"], { reject: false });
}
