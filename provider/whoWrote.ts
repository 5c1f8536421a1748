/** Who may have written a file that differs. */
import type { NodeClient } from "../host/nodeClient";
import type { Observation } from "../host/observation";
import type { Busy } from "../model/contract/busyLook";
import { dataLine } from "../model/contract/dataLine";
import { DATA_LINES } from "../model/contract/environment";
import type { Difference } from "./compare";
import type { Log } from "./log";

/**
 * When, and perhaps by whom, a file that differs was written: said, and kept out of state. `holdfast drift` asks for
 * data instead of words.
 * @returns what Holdfast itself is doing there meanwhile; then nobody is named
 */
export async function sayWhoWrote(
    differences: readonly Difference[],
    { files }: Observation,
    node: NodeClient,
    log: Log,
): Promise<Busy | undefined> {
    const edited = differences.flatMap(({ parts: [group, path = "", key] }) =>
        group === "files" && key === "content" ? path : [],
    );
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
