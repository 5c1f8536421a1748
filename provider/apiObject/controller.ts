/**
 * `holdfast:proxmox:Object`: what is declared of it against what the API says. Nothing else of it is touched, and
 * nothing deleted.
 */
import { ProxmoxApi } from "../../host/proxmox/api";
import { ApiError } from "../../host/proxmox/errors";
import { apiObjectId, apiObjectKinds, type ApiArgs, type ApiObjectArgs } from "../../model/contract/apiObject";
import { differenceAt, type Difference } from "../compare";
import { KeptError } from "../kept";
import { kinds, type Settings } from "./kinds";

export type ApiObjectState = ApiObjectArgs;

/**
 * It stands otherwise than declared, and cannot be changed from here: kept in state, so that drift runs go on saying
 * so.
 */
export class DiffersError extends KeptError {
    override readonly name = "DiffersError";

    constructor(message: string, state: ApiObjectState) {
        super(message, state, apiObjectId(state));
    }
}

type ApiOf = (target: ApiArgs) => ProxmoxApi;

export class ApiObjectController {
    constructor(private readonly apiOf: ApiOf) {}

    /** What `up` has to do: the declared settings that differ, and how the API is reached. */
    diff(olds: ApiObjectState, news: ApiObjectArgs): Difference[] {
        const settings = Object.entries(news.settings).flatMap(([name, value]) => {
            const found = olds.settings[name];
            return found === value ? [] : [differenceAt(["settings", name], found === undefined ? "add" : "update")];
        });
        const rest = (["api", "leftOut", "occasion"] as const).filter(
            (key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]),
        );
        return [...settings, ...rest.map((key) => differenceAt([key], "update"))];
    }

    /** Brings the declared settings about; what comes back is a second look. */
    async apply(args: ApiObjectArgs): Promise<ApiObjectState> {
        const { kind, settings, path } = args;
        const api = this.apiOf(args.api);
        const found = await this.look(api, args);
        if (!found) throw new Error(`${path}: ${args.name} is not there: ${kinds[kind].remedy}`);
        const wrong = Object.fromEntries(Object.entries(settings).filter(([name, value]) => found[name] !== value));
        if (Object.keys(wrong).length === 0) return { ...args, settings: found };
        const { write, remedy } = kinds[kind];
        if (!write)
            throw new DiffersError(`${path}: ${wordsOf(wrong, found)}: ${remedy}`, { ...args, settings: found });
        await this.told(path, () => write(api, args, wrong));
        const after = await this.look(api, args);
        if (!after || Object.entries(settings).some(([name, value]) => after[name] !== value))
            throw new Error(
                `${path}: Proxmox took the change, and it stands otherwise: ${wordsOf(wrong, after ?? {})}`,
            );
        return { ...args, settings: after };
    }

    /** @returns undefined: there is no such object any more */
    async read(args: ApiObjectArgs): Promise<ApiObjectState | undefined> {
        const settings = await this.look(this.apiOf(args.api), args);
        return settings && { ...args, settings };
    }

    /** Of the declared settings alone. */
    private async look(api: ProxmoxApi, args: ApiObjectArgs): Promise<Settings | undefined> {
        const { kind, settings, path } = args;
        try {
            const found = await this.told(path, () => kinds[kind].read(api, args));
            return (
                found &&
                Object.fromEntries(
                    Object.keys(settings).flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]]])),
                )
            );
        } catch (error) {
            if (error instanceof ApiError && error.isAbsent) return undefined;
            throw error;
        }
    }

    /** An error begins with where the object stands in the stack. */
    private async told<T>(path: string, work: () => Promise<T>): Promise<T> {
        try {
            return await work();
        } catch (error) {
            if (!(error instanceof ApiError)) throw error;
            throw new ApiError(`${path}: ${error.message}`, error.status, { cause: error });
        }
    }
}

export function faultsOf({ kind, name, settings }: Partial<ApiObjectArgs>): { property: string; reason: string }[] {
    return [
        ...(kind && apiObjectKinds.includes(kind)
            ? []
            : [{ property: "kind", reason: `expected one of ${apiObjectKinds.join(", ")}` }]),
        ...(typeof name === "string" && name !== ""
            ? []
            : [{ property: "name", reason: "expected the object's name" }]),
        ...(settings && Object.keys(settings).length > 0
            ? []
            : [{ property: "settings", reason: "expected at least one" }]),
    ];
}

function wordsOf(wrong: Settings, found: Settings): string {
    return Object.entries(wrong)
        .map(([name, value]) => `${name} is ${found[name] ?? "not there"}, expected ${value}`)
        .join("; ");
}
