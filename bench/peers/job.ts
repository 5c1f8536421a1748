/** The job that Holdfast and its peers all do: 12 files, 4 packages that are there, 2 units enabled and running. */
import type { FileSetArgs } from "../../model/contract/fileSet";

export interface Job {
    readonly files: Readonly<Record<string, string>>;
    /** In every lab node's image: what is measured is that they are looked for. */
    readonly packages: readonly string[];
    readonly units: readonly string[];
}

/** In no folder of their own: not everybody makes those that are missing. */
const pathOf = (index: number | string) => `/etc/holdfast-bench-${index}.conf`;
const unitFolder = "/etc/systemd/system";

export const units = ["holdfast-bench-a.service", "holdfast-bench-b.service"];
/** Of all files, for a shell. */
export const traces = [pathOf("*"), ...units.map((name) => `${unitFolder}/${name}`)];

/** The one that somebody edits on each node. */
export const edited = pathOf(1);

/** Another `generation` changes every file. */
export function jobOf(generation: string): Job {
    const texts = Array.from({ length: 10 }, (_, index) => [
        pathOf(index),
        `# ${generation}\n${`setting${index} = value\n`.repeat(60)}`,
    ]);
    const services = units.map((name) => [
        `${unitFolder}/${name}`,
        `[Unit]\nDescription=${name} ${generation}\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n`,
    ]);
    return {
        files: Object.fromEntries([...texts, ...services]) as Job["files"],
        packages: ["python3", "iproute2", "openssh-server", "procps"],
        units,
    };
}

/** Through Holdfast's own resource, one for each node. */
export function fileSetOf({ files, packages, units: names }: Job, host: FileSetArgs["host"]): FileSetArgs {
    return {
        host,
        concern: "bench",
        files: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, { content }])),
        packages,
        units: Object.fromEntries(names.map((name) => [name, { enabled: true, active: true }])),
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        takeOver: true,
    };
}
