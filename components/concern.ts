/** What a concern says of itself, and what it is given. */
import type { z } from "zod";
import type { FileArgs, FileSetArgs, HostArgs, RolloutArgs } from "../model/contract/fileSet";
import type { Fault } from "../model/fleet/faults";
import type { SharedConfig, SshConfig } from "../model/fleet/shared";
import type { NodeIdentity } from "../model/lint/lintContext";
import type { OwnCommand } from "./commands/settings";
import type { ProxmoxSettings } from "./proxmox/settings";

/** What a machine is there for: `node` is a member of the Proxmox cluster. */
export type Role = "node" | "docker" | "monitoring";

/** One guarantee about a machine. `components/CONCERN/concern.ts` has one, and the table lists them. */
export interface ConcernDefinition {
    /** Class in the concern's folder. Part of every URN, as is the concern's own name: neither ever changes. */
    readonly component: string;
    /** Key in the stack config, under `defaults` and under a machine, unless `declared` finds it elsewhere. */
    readonly setting: string;
    /** The machines that can have it: those with one of these roles, or all. */
    readonly roles: readonly Role[] | "every";
    /**
     * `by default`: unless the setting is `false`, which is what adopt writes for a start. `with interfaces`: unless it
     * is `false`, where the interfaces file is managed. `where mail is sent`: by a concern that `sendsMail`. `by role`:
     * unless it is `false`, on every machine with one of its roles, which somebody gave it for that.
     */
    readonly managed: "always" | "by default" | "where declared" | "with interfaces" | "where mail is sent" | "by role";
    /** A machine that has it gets the concern `mail` too. */
    readonly sendsMail: boolean;
    /**
     * What a mistake in it can do to the node. All but `none` rolls out canary first, `power-off` where an `action` is
     * `shutdown`.
     */
    readonly risk: "none" | "boot or network" | "power-off";
    /**
     * `gives`: it brings the node's address up. `needs`: its checks on the node look for that address, so where it
     * moves (`ssh.former`) the concern comes after the one that gives it.
     */
    readonly address?: "gives" | "needs";
    /**
     * What it reads is what the node's other concerns leave behind: it comes after them, since before it would tell of
     * faults that the same `up` mends.
     */
    readonly comesLast?: true;
    /** What it reads is whether the node would survive a reboot: a difference there is a hazard. */
    readonly driftIsHazard?: true;
    /** Every file that it may manage: what `pulumi import` of `NODE/CONCERN` reads. */
    readonly files: Readonly<Record<string, ManagedFile>>;
    /** Of files whose paths the settings give, such a path with NAME in it. An import reads none of them. */
    readonly filesLike?: string;
    /**
     * Codes that only its own checks on the node give, and what each means; never renamed, never used for something
     * else.
     */
    readonly codes?: Readonly<Record<string, string>>;
    /** What a user may write, with `.optional()` and what it is for. None where `declared` says where it stands. */
    readonly schema?: z.ZodType;
    /** Of a setting that stands beside the machines, or under `ssh`. */
    readonly declared?: (context: ResolveContext) => unknown;
    /** A machine's own settings over the defaults'; by default key by key (`mergeSettings`). */
    readonly merge?: (defaults: never, own: never) => unknown;
    /** Rules that span several settings; asked for `defaults` and for every machine. */
    readonly check?: (place: never) => readonly Fault[];
    /**
     * The settings as the plan gets them; called only where the concern is on, with `{}` for `true` and for nothing.
     */
    readonly resolve: (given: never, context: ResolveContext) => unknown;
    /** Where the settings alone do not say whether a machine has it: by what the others are set to. */
    readonly isFor?: (machine: MachineView, fleet: FleetView) => boolean;
    /** One line each about settings that are unwise; of all machines at once, so that it is said once. */
    readonly warnings?: (machines: readonly never[], fleet: FleetView) => readonly string[];
    /** One line each for the machines that could have it and have it not. */
    readonly lacking?: (names: readonly string[]) => readonly string[];
    /** Keys of `holdfast:` whose values it needs: the content of its `secret` files is made with them. */
    readonly secrets?: (settings: never) => readonly string[];
    /** The files, packages, units and commands; none, one or several FileSets, and resources of other packages. */
    readonly plan: (args: never) => Planned | readonly Planned[];
}

/** A resource of another package, which the program has to bring: its name in state is `MACHINE-name`. */
export interface OtherResource {
    /** As in the package's schema: `proxmoxve:index:File`. */
    readonly type: string;
    readonly name: string;
    readonly inputs: Readonly<Record<string, unknown>>;
}

export type Planned = FileSetArgs | OtherResource;

export function isFileSet<T extends object>(planned: T | OtherResource): planned is T {
    return !("type" in planned);
}

export interface ManagedFile extends Pick<FileArgs, "when" | "yields"> {
    /** Its content is nobody's to read, wherever it comes from: the program, the node, an import. */
    readonly secret?: true;
}

/** The settings where the concern is on. */
export type Settings<Given> = Exclude<NonNullable<Given>, boolean>;

export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Where a user may have written the concern's settings: under `defaults`, or under a machine. */
export interface Place<Given> {
    /** Of the setting. */
    readonly path: readonly PropertyKey[];
    /** None: `defaults`. */
    readonly machine?: { readonly name: string; readonly isNode: boolean };
    /** As they stand there. */
    readonly own: Given | undefined;
    /** Over the defaults. */
    readonly merged: Given | undefined;
}

/** A file of the project that is taken over as it is. */
export interface ProjectFile {
    /** Relative to the project. */
    readonly path: string;
    readonly content: string;
}

export interface ResolveContext {
    /** Of the machine. */
    readonly name: string;
    readonly fleet: SharedConfig;
    /** The machine's own over the fleet's. */
    readonly ssh: SshConfig;
    /** A file that cannot be read is a fault of the config, and comes back empty. */
    readonly read: (path: string) => ProjectFile;
    /** The machine's own over the defaults', of another concern, as written. */
    readonly merged: (setting: string) => unknown;
}

export interface ConcernArgs {
    readonly host: HostArgs;
    readonly node: NodeIdentity;
    /** Not contacted. */
    readonly maintenance?: boolean;
    /** What `pulumi destroy`, or taking the node out, does to what stands there; `keep` by default. */
    readonly onDelete?: FileSetArgs["onDelete"];
    /** A first push may replace files that stand there. */
    readonly takeOver?: boolean;
    /** What a risky change waits for. */
    readonly rollout?: RolloutArgs;
}

/** What a concern may know beyond its own settings: of the machines, its own among them, and of the cluster. */
export interface FleetView {
    /** All of them, in the order of the fleet. */
    readonly machines: readonly MachineView[];
    readonly proxmox?: Pick<ProxmoxSettings, "storages" | "guests">;
    readonly commands?: readonly Pick<OwnCommand, "name" | "argv" | "host" | "environment" | "stdin">[];
}

export interface MachineView {
    readonly identity: NodeIdentity;
    readonly roles: readonly Role[];
    readonly host?: HostArgs;
    /** Address or name of its service processor. */
    readonly bmc?: string;
    /** Where its configuration goes, if it does. */
    readonly configBackup?: BackupPlace;
    /** Settings of concerns, as their own plans take them; there where the machine has the concern. */
    readonly fstab?: unknown;
    readonly interfaces?: unknown;
    readonly networkGuard?: unknown;
    readonly bootReadiness?: unknown;
    readonly clusterMetrics?: unknown;
    readonly nodeExporter?: {
        readonly port: number;
        readonly tls?: object;
        readonly basicAuth?: Readonly<Record<string, string>>;
    };
    /** Not contacted. */
    readonly maintenance?: boolean;
    readonly mail?: { readonly to: readonly string[] };
    /** Of a Docker host. */
    readonly docker?: { readonly deployments: readonly { readonly name: string }[] };
}

/** Where a machine's backups are, and who restores them on trial. */
export interface BackupPlace {
    /** In restic's notation; the repository is below it, by the machine's name. */
    readonly target: string;
    /** Of an sftp target. */
    readonly port?: number;
    readonly drill: { readonly on?: string; readonly day: string };
}

/** What the table's plan of a concern is given. */
export interface PlanArgs<S> extends ConcernArgs {
    readonly settings: S;
    readonly fleet: FleetView;
    /**
     * By the keys that `secrets` names; missing where the stack has none, and while the plan is made that everybody may
     * see.
     */
    readonly secrets?: Readonly<Record<string, string>>;
}

/** As a FileSet takes it. */
export function ofConcern<Name extends string>(
    concern: Name,
    { host, node, maintenance, onDelete, takeOver, rollout }: ConcernArgs,
): ConcernArgs & { readonly concern: Name } {
    return { host, node, maintenance, onDelete, ...(takeOver && { takeOver }), ...(rollout && { rollout }), concern };
}
