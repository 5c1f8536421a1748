/** One machine of the fleet: who it is, how it is reached, and what every concern that stands on it is to do. */
import type { HostArgs } from "../../model/contract/fileSet";
import type { NodeIdentity } from "../../model/lint/lintContext";
import type { ConcernDefinition, FleetView, ProjectFile, ResolveContext, Role } from "../concern";
import { type Concern, concernNames, concerns } from "../table";
import { mergedSetting, type Written } from "./merge";
import type { FleetConfig, HostConfig, NodeConfig } from "./schema";

/** Settings by key; absent where the machine has the concern not. */
type ConcernSettings = {
    readonly [Name in Concern as (typeof concerns)[Name]["setting"]]?: ReturnType<(typeof concerns)[Name]["resolve"]>;
};

export interface Machine extends ConcernSettings {
    readonly identity: NodeIdentity;
    readonly host: HostArgs;
    readonly roles: readonly Role[];
    readonly maintenance: boolean;
    readonly onDelete: NonNullable<FleetConfig["onDelete"]>;
    /** Absent where it is false. */
    readonly takeOver?: true;
    /** Address or name of its service processor. */
    readonly bmc?: string;
}

interface Given {
    readonly own: NodeConfig | HostConfig;
    readonly roles: readonly Role[];
    /** @param at where the path stands in the config, for the fault */
    readonly readAt: (path: string, at: readonly PropertyKey[]) => ProjectFile;
}

export function resolveMachine(config: FleetConfig, name: string, { own, roles, readAt }: Given): Machine {
    const { address, address6, maintenance = false, onDelete = config.onDelete ?? "keep" } = own;
    const written: Written = own;
    const defaults: Written = config.defaults ?? {};
    const ssh = { ...config.ssh, ...own.ssh };
    const section = roles.includes("node") ? "nodes" : "hosts";
    const settings: Record<string, unknown> = {};
    const standing = Object.values(concerns).filter((concern: ConcernDefinition) => standsOn(concern, roles));
    const resolve = (concern: ConcernDefinition, sendsMail: boolean) => {
        const { setting } = concern;
        // A node may add to a file that `defaults` name.
        const holder = namesFile(written[setting]) ? [section, name] : ["defaults"];
        const read = (path: string) => readAt(path, [...holder, setting, "file"]);
        const merged = (other: string) => {
            const named = standing.find((each) => each.setting === other);
            return named && mergedSetting(named, defaults, written);
        };
        const context: ResolveContext = { name, fleet: config, ssh, read, merged };
        const cause = { mail: sendsMail, interfaces: settings[concerns.interfaces.setting] !== undefined };
        const given = givenTo(concern, merged(setting), context, cause);
        if (given !== undefined) settings[setting] = concern.resolve(given as never, context);
    };
    for (const concern of standing) if (concern.managed !== "where mail is sent") resolve(concern, false);
    const sendsMail =
        config.mail !== undefined || standing.some((concern) => concern.sendsMail && settings[concern.setting]);
    for (const concern of standing) if (concern.managed === "where mail is sent") resolve(concern, sendsMail);
    return {
        identity: {
            name,
            domain: config.domain,
            address,
            address6,
            ...(section === "nodes" && { aliases: ("aliases" in own && own.aliases) || [] }),
        },
        host: hostArgs(config, name, own),
        roles,
        maintenance,
        onDelete,
        ...((own.takeOver ?? config.takeOver) && { takeOver: true as const }),
        ...("bmc" in own && own.bmc !== undefined && { bmc: own.bmc }),
        ...(settings as ConcernSettings),
    };
}

/** Without the settings of concerns that no machine gives them a reason for. */
export function withoutIdle(machines: readonly Machine[]): Machine[] {
    const decided = Object.values(concerns).filter((concern: ConcernDefinition) => concern.isFor);
    return machines.map((machine) => {
        const idle = decided.filter((concern: ConcernDefinition) => !concern.isFor?.(machine, { machines }));
        const without = Object.fromEntries(idle.map(({ setting }) => [setting, undefined]));
        return { ...machine, ...without };
    });
}

/** Whether a machine with these roles can have the concern. */
export function standsOn({ roles: wanted }: Pick<ConcernDefinition, "roles">, roles: readonly Role[]): boolean {
    return wanted === "every" || wanted.some((role) => roles.includes(role));
}

/** What users wrote of it, `{}` for `true` and where it is on without a word; undefined: it is off. */
function givenTo(
    { managed, declared }: ConcernDefinition,
    merged: unknown,
    context: ResolveContext,
    cause: { readonly mail: boolean; readonly interfaces: boolean },
): unknown {
    if (managed === "where mail is sent") return cause.mail ? {} : undefined;
    const given = declared ? declared(context) : merged;
    if (given === false) return undefined;
    if (given === undefined && managed === "with interfaces") return cause.interfaces ? {} : undefined;
    if (given === undefined) return managed === "where declared" ? undefined : {};
    return given === true ? {} : given;
}

function namesFile(own: unknown): boolean {
    return typeof own === "object" && own !== null && "file" in own;
}

/** Its FileSets' names, as in the state: `pve01-fstab`. */
export function fileSetNames(machine: Machine): string[] {
    return concernNames
        .filter((concern) => machine[concerns[concern].setting])
        .map((concern) => `${machine.identity.name}-${concern}`);
}

/** Keys of `holdfast:` whose secrets the machine's concerns need. */
export function secretsOf(machine: Machine): string[] {
    return settingsOf(machine).flatMap(({ concern, settings }) => concern.secrets?.(settings) ?? []);
}

/** One line each: settings that are unwise. */
export function unwise(machines: readonly Machine[]): string[] {
    const all = machines.flatMap((machine) =>
        settingsOf(machine).map((each) => ({ name: machine.identity.name, ...each })),
    );
    const view: FleetView = { machines };
    return Object.values(concerns).flatMap((concern: ConcernDefinition) => {
        const having = all.filter((each) => each.concern === concern);
        const lacking = machines.filter(
            ({ identity, roles }) => standsOn(concern, roles) && !having.some(({ name }) => name === identity.name),
        );
        return [
            ...(concern.warnings?.(having as never[], view) ?? []),
            ...(concern.lacking?.(lacking.map(({ identity }) => identity.name)) ?? []),
        ];
    });
}

/** Of each concern that the machine has. */
function settingsOf(machine: Machine): { readonly concern: ConcernDefinition; readonly settings: never }[] {
    return Object.values(concerns).flatMap((concern) => {
        const settings = machine[concern.setting];
        return settings ? [{ concern, settings: settings as never }] : [];
    });
}

function hostArgs(config: FleetConfig, name: string, { address, ssh }: Pick<HostConfig, "address" | "ssh">): HostArgs {
    return { address, ...reach(config.ssh), ...reach(ssh), name };
}

/** In the resource's arguments the SSH target is called `address`; whose keys are let in is no part of them. */
function reach(ssh: NodeConfig["ssh"]): Partial<HostArgs> {
    const { host, rescueKeys: _, ...rest } = ssh ?? {};
    return host === undefined ? rest : { ...rest, address: host };
}
