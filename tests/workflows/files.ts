/** The workflow files as a test wants them. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

export const checkout = resolve(__dirname, "../..");

export interface Step {
    readonly id?: string;
    readonly run?: string;
    readonly uses?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly "timeout-minutes"?: number;
}

export interface Workflow {
    readonly permissions: Readonly<Record<string, string>>;
    readonly jobs: Readonly<
        Record<
            string,
            {
                readonly if?: string;
                readonly environment?: string;
                readonly "timeout-minutes"?: number;
                readonly steps: readonly Step[];
            }
        >
    >;
}

export const workflowNames = ["lint", "preview", "drift"] as const;

export function workflowText(name: string): string {
    return readFileSync(join(checkout, ".github", "workflows", `${name}.yml`), "utf8");
}

/** Of the file's one job. */
export function stepsOf(name: string): readonly Step[] {
    const { jobs } = parse(workflowText(name)) as Workflow;
    return Object.values(jobs).flatMap(({ steps }) => steps);
}
