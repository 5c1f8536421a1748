/** A push: look, plan, commit, and what is said of it afterwards. */
import { namesUnits } from "../model/interfaces/rules/restarts";
import { changeInWords } from "../host/observation";
import type { Applied } from "../host/push";
import { definitionOf, isConcern } from "../components/table";
import { quorumLack } from "../host/cluster";
import type { Extras, Look } from "../host/look";
import type { Looked } from "../host/looked";
import type { FileSetArgs } from "../model/contract/fileSet";
import { sourcedPatterns } from "../model/interfaces/network";
import { parseInterfaces } from "../model/interfaces/parse";
import { formatOfPath } from "../model/lint/formats";
import { compare } from "./compare";
import type { FileSetState } from "./fileState";
import { idOf } from "./id";
import { statusOf, type Log } from "./log";
import { firstPushOf } from "./machine";
import type { Operation } from "./operation";
import { failure } from "./partlyApplied";
import { RefusedError } from "./refused";
import { planUpdate } from "./plan";
import { unseenPaths } from "./refusals";
import { standingOf, type Standing } from "./standing";
import { expectedOf, specOf, stateOf } from "./state";
import { stillDiffers } from "./stillDiffers";

/** What is pushed. */
export interface Pushed {
    readonly expected: FileSetArgs;
    /** What state knew before; without it, a first push. */
    readonly last: FileSetState | undefined;
    /** What stands in these is never shown. */
    readonly secretFiles: ReadonlySet<string>;
}

/**
 * @throws RefusedError, UnreachableError, ConnectionLostError, PartlyAppliedError; after an Error nothing is changed
 */
export async function push(operation: Operation, pushed: Pushed, log: Log): Promise<FileSetState> {
    const { expected, last } = pushed;
    const names = await operation.newNames(last, expected);
    // Each node of the stack is looked at for its own push: that look tells its name, too, so that it is asked for
    // after this one.
    const prove = () => operation.peerNames.prove(expected.host.name, names);
    const { state, differences, applied } = await work(operation, pushed, log, prove);
    for (const difference of stillDiffers(expected, state, differences, applied.seen))
        log.warning(`${idOf(expected)}: ${difference}`);
    return state;
}

interface Outcome extends Pick<Standing, "state" | "differences"> {
    readonly applied: Applied;
}

/** @param prove what has to hold besides, asked before anything is begun */
export async function work(
    operation: Operation,
    { expected, last, secretFiles }: Pushed,
    log: Log,
    prove: () => Promise<void> = () => Promise.resolve(),
): Promise<Outcome> {
    const name = expected.host.name;
    const tell = (event: Parameters<typeof statusOf>[0]) => log.status(statusOf(event));
    log.status("observe");
    const looked = await operation
        .nodes(expected.host)
        .look(expected.concern, specOf(expected), extrasOf(expected, last), tell);
    const planned = await orLetBe(looked, async () => {
        await prove();
        const standing = standingOf(expected, last, looked.look);
        const plan = planUpdate(expected, last, standing, operation.configuration.client, secretFiles);
        if (plan) {
            await operation.proofs.prove(expected);
            refuseWithoutQuorum(expected, looked.look);
        }
        return { standing, plan };
    });
    const applied = await looked.commit(planned.plan);
    if (planned.standing.machine === "another") operation.sayOnce(firstPushOf(name), (message) => log.warning(message));
    if (applied.result.outcome === "unchanged") {
        log.status("as declared, nothing was touched");
        return { ...planned.standing, applied };
    }
    const state = stateOf(expected, applied.seen);
    if (applied.result.outcome !== "applied") throw failure(name, applied, state);
    sayWhatComes(expected, applied, log);
    return { state, differences: compare(state, expected), applied };
}

async function orLetBe<T>(looked: Looked, decide: () => Promise<T>): Promise<T> {
    try {
        return await decide();
    } catch (error) {
        looked.letBe();
        throw error;
    }
}

function extrasOf(expected: FileSetArgs, last: FileSetState | undefined): Extras {
    const contents = Object.values(expected.files).flatMap(({ content }) => content ?? []);
    const origins = unseenPaths(expected, last);
    return {
        ...extrasFor(Object.keys(expected.files), contents),
        ...(origins.length > 0 && { origins }),
        expected: expectedOf(expected),
        ...(isOfQuorum(expected) && { votes: true }),
        ...(expected.confirm && { change: true }),
    };
}

/** What can take the node out of its cluster. */
function isOfQuorum({ concern, rollout }: FileSetArgs): boolean {
    return !rollout?.withoutQuorum && isConcern(concern) && definitionOf(concern).risk === "boot or network";
}

/** One node away is what a mistake in it would mean; without a quorum nobody may be risked at all. */
function refuseWithoutQuorum(expected: FileSetArgs, { cluster }: Pick<Look, "cluster">): void {
    const lack = isOfQuorum(expected) && cluster ? quorumLack(cluster) : undefined;
    if (lack)
        throw new RefusedError(
            `${expected.host.name}: ${expected.concern} is not touched: ${lack.text}. Look at pvecm status. Where this very change brings the quorum back: rollout.withoutQuorum: true, for that one up`,
        );
}

/** What the lints of these files want to know. */
export function extrasFor(paths: readonly string[], contents: readonly string[]): Extras {
    const formats = paths.map(formatOfPath);
    const sourced = formats.includes("interfaces")
        ? contents.flatMap((content) => sourcedPatterns(parseInterfaces(content)))
        : [];
    return {
        facts: formats.some((format) => format === "fstab" || format === "interfaces" || format === "smartd"),
        units: formats.includes("interfaces") && contents.some(namesUnits),
        sourced,
    };
}

/** The file is on disk, the running network is not yet what it says. */
function sayWhatComes(expected: FileSetArgs, applied: Applied, log: Log): void {
    const path = "/etc/network/interfaces";
    const before = applied.before.files[path]?.sha256;
    if (applied.result.change) {
        log.info(`${expected.host.name}: ${changeInWords(applied.result.change)}`);
    } else if (expected.files[path] && applied.seen.files[path]?.sha256 !== before) {
        log.info(
            `${expected.host.name}: ${path} is pending activation: it takes effect at the next reload or boot, and any Apply in the Proxmox GUI reloads it`,
        );
    }
}
