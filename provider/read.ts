/** Read: of a refresh, a drift run and an import. */
import { UnreachableError } from "../host/errors";
import type { NodeClient } from "../host/nodeClient";
import type { Observation } from "../host/observation";
import { concernNames, definitionOf, isConcern } from "../components/table";
import { busyLook, describeBusy } from "../model/contract/busyLook";
import type { FileSetArgs } from "../model/contract/fileSet";
import { skippedLook } from "../model/contract/skippedLook";
import { compare, type Difference } from "./compare";
import type { FileSetState } from "./fileState";
import type { Log } from "./log";
import { firstPushOf, machineOf } from "./machine";
import type { Operation } from "./operation";
import { RefusedError } from "./refused";
import { specOf, stateOf } from "./state";
import { sayWhoWrote } from "./whoWrote";

/** Inputs and state as they are on the node. An unreachable node is an error, never "deleted". */
export async function read(
    operation: Operation,
    id: string,
    inputs: FileSetArgs | undefined,
    last: FileSetState | undefined,
    log: Log,
): Promise<{ inputs: FileSetArgs; state: FileSetState }> {
    const args = inputs?.host ? inputs : await imported(operation, id);
    const { host, maintenance, origin } = await operation.reach(args);
    if (maintenance) {
        log.warning(skippedLook(args.host.name));
        if (!last?.files)
            throw new UnreachableError(args.host.name, "it is under maintenance, so it cannot be imported");
        return { inputs: args, state: last };
    }
    const node = operation.nodes(host, origin);
    const seen = await node.read(args.concern, specOf(args));
    return judged(args.host.name, async () => {
        if (last?.host && machineOf(last, seen, host) === "another")
            operation.sayOnce(firstPushOf(args.host.name), (message) => log.warning(message));
        // How it is reached is no drift: where the stack says otherwise by now, the next `up` takes that over.
        const state = stateOf(args, seen);
        if (inputs?.host) await sayWhy(compare(state, args), seen, node, args.host.name, log);
        const { observed: _, machine: _machine, ...live } = state;
        return { inputs: live, state };
    });
}

/** What an import would look at, which starts from nothing but `NODE/CONCERN`. */
async function imported(operation: Operation, id: string): Promise<FileSetArgs> {
    const [name = "", concern = ""] = id.split("/");
    if (!isConcern(concern))
        throw new Error(`cannot import ${id}: expected NODE/CONCERN, with a concern of ${concernNames.join(", ")}`);
    const { host, maintenance } = await operation.imported(name);
    return {
        host,
        concern,
        files: Object.fromEntries(
            Object.entries(definitionOf(concern).files).map(([path, { when, yields }]) => [path, { when, yields }]),
        ),
        ...(maintenance && { maintenance }),
        imported: true,
    } as FileSetArgs;
}

/**
 * Whatever a node's files make our own code stumble over is that node's `could not tell`, by name; the others are
 * looked at.
 */
async function judged<T>(name: string, judge: () => Promise<T>): Promise<T> {
    try {
        return await judge();
    } catch (error) {
        if (error instanceof UnreachableError || error instanceof RefusedError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new UnreachableError(name, `what stands there cannot be judged: ${why}. Please report this`, {
            cause: error,
        });
    }
}

/** Of what differs: Holdfast's own work, where that is under way; else when and perhaps by whom it was written. */
async function sayWhy(
    differences: readonly Difference[],
    seen: Observation,
    node: NodeClient,
    name: string,
    log: Log,
): Promise<void> {
    if (differences.length === 0) return;
    const busy = node.busy ?? (await sayWhoWrote(differences, seen, node, log));
    if (busy) log.warning(`${busyLook(name, busy.state)}${describeBusy(busy)}`);
}
