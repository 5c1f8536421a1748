/** What is asked of a node, and what stands there. */
import type { Expected, Observation, Surroundings } from "./observation";

/** What to look at beyond the spec. */
export interface Extras {
    /** Gather block devices, mounts and links. */
    readonly facts: boolean;
    /** With the facts, which units wait for the network: the files to come name some. */
    readonly units?: boolean;
    /** Glob patterns of files whose content the lints want. */
    readonly sourced: readonly string[];
    /** Seconds since 1970, by path: who may have written there then is asked for. */
    readonly written?: Readonly<Record<string, number>>;
    /** Paths and units whose state before Holdfast is asked for. */
    readonly originals?: readonly string[];
    /** Paths of files whose origin is asked for: a first push replaces nobody's own unseen. */
    readonly origins?: readonly string[];
    /** What the node's own checks go by from now on, without a client (host/node/standing.py). */
    readonly expected?: Expected;
    /** How the cluster's votes stand: a node without which it has no quorum is not risked. */
    readonly votes?: boolean;
    /** What comes of it has to be confirmed: nobody looks for that beside another such change. */
    readonly change?: boolean;
}

export interface Look extends Surroundings {
    readonly seen: Observation;
}
