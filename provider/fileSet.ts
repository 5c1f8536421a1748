/** The controller of `holdfast:host:FileSet`: each method is one verb of the resource's life, in plain data. */
import { isUnknown, UNKNOWN } from "../model/contract/engineWords";
import { dataLine } from "../model/contract/dataLine";
import { DATA_LINES } from "../model/contract/environment";
import type { CommandArgs, FileSetArgs } from "../model/contract/fileSet";
import { concernNames, definitionOf, isConcern } from "../components/table";
import { formatOfPath } from "../model/lint/formats";
import { parseInterfaces } from "../model/interfaces/parse";
import { sourcedPatterns } from "../model/interfaces/network";
import { busyLook, describeBusy, type Busy } from "../model/contract/busyLook";
import { skippedLook } from "../model/contract/skippedLook";
import { UnreachableError } from "../host/errors";
import type { NodeClient } from "../host/nodeClient";
import type { Applied, Extras, Look } from "../host/push";
import { identityOf, undoneInWords, type Observation, type PhaseEvent, type SeenFile } from "../host/observation";
import type { Configuration } from "./configuration";
import { type Declared, declaredNode, declaredNodes, importedNode } from "./declared";
import { checkInputs } from "./inputs";
import { machineOf, mayBeAnother } from "./machine";
import type { Origin } from "./nodePool";
import { newNames, PeerNames, renameInWords, type NewName } from "./peerNames";
import { planUpdate, unseenPaths } from "./plan";
import { RefusedError } from "./refused";
import type { FileSetState } from "./fileState";
import { compare, compareFile, expectedOf, fileStateOf, specOf, stateOf, type Difference } from "./state";
import { stillDiffers } from "./stillDiffers";
import { isRecord } from "./wire";

/** Applied in part: kept in state with what was observed, so that the next `up` goes on from there. */
export class PartlyAppliedError extends Error {
    override readonly name = "PartlyAppliedError";

    constructor(
        message: string,
        readonly state: FileSetState,
    ) {
        super(message);
    }
}

/** Where progress and warnings of one resource go. */
export interface Log {
    /** Shown beside the resource while it is worked on. */
    status(message: string): void;
    info(message: string): void;
    warning(message: string): void;
}

interface Reach {
    readonly host: FileSetArgs["host"];
    readonly maintenance: boolean;
    readonly origin: Origin;
}

const FIRST_PUSH = (name: string) =>
    `${name}: another machine than at the last look, under the host key that the stack pins now: reinstalled or replaced. It gets a first push; what stands there of its own is kept in /var/lib/holdfast/backups on it`;
const UNSEEN = (name: string) =>
    `${name}: a first push, and this preview has not looked at the node: where a file stands there that no package, no installer and not Holdfast brought, \`up\` shows the difference and stops. Import what stands there first, or set takeOver: true for the node`;
const FIRST_PUSH_SOON = (name: string) =>
    `${name}: the stack pins another host key than at the last \`up\`. If another machine answers, it gets a first push: what stands there is replaced, and kept in /var/lib/holdfast/backups on it; \`pulumi preview --refresh --diff\` looks and shows it`;

export class FileSetController {
    constructor(
        private readonly configuration: Configuration,
        private readonly nodes: (host: FileSetArgs["host"], origin?: Origin) => NodeClient,
        /** What has been said of a node already, of all its FileSets. */
        private readonly said = new Set<string>(),
        private readonly peerNames = new PeerNames(nodes),
    ) {}

    /** With the node's facts where this very operation has looked at it (`--refresh`); a preview alone does not look. */
    check(given: unknown, before: unknown, log: Log) {
        const { host } = given as Partial<FileSetArgs>;
        const checked = checkInputs(given, before, isRecord(host) ? this.nodes(host).facts : undefined);
        for (const warning of checked.warnings) log.warning(warning);
        return checked;
    }

    /** What an Update would have to do. Nothing under maintenance: the state stays, and the difference waits. */
    async diff(actual: FileSetState, expected: FileSetArgs, log: Log): Promise<Difference[]> {
        const unknown = Object.keys(expected).filter((key) => isUnknown(expected[key as keyof FileSetArgs]));
        const known = {
            ...expected,
            ...Object.fromEntries(unknown.map((key) => [key, actual[key as keyof FileSetState]])),
        };
        const differences = [
            ...compare(actual, known),
            ...unknown.map((path): Difference => ({ path, kind: "update" })),
        ];
        if (differences.length === 0) return differences;
        // In a refresh `expected` is what the last `up` left in state, and that maintenance may be over.
        if (!(await this.reach(expected)).maintenance) {
            if (mayBeAnother(actual, expected.host))
                this.sayOnce(FIRST_PUSH_SOON(expected.host.name), (message) => log.info(message));
            for (const name of await this.newNames(actual, known))
                if (name.instead.length > 0) this.sayOnce(renameInWords(name), (message) => log.info(message));
            return differences;
        }
        log.warning(
            `${expected.host.name}: skipped, it is under maintenance; pending: ${differences.map(({ path }) => path).join(", ")}`,
        );
        return [];
    }

    /** As `preview`, and says once what a first push will do where it finds somebody's file. */
    previewCreate(expected: FileSetArgs, log: Log): object {
        const { host, maintenance, takeOver } = expected;
        const name: unknown = isRecord(host) ? host.name : undefined;
        if (!maintenance && !takeOver && typeof name === "string" && !isUnknown(name))
            this.sayOnce(UNSEEN(name), (message) => log.info(message));
        return this.preview(expected);
    }

    /** Only a look at the node tells what stands there, and a preview does not look. */
    preview(expected: FileSetArgs): object {
        return { ...expected, observed: UNKNOWN };
    }

    /** A first push, or a repeated one: what stands already is left alone, what stood before Holdfast is kept. */
    async create(
        expected: FileSetArgs,
        log: Log,
        secretFiles: ReadonlySet<string> = new Set(),
    ): Promise<{ id: string; state: FileSetState }> {
        const id = idOf(expected);
        if (expected.maintenance) {
            log.warning(
                `${expected.host.name}: skipped, it is under maintenance; the first \`up\` without \`maintenance: true\` sets it up`,
            );
            return { id, state: { ...expected, files: {}, observed: { facts: {} } } };
        }
        return { id, state: await this.push(expected, undefined, log, secretFiles) };
    }

    /**
     * `secretFiles`: what stands in these is never shown, neither as it was nor as it is. `before`: the inputs in state.
     */
    async update(
        last: FileSetState,
        expected: FileSetArgs,
        log: Log,
        secretFiles: ReadonlySet<string>,
        before: Partial<FileSetArgs> = {},
    ): Promise<FileSetState> {
        if (expected.maintenance) {
            log.warning(`${expected.host.name}: skipped, it is under maintenance; its pending changes wait`);
            return last;
        }
        sayWhatStays(last, expected, log);
        try {
            return await this.push(expected, last, log, secretFiles);
        } catch (error) {
            // Refused at its first look since a maintenance: kept, so that state says that the maintenance is over, and a refresh looks.
            if (before.maintenance && error instanceof RefusedError) throw new PartlyAppliedError(error.message, last);
            throw error;
        }
    }

    /** Inputs and state as they are on the node. An unreachable node is an error, never "deleted". */
    async read(
        id: string,
        inputs: FileSetArgs | undefined,
        last: FileSetState | undefined,
        log: Log,
    ): Promise<{ inputs: FileSetArgs; state: FileSetState }> {
        const args = inputs?.host ? inputs : await this.imported(id);
        const { host, maintenance, origin } = await this.reach(args);
        if (maintenance) {
            log.warning(skippedLook(args.host.name));
            if (!last?.files)
                throw new UnreachableError(args.host.name, "it is under maintenance, so it cannot be imported");
            return { inputs: args, state: last };
        }
        const node = this.nodes(host, origin);
        const seen = await node.read(args.concern, specOf(args));
        return judged(args.host.name, async () => {
            if (last?.host && machineOf(last, seen, host) === "another")
                this.sayOnce(FIRST_PUSH(args.host.name), (message) => log.warning(message));
            // How it is reached is no drift: where the stack says otherwise by now, the next `up` takes that over.
            const state = stateOf(args, seen);
            if (inputs?.host) await this.sayWhy(compare(state, args), seen, node, args.host.name, log);
            const { observed: _, machine: _machine, ...live } = state;
            return { inputs: live, state };
        });
    }

    /** Of what differs: Holdfast's own work, where that is under way; else when and perhaps by whom it was written. */
    private async sayWhy(
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

    /** As the stack says now, not as the last `up` left it in state. */
    private async reach({ host, maintenance = false }: FileSetArgs): Promise<Reach> {
        const declared = await declaredNode(this.configuration, host.name);
        return declared ? { ...declared, origin: "stack" } : { host, maintenance, origin: "state" };
    }

    private async newNames(last: FileSetState | undefined, expected: FileSetArgs): Promise<NewName[]> {
        if (expected.files["/etc/hosts"] === undefined) return []; // without reading the fleet
        return newNames(last, expected, await declaredNodes(this.configuration));
    }

    private sayOnce(message: string, say: (message: string) => void): void {
        if (this.said.has(message)) return;
        this.said.add(message);
        say(message);
    }

    /**
     * `onDelete: keep` (the default) contacts nobody: taking a node out of the stack must not bring `127.0.1.1` back.
     * How to delete is as last declared; what stands there is as last seen.
     */
    async delete(
        declared: FileSetArgs,
        seen: FileSetState,
        log: Log,
        secretFiles: ReadonlySet<string> = new Set(),
    ): Promise<void> {
        const last: FileSetState = {
            ...declared,
            files: seen.files,
            observed: seen.observed,
            ...(seen.machine !== undefined && { machine: seen.machine }),
        };
        if (last.onDelete !== "restore") {
            log.info(`${idOf(last)}: its files stay on the node as they are (onDelete: keep)`);
            await this.sayWhoKnows(last, log);
            return;
        }
        const { host, maintenance, origin } = await this.reach(last);
        if (maintenance)
            throw new UnreachableError(
                last.host.name,
                "it is under maintenance, so nothing can be restored; take that off, or set onDelete: keep",
            );
        const paths = Object.keys(last.files);
        const extras = { ...extrasFor(paths, []), originals: [...paths, ...Object.keys(last.units ?? {})] };
        const node = this.nodes(host, origin);
        const before = await node.inspect(last.concern, specOf(last), extras);
        const restored = restoring({ ...last, host }, before);
        await this.work(restored, last, log, secretFiles);
    }

    /** A node that has left the stack, of the others' hosts files: those that the stack keeps are the user's. */
    private async sayWhoKnows({ host: { name }, concern }: FileSetArgs, log: Log): Promise<void> {
        if (concern !== "hosts") return;
        const declared = await declaredNodes(this.configuration).catch((): Declared[] => []); // a config with faults keeps nothing from being taken out
        if (declared.some(({ identity }) => identity.name === name)) return;
        const kept = declared.flatMap(({ hostsFile }) => hostsFile ?? []);
        if (kept.length > 0)
            log.warning(
                `${name} has left the stack; hosts files that the stack keeps are yours, so delete its line where one stands: ${[...new Set(kept)].join(", ")}`,
            );
    }

    private async imported(id: string): Promise<FileSetArgs> {
        const [name = "", concern = ""] = id.split("/");
        if (!isConcern(concern))
            throw new Error(`cannot import ${id}: expected NODE/CONCERN, with a concern of ${concernNames.join(", ")}`);
        const { host, maintenance } = await importedNode(this.configuration, name);
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

    private async push(
        expected: FileSetArgs,
        last: FileSetState | undefined,
        log: Log,
        secretFiles: ReadonlySet<string> = new Set(),
    ): Promise<FileSetState> {
        await this.peerNames.prove(expected.host.name, await this.newNames(last, expected));
        const { state, seen } = await this.work(expected, last, log, secretFiles);
        for (const difference of stillDiffers(expected, state, seen)) log.warning(`${idOf(expected)}: ${difference}`);
        return state;
    }

    private async work(
        expected: FileSetArgs,
        last: FileSetState | undefined,
        log: Log,
        secretFiles: ReadonlySet<string>,
    ): Promise<{ readonly state: FileSetState; readonly seen: Observation }> {
        const contents = Object.values(expected.files).flatMap(({ content }) => content ?? []);
        const origins = unseenPaths(expected, last);
        const extras = {
            ...extrasFor(Object.keys(expected.files), contents),
            ...(origins.length > 0 && { origins }),
            expected: expectedOf(expected),
        };
        const name = expected.host.name;
        log.status("observe");
        const plan = (look: Look) =>
            planUpdate(expected, last, look, { client: this.configuration.client, secretFiles });
        const applied = await this.nodes(expected.host).apply(
            expected.concern,
            specOf(expected),
            extras,
            plan,
            (event) => log.status(statusOf(event)),
        );
        const { result } = applied;
        const state = stateOf(expected, applied.seen);
        if (last && machineOf(last, applied.seen, expected.host) === "another")
            this.sayOnce(FIRST_PUSH(name), (message) => log.warning(message));
        if (result.outcome === "unchanged") log.status("as declared, nothing was touched");
        if (result.outcome === "applied") this.sayWhatComes(expected, applied, log);
        if (result.outcome !== "applied" && result.outcome !== "unchanged") throw failure(name, applied, state);
        return { state, seen: applied.seen };
    }

    /** The file is on disk, the running network is not yet what it says. */
    private sayWhatComes(expected: FileSetArgs, applied: Applied, log: Log): void {
        const path = "/etc/network/interfaces";
        const before = applied.before.files[path]?.sha256;
        if (expected.files[path] && applied.seen.files[path]?.sha256 !== before) {
            log.info(
                `${expected.host.name}: ${path} is pending activation: it takes effect at the next reload or boot, and any Apply in the Proxmox GUI reloads it`,
            );
        }
    }
}

/** Whatever a node's files make our own code stumble over is that node's `could not tell`, by name; the others are looked at. */
async function judged<T>(name: string, judge: () => Promise<T>): Promise<T> {
    try {
        return await judge();
    } catch (error) {
        if (error instanceof UnreachableError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new UnreachableError(name, `what stands there cannot be judged: ${why}. Please report this`, {
            cause: error,
        });
    }
}

/** `NODE/CONCERN`. */
export function idOf(args: Pick<FileSetArgs, "host" | "concern">): string {
    return `${args.host.name}/${args.concern}`;
}

function statusOf({ phase, message }: PhaseEvent): string {
    return message ? `${phase}: ${message}` : phase;
}

/** What the lints of these files want to know. */
function extrasFor(paths: readonly string[], contents: readonly string[]): Extras {
    const formats = paths.map(formatOfPath);
    const sourced = formats.includes("interfaces")
        ? contents.flatMap((content) => sourcedPatterns(parseInterfaces(content)))
        : [];
    return {
        facts: formats.some((format) => format === "fstab" || format === "interfaces" || format === "smartd"),
        sourced,
    };
}

/** A first push that was undone is no resource, an update that was undone keeps the state it had; else what stands there now is the state. */
function failure(name: string, { result, before, seen }: Applied, state: FileSetState): Error {
    const isAsBefore = Object.keys(seen.files).every(
        (path) => JSON.stringify(identityOf(before.files[path]!)) === JSON.stringify(identityOf(seen.files[path]!)),
    );
    const { undone = { state: "nothing", verdicts: [] } } = result;
    const message =
        result.outcome === "unknown"
            ? `${name}: the connection broke and the node knows nothing of this transaction: ${isAsBefore ? "it never began there and nothing was changed, run `up` again" : "look at the node, then run `up --refresh`"}`
            : `${name}: ${result.phase} failed: ${result.message}. ${undoneInWords(undone)}.`;
    return isAsBefore && result.outcome !== "stuck" ? new Error(message) : new PartlyAppliedError(message, state);
}

/** What leaves a FileSet is left alone on the node: to take it away could stop a boot as well as to change it. */
function sayWhatStays(last: FileSetState, expected: FileSetArgs, log: Log): void {
    const files = Object.entries(last.files).filter(
        ([path, file]) => !(path in expected.files) && !file.absent && !file.skipped,
    );
    if (files.length > 0)
        log.warning(
            `${idOf(expected)}: ${files.map(([path]) => path).join(", ")} is no longer managed and stays on the node as it is; to remove it, declare it with absent: true first`,
        );
    const units = Object.entries(last.units ?? {}).filter(
        ([name, unit]) => !(name in (expected.units ?? {})) && (unit.enabled === true || unit.active === true),
    );
    if (units.length > 0)
        log.warning(
            `${idOf(expected)}: ${units.map(([name]) => name).join(", ")} is no longer managed and goes on as it is; to have it stopped, declare it with enabled: false and active: false first`,
        );
}

/** The state before Holdfast as something to apply. Throws RefusedError where a live file is no longer what Holdfast wrote. */
function restoring(last: FileSetState, look: Look): FileSetArgs {
    const files = Object.entries(last.files).flatMap(([path, state]) => {
        const original = look.originals?.[path];
        if (!original || original.kind === "unit" || state.skipped) return [];
        const live = fileStateOf(state, look.seen.files[path]);
        if (live.skipped) return [];
        if (state.content !== undefined && compareFile("", live, state).length > 0)
            throw new RefusedError(
                `${path} has changed since Holdfast wrote it, so it is not restored; set onDelete: keep, or put it right first`,
            );
        return [[path, asExpected(path, original)] as const];
    });
    const units = Object.keys(last.units ?? {}).flatMap((name) => {
        const original = look.originals?.[name];
        if (original?.kind !== "unit") return [];
        const { kind: _kind, ...before } = original;
        return [[name, before] as const];
    });
    const { observed: _, machine: _machine, ...args } = last;
    const goes = new Set(files.flatMap(([path, file]) => ("absent" in file ? [path] : [])));
    const remaining = (commands: readonly CommandArgs[] = []) =>
        commands.filter(({ argv }) => !argv.some((word) => goes.has(word.replace(/^\{staged:(.*)\}$/, "$1"))));
    // The declared effect goes with the declaration: only that the files parse is still asked for.
    return {
        ...args,
        files: Object.fromEntries(files),
        validate: remaining(args.validate),
        activate: remaining(args.activate),
        verify: [],
        units: Object.fromEntries(units),
        packages: undefined,
        facts: undefined,
    };
}

function asExpected(path: string, original: SeenFile) {
    if (original.kind === "absent") return { absent: true, mode: "0644", owner: "root", group: "root" };
    if (original.secret && original.kind === "file")
        throw new RefusedError(
            `${path} is secret, so no backup is kept of what stood there before Holdfast, and it is not restored; put that there by hand if it is still wanted, and set onDelete: keep`,
        );
    if (original.binary)
        throw new RefusedError(
            `${path} was no UTF-8 text, so it is not restored; on the node, install -m ${original.mode} -o ${original.owner} -g ${original.group} /var/lib/holdfast/backups/${original.sha256} ${path}, then set onDelete: keep`,
        );
    if (original.content === undefined)
        throw new RefusedError(
            `the backup of ${path} is gone from /var/lib/holdfast/backups, so it is not restored; set onDelete: keep`,
        );
    return { content: original.content, mode: original.mode, owner: original.owner, group: original.group };
}

/**
 * When, and perhaps by whom, a file that differs was written: said, and kept out of state. `holdfast drift` asks for data instead of words.
 * @returns what Holdfast itself is doing there meanwhile; then nobody is named
 */
async function sayWhoWrote(
    differences: readonly Difference[],
    { files }: Observation,
    node: NodeClient,
    log: Log,
): Promise<Busy | undefined> {
    const edited = differences.flatMap(({ path }) => /^files\["(.+)"\]\.content$/.exec(path)?.[1] ?? []);
    const written = Object.fromEntries(
        edited.flatMap((path) => (files[path]?.modified === undefined ? [] : [[path, files[path].modified] as const])),
    );
    if (Object.keys(written).length === 0) return undefined;
    const { writers = {}, busy } = await node.inspect(
        "drift",
        { files: {}, packages: [], units: [], facts: {} },
        { facts: false, sourced: [], written },
    );
    if (busy) return busy;
    for (const [path, seconds] of Object.entries(written)) {
        const by = writers[path];
        const modified = new Date(seconds * 1000).toISOString();
        log.info(
            process.env[DATA_LINES] === "1"
                ? dataLine({ told: "written", path, modified, ...(by !== undefined && { by }) })
                : `${path}: last written ${modified}${by === undefined ? "" : `, perhaps by ${by}`}`,
        );
    }
    return undefined;
}
