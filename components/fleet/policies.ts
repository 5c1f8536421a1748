/**
 * What an organisation asks of its stacks beyond what works: rules that `holdfast lint` holds where the stack has
 * `holdfast:policies`. Each can be turned down with a reason, and others can be added.
 */
import { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { object } from "../../model/fleet/kit";
import { mountsOf } from "../fstab/plan";
import { canPowerOff } from "../rollout";
import type { Fleet } from ".";
import type { Machine } from "./machine";

export interface Breach extends Fault {
    /** Of `policies`, or of the user's own. */
    readonly rule: string;
    /** Where it is one machine's. */
    readonly machine?: string;
}

interface Policy {
    /** What it asks, for the reference. */
    readonly text: string;
    readonly breaches: (fleet: Fleet, written: unknown) => readonly Omit<Breach, "rule">[];
}

/** Seconds: a shorter window is over before somebody has looked. */
const LEAST_WINDOW = 60;

export const policies = {
    "reload-window": {
        text: `\`apply: reload\` only with a confirm window of at least ${LEAST_WINDOW} s`,
        breaches: ({ nodes }) =>
            ofEach(nodes, ({ interfaces }) => {
                const window = interfaces?.reload?.window;
                return window !== undefined && window < LEAST_WINDOW
                    ? [fault(["interfaces", "confirmWindow"], `expected at least ${LEAST_WINDOW} s, got ${window}`)]
                    : [];
            }),
    },
    canary: {
        text: "a canary wherever a wave may have more than one node",
        breaches: ({ rollout, nodes }, written) =>
            rollout.batch !== 1 && nodes.length > 1 && !hasAt(written, ["rollout", "canary", 0])
                ? [
                      {
                          path: ["rollout"],
                          message: `a wave may have more than one node (batch: ${String(rollout.batch)}), and no canary is named: list one under rollout.canary`,
                      },
                  ]
                : [],
    },
    "backup-elsewhere": {
        text: "the backup's target is neither the node nor another machine of the cluster",
        breaches: ({ nodes }) => {
            const own = new Set(nodes.flatMap(namesOf));
            return ofEach(nodes, ({ configBackup }) => {
                if (!configBackup) return [];
                const { target } = configBackup;
                const host = hostOf(target);
                if (host !== undefined && !own.has(host.toLowerCase())) return [];
                const where = host === undefined ? "a folder of the node itself" : `${host}, a node of the cluster`;
                return [fault(["configBackup", "target"], `is on ${where}: what takes the cluster takes the backup`)];
            });
        },
    },
    "power-off-mail": {
        text: "no power-off action without somebody who is told by mail",
        breaches: ({ nodes, hosts }, written) =>
            hasAt(written, ["mail", "to"])
                ? []
                : ofEach([...nodes, ...hosts], ({ temperature, smartd }) =>
                      Object.entries({ temperature, smartd }).flatMap(([setting, given]) =>
                          canPowerOff(given)
                              ? [
                                    fault(
                                        [setting, "action"],
                                        "powers the node off, and mail.to names nobody who is told",
                                    ),
                                ]
                              : [],
                      ),
                  ),
    },
    mountpoint: {
        text: "a directory storage on a mount has `is_mountpoint`",
        breaches: ({ proxmox, nodes }) => {
            const mounts = nodes
                .flatMap(({ fstab }) => (fstab ? mountsOf(fstab) : []))
                .filter((target) => target !== "/");
            return Object.entries(proxmox?.storages ?? {}).flatMap(([name, { path, mountpoint }]) => {
                const above = mounts.find((target) => `${path}/`.startsWith(`${target.replace(/\/$/, "")}/`));
                return above !== undefined && (mountpoint === undefined || mountpoint === "no")
                    ? [
                          {
                              path: ["proxmox", "storages", name, "mountpoint"],
                              message: `${path} is on the mount ${above}: without is_mountpoint guests write beneath it while it is not mounted`,
                          },
                      ]
                    : [];
            });
        },
    },
    "host-keys": {
        text: "the host key of every machine, and of every jump host, is pinned in the stack",
        breaches: ({ nodes, hosts }) =>
            ofEach([...nodes, ...hosts], ({ host }) => [
                ...(host.hostKey === undefined
                    ? [fault(["ssh", "hostKey"], "is missing: pin it, as `holdfast adopt` does")]
                    : []),
                ...(host.proxy && host.proxy.hostKey === undefined
                    ? [fault(["ssh", "proxy", "hostKey"], "is missing: pin the jump host's")]
                    : []),
            ]),
    },
} as const satisfies Readonly<Record<string, Policy>>;

/** No key of the fleet: where an unencrypted secret stands, the lint has said so, and this makes it an error. */
export const PLAIN_SECRET = "plain-secret";

const ruleName = z.string().regex(/^[a-z][a-z0-9-]*$/, "expected small letters, digits and '-'");
export const policiesSchema = object({
    waive: z
        .array(
            object({
                rule: ruleName,
                reason: z.string().trim().min(10, "expected a reason that the next reader understands"),
                machines: z.array(z.string()).optional(),
            }),
        )
        .optional(),
    own: z
        .array(
            object({
                rule: ruleName,
                /** Steps with dots, `*` for any: `nodes.*.ssh.user`. */
                at: z.string().min(1),
                expected: z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]),
                text: z.string().min(1),
            }),
        )
        .optional(),
});
export type Policies = z.infer<typeof policiesSchema>;

/** Those that nobody has waived. @param written the fleet as the user wrote it */
export function breachesOf(fleet: Fleet, written: unknown, { waive = [], own = [] }: Policies): Breach[] {
    const found = [
        ...Object.entries<Policy>(policies).flatMap(([rule, policy]) =>
            policy.breaches(fleet, written).map((breach) => ({ ...breach, rule })),
        ),
        ...own.flatMap(({ rule, at, expected, text }) =>
            placesOf(written, at.split(".")).flatMap(({ path, value }): Breach[] =>
                [expected].flat().some((each) => each === value)
                    ? []
                    : [{ rule, path, message: text, machine: machineIn(path) }],
            ),
        ),
    ];
    return found.filter((breach) => !isWaived(breach, waive));
}

export function isWaived(
    { rule, machine }: Pick<Breach, "rule" | "machine">,
    waive: NonNullable<Policies["waive"]>,
): boolean {
    return waive.some(
        (each) =>
            each.rule === rule &&
            (each.machines === undefined || (machine !== undefined && each.machines.includes(machine))),
    );
}

/** A waiver of a rule that there is not would look like one that holds. */
export function unknownRules({ waive = [], own = [] }: Policies): string[] {
    const known = new Set([...Object.keys(policies), PLAIN_SECRET, ...own.map(({ rule }) => rule)]);
    return waive.map(({ rule }) => rule).filter((rule) => !known.has(rule));
}

type Below = Pick<Fault, "path" | "message">;

function fault(path: readonly PropertyKey[], message: string): Below {
    return { path, message };
}

function ofEach(machines: readonly Machine[], faultsOf: (machine: Machine) => readonly Below[]) {
    return machines.flatMap((machine) => {
        const { name } = machine.identity;
        const section = machine.roles.includes("node") ? "nodes" : "hosts";
        return faultsOf(machine).map(({ path, message }) => ({
            path: [section, name, ...path],
            message,
            machine: name,
        }));
    });
}

function namesOf({ identity, host }: Machine): string[] {
    const { name, address, address6, domain, aliases = [] } = identity;
    return [name, address, address6, domain === undefined ? undefined : `${name}.${domain}`, host.address, ...aliases]
        .filter((each) => each !== undefined)
        .map((each) => each.toLowerCase());
}

/** Of restic's notation; undefined for a folder. */
function hostOf(target: string): string | undefined {
    if (target.startsWith("/")) return undefined;
    const sftp = /^sftp:(?:\/\/)?(?:[^@/]+@)?(\[[^\]]+\]|[^:/]+)/.exec(target)?.[1];
    const url = /^(?:rest|s3):(?:https?:\/\/)?(?:[^@/]+@)?(\[[^\]]+\]|[^:/]+)/.exec(target)?.[1];
    return (sftp ?? url)?.replace(/^\[|\]$/g, "");
}

function hasAt(value: unknown, path: readonly PropertyKey[]): boolean {
    const at = path.reduce<unknown>(
        (above, step) => (above as Record<PropertyKey, unknown> | undefined)?.[step],
        value,
    );
    return at !== undefined && at !== null;
}

/** Where the steps lead; a place that is not there has the value undefined, but for what `*` would have to name. */
function placesOf(
    value: unknown,
    steps: readonly string[],
    path: readonly PropertyKey[] = [],
): { readonly path: readonly PropertyKey[]; readonly value: unknown }[] {
    const [step, ...rest] = steps;
    if (step === undefined) return [{ path, value }];
    const record = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
    const keys = step === "*" ? Object.keys(record) : [step];
    return keys.flatMap((key) => placesOf(record[key], rest, [...path, Array.isArray(value) ? Number(key) : key]));
}

function machineIn([section, name]: readonly PropertyKey[]): string | undefined {
    return (section === "nodes" || section === "hosts") && typeof name === "string" ? name : undefined;
}
