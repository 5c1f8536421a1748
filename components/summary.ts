/**
 * One machine in a stack's outputs: what is right takes one line. All that was observed stands in the FileSets' own
 * outputs.
 */
import * as pulumi from "@pulumi/pulumi";
import type { FileSet } from "../provider/resource";
import type { Machine } from "./fleet";

export interface Summary {
    /** The concerns, as `hosts, fstab`. */
    readonly managed: string;
    /** Under maintenance, so left alone: what is told is what was last seen. */
    readonly skipped: boolean;
    /** By concern and fact, what is not as declared or could not be told; undefined where there is nothing. */
    readonly attention: pulumi.Output<Readonly<Record<string, Readonly<Record<string, string>>>> | undefined>;
}

/** By machine; one that asks for nothing has an empty one. */
export function summariesOf(
    machines: readonly Pick<Machine, "identity" | "maintenance">[],
    made: Readonly<Partial<Record<string, { readonly fileSets: Readonly<Record<string, FileSet>> }>>>,
): Readonly<Record<string, Summary>> {
    return Object.fromEntries(
        machines.map(({ identity: { name }, maintenance }) => [
            name,
            summaryOf(made[name]?.fileSets ?? {}, maintenance),
        ]),
    );
}

/** @param fileSets by concern */
export function summaryOf(fileSets: Readonly<Record<string, FileSet>>, skipped: boolean): Summary {
    const exceptions = Object.entries(fileSets).map(([concern, each]) => [concern, each.exceptions] as const);
    const attention = pulumi.all(Object.fromEntries(exceptions)).apply((byConcern) => {
        const told = Object.entries(byConcern).filter(([, facts]) => Object.keys(facts).length > 0);
        return told.length > 0 ? Object.fromEntries(told) : undefined;
    });
    return { managed: Object.keys(fileSets).join(", "), skipped, attention };
}
