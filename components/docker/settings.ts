/** `docker`: what runs on the host, when it is brought back, and the mounts that it lies on. */
import { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { concern, flag, object } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import { text, wholeNumber } from "../../model/values/value";
import type { Place, Settings } from "../concern";

const name = text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "a name: letters, digits, dots, hyphens and underscores");
/** Docker's own rule. */
const containerName = text(/^[A-Za-z0-9][A-Za-z0-9_.-]{1,127}$/, "a container's name");
const word = text(/^[^\p{Cc}]{1,4096}$/u, "text on one line");
const seconds = wholeNumber(10, 7200, "seconds");

const deployment = object({
    name,
    compose: value.absolutePath.optional().describe("the folder of a Compose project on the host"),
    command: z
        .array(word, { error: "expected a list: the program, then its arguments" })
        .min(1, { error: "expected at least the program" })
        .optional()
        .describe("program and arguments that deploy it, safe to run twice; in place of `compose`. Nothing secret"),
    containers: z
        .array(containerName)
        .min(1, { error: "expected at least one container's name" })
        .optional()
        .describe("what `command` makes, by name: then it is known whether it runs; a Compose project knows its own"),
    timeout: seconds.optional().describe("seconds that bringing it up may take; 600 by default"),
});
const daemon = object({
    liveRestore: flag.optional().describe("containers go on while dockerd restarts; true by default, not for a swarm"),
    logSize: text(/^[1-9]\d{0,5}[kmg]$/, "a size such as 10m")
        .optional()
        .describe("at which a container's log is rotated; 10m by default, Docker's own is never"),
    logFiles: wholeNumber(1, 100, "how many").optional().describe("logs kept of each container; 3 by default"),
});

export const schema = concern({
    deployments: z.array(deployment).optional().describe("what runs there, in the order in which it is brought up"),
    when: z
        .enum(["none", "missing"], { error: "expected none or missing" })
        .optional()
        .describe(
            "brought back after a boot with no container at all (none, the default), or also when a declared one is missing",
        ),
    mounts: z
        .array(value.absolutePath)
        .optional()
        .describe(
            "where volumes and Docker's own data lie: without these mounts neither Docker nor a deployment starts",
        ),
    patience: seconds
        .optional()
        .describe("seconds of trying again, while a registry or a mount is not there yet; 900 by default"),
    daemon: daemon
        .optional()
        .describe("/etc/docker/daemon.json as a whole; only where declared, one of your own is shown before it goes"),
})
    .optional()
    .describe("Docker on a host with the role docker, and its deployments after a boot; only where declared");

type DockerConfig = Settings<z.infer<typeof schema>>;

export interface Deployment {
    readonly name: string;
    /** Folder of a Compose project; absent where `command` is there. */
    readonly compose?: string;
    readonly command?: readonly string[];
    readonly containers?: readonly string[];
    /** Seconds. */
    readonly timeout: number;
}

export interface DockerSettings {
    readonly deployments: readonly Deployment[];
    readonly when: "none" | "missing";
    readonly mounts: readonly string[];
    /** Seconds. */
    readonly patience: number;
    readonly daemon?: { readonly liveRestore: boolean; readonly logSize: string; readonly logFiles: number };
}

export function resolveDocker({
    deployments = [],
    when = "none",
    mounts = [],
    patience = 900,
    daemon,
}: DockerConfig): DockerSettings {
    return {
        deployments: deployments.map(({ timeout = 600, ...each }) => ({ ...each, timeout })),
        when,
        mounts,
        patience,
        ...(daemon && { daemon: { liveRestore: true, logSize: "10m", logFiles: 3, ...daemon } }),
    };
}

export function checkDocker({ own, merged, path }: Place<z.infer<typeof schema>>): Fault[] {
    if (typeof own !== "object") return [];
    const when = typeof merged === "object" ? merged.when : own.when;
    const { deployments = [] } = own;
    return deployments.flatMap((each, index): Fault[] => {
        const at = [...path, "deployments", index];
        const isTwice = deployments.findIndex((other) => other.name === each.name) < index;
        return [
            ...(isTwice ? [{ path: [...at, "name"], message: `${each.name} is listed twice` }] : []),
            ...((each.compose === undefined) === (each.command === undefined)
                ? [{ path: at, message: "expected either compose, a project's folder, or command" }]
                : []),
            ...(each.compose !== undefined && each.containers !== undefined
                ? [
                      {
                          path: [...at, "containers"],
                          message: "belongs to a command: a Compose project knows its own services",
                      },
                  ]
                : []),
            ...(when === "missing" && each.command !== undefined && each.containers === undefined
                ? [{ path: at, message: "when: missing has to know what it makes: add containers, by their names" }]
                : []),
        ];
    });
}
