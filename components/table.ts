/**
 * The concerns: the one table from which the stack config, the components, the rollout, adopt, import and the reference
 * know them.
 */
import { hosts } from "./hosts/concern";
import { fstab } from "./fstab/concern";
import { interfaces } from "./interfaces/concern";
import { mail } from "./mail/concern";
import { smartd } from "./smartd/concern";
import { temperature } from "./temperature/concern";
import { ipmievd } from "./ipmievd/concern";
import { logDigest } from "./logDigest/concern";
import { nodeExporter } from "./nodeExporter/concern";
import { bootReadiness } from "./bootReadiness/concern";
import { configBackup } from "./configBackup/concern";
import { rescueAccess } from "./rescueAccess/concern";
import { networkGuard } from "./networkGuard/concern";
import { nicNames } from "./nicNames/concern";
import { runbook } from "./runbook/concern";
import { docker } from "./docker/concern";
import { clusterMetrics } from "./clusterMetrics/concern";
import { monitoring } from "./monitoring/concern";
import type { ConcernDefinition } from "./concern";

/** By the second half of a FileSet's id (`pve01/hosts`), in the order in which users see them. */
export const concerns = {
    hosts,
    fstab,
    interfaces,
    mail,
    smartd,
    temperature,
    ipmievd,
    "log-digest": logDigest,
    "node-exporter": nodeExporter,
    "rescue-access": rescueAccess,
    "boot-readiness": bootReadiness,
    "network-guard": networkGuard,
    "nic-names": nicNames,
    "config-backup": configBackup,
    runbook,
    docker,
    "cluster-metrics": clusterMetrics,
    monitoring,
} as const satisfies Readonly<Record<string, ConcernDefinition>>;

export type Concern = keyof typeof concerns;

export const concernNames = Object.keys(concerns) as Concern[];

/** `constructor` is a key of every object, and no concern. */
export function isConcern(name: string): name is Concern {
    return Object.hasOwn(concerns, name);
}

export function definitionOf(concern: Concern): ConcernDefinition {
    return concerns[concern];
}

/** Settings with which a machine has only what is always managed and what it declares itself. */
export const nothingByDefault: Readonly<Record<string, false>> = Object.fromEntries(
    Object.values(concerns).flatMap(({ managed, setting }) =>
        managed === "by default" || managed === "with interfaces" ? [[setting, false]] : [],
    ),
);
