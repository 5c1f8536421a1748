/** One node as a reboot needs it: asked anew each time, since what it was connected to may have gone. */
import type { NodeClient } from "../../host/nodeClient";
import { readiness, type Readiness } from "../../host/readiness";
import { askOutlook, takeStep, type Outlook, type Step, type Taken } from "../../host/outlook";

export interface RebootNode {
    readonly name: string;
    /** Throws UnreachableError. */
    look(): Promise<{ readonly outlook: Outlook; readonly ready: Readiness }>;
    /** Throws UnreachableError. */
    outlook(): Promise<Outlook>;
    /** Throws UnreachableError. */
    take(step: Step): Promise<Taken>;
}

/** @param open a client for one question: one that is kept would ask over a connection that went down with the node */
export function rebootNode(name: string, open: () => NodeClient): RebootNode {
    async function ask<T>(question: (client: NodeClient) => Promise<T>): Promise<T> {
        const client = open();
        try {
            return await question(client);
        } finally {
            client.end();
        }
    }
    return {
        name,
        look: () => ask(async (client) => ({ ready: await readiness(client), outlook: await askOutlook(client) })),
        outlook: () => ask(askOutlook),
        take: (step) => ask((client) => takeStep(client, step)),
    };
}
