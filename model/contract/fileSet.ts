/**
 * The arguments of `holdfast:host:FileSet`: plain data, the only thing the Pulumi program and the provider share.
 * A FileSet is what is applied as one: files, packages and units with one validation and one activation.
 */
import type { NodeIdentity } from "../lint/lintContext";

/** The one custom resource's type, as the engine writes it into URNs. */
export const FILE_SET_TYPE = "holdfast:host:FileSet";

/** How to reach the node. Credentials never stand here: they are the provider's configuration. */
export interface HostArgs {
    /** Node name, the first half of the FileSet's id. */
    readonly name: string;
    /** What to connect to: a name, an alias of ~/.ssh/config, or an address. */
    readonly address: string;
    /**
     * Where it still answers while the change that gives it `address` is not confirmed: tried where `address` does not
     * answer, and never for that confirmation.
     */
    readonly former?: string;
    readonly port?: number;
    readonly user?: string;
    /** Pinned host key, `ssh-ed25519 AAAA…`; without it known_hosts decides. */
    readonly hostKey?: string;
    /** Run the node's program through `sudo -n`; the default for every user but root. */
    readonly sudo?: boolean;
    /** A jump host. */
    readonly proxy?: {
        readonly host: string;
        readonly port?: number;
        readonly user?: string;
        readonly hostKey?: string;
    };
}

export interface FileArgs {
    /** Text of the file, UTF-8. Exactly one of `content` and `absent` is given. */
    readonly content?: string;
    /** The file must not exist. */
    readonly absent?: boolean;
    /** Octal, four digits: "0644" (the default). */
    readonly mode?: string;
    /** Defaults to root. */
    readonly owner?: string;
    /** Defaults to root. */
    readonly group?: string;
    /** Managed only where this absolute path exists on the node: cloud-init's drop-in where cloud-init is installed. */
    readonly when?: string;
    /**
     * Managed only where nothing stands there, or a file whose first line says that Holdfast manages it: an
     * administrator's own stays, unread. With an `Elsewhere` also where somebody else's file elsewhere does its work.
     */
    readonly yields?: boolean | Elsewhere;
}

/** Somebody else's file that makes one of ours needless. */
export interface Elsewhere {
    /** Glob patterns of absolute paths. */
    readonly files: readonly string[];
    /** What one of its lines ends in, whatever its case: the MAC address that a .link file pins. */
    readonly line: string;
}

export interface UnitArgs {
    /** `systemctl enable`; left alone when absent. */
    readonly enabled?: boolean;
    /** Running (`true`) or stopped (`false`); left alone when absent. */
    readonly active?: boolean;
}

/**
 * A command on the node, never through a shell. In `argv`, `{staged:/etc/fstab}` stands for the staged copy of that
 * file. `argv[0]` of `holdfast` calls a check built into the node's program (`CHECKS` in `node/` of a concern).
 */
export interface CommandArgs {
    readonly argv: readonly string[];
    /** Seconds; 30 by default. The command is killed after that, and counts as failed. */
    readonly timeout?: number;
}

/** A fact that is observed along with the files; a difference from `value` is drift. */
export interface FactArgs {
    /**
     * A probe built into the node's program (`PROBES` in `node/` of a concern): `resolver`, `mount`, `source`, `link`,
     * …
     */
    readonly probe: string;
    readonly args?: readonly string[];
    /** Without it the fact is only reported. */
    readonly value?: string;
}

/** Something that is tried on the node: exactly one of these. */
export interface ProbeArgs {
    /** `ADDRESS:PORT` */
    readonly tcp?: string;
    readonly ping?: string;
    readonly resolve?: string;
}

/**
 * The network is reloaded when the files are in place. Unless that is confirmed over a new connection, the node itself
 * brings the old files and the old network back.
 */
export interface ConfirmArgs {
    /** Seconds, 20 to 1800. */
    readonly window: number;
    /** The node's own, by which it has to be there afterwards. */
    readonly addresses: readonly string[];
    /** Of other nodes: those that answered before have to answer again. */
    readonly peers: readonly string[];
    readonly probes: readonly ProbeArgs[];
}

/** What the next wave asks of the nodes of the one before. */
export type Proof = "written" | "confirmed" | "booted";

/** What a change that could keep the node from booting or from being reached has to wait for. */
export interface RolloutArgs {
    readonly proof?: Proof;
    /** Of the wave before. */
    readonly after?: readonly RolledOut[];
    /** Push even where the cluster has no quorum, or would have none without this node. */
    readonly withoutQuorum?: boolean;
}

/** A change that has to be proven first: which files stand where. */
export interface RolledOut {
    readonly host: HostArgs;
    readonly concern: string;
    /** By absolute path; without `sha256` (hexadecimal) the file is not to be there. */
    readonly files: Readonly<Record<string, Pick<FileArgs, "when" | "yields"> & { readonly sha256?: string }>>;
}

export interface FileSetArgs {
    readonly host: HostArgs;
    /** Second half of the id: `hosts`, `fstab`, `interfaces`, … */
    readonly concern: string;
    /** By absolute path. */
    readonly files: Readonly<Record<string, FileArgs>>;
    /**
     * Debian packages that have to be installed. Of `docker.io | docker-ce` either will do, and where neither is there
     * the first is installed.
     */
    readonly packages?: readonly string[];
    readonly units?: Readonly<Record<string, UnitArgs>>;
    readonly validate?: readonly CommandArgs[];
    readonly activate?: readonly CommandArgs[];
    readonly verify?: readonly CommandArgs[];
    readonly facts?: Readonly<Record<string, FactArgs>>;
    /** A change of the files is a change of the running network, and has to be confirmed. */
    readonly confirm?: ConfirmArgs;
    readonly rollout?: RolloutArgs;
    /** Who the node is, for the lints that Check and Update run on `files`. */
    readonly node?: NodeIdentity;
    /** What `pulumi destroy` does: keep what stands (default), or put back what was there before Holdfast. */
    readonly onDelete?: "keep" | "restore";
    /**
     * A first push may replace files that stand there and are nobody's that Holdfast knows; else it shows them and
     * stops.
     */
    readonly takeOver?: boolean;
    /** Not contacted; state is kept, every look at it says that it was skipped. */
    readonly maintenance?: boolean;
}
