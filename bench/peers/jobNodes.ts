/** What is done to the nodes themselves between the contenders' runs. */
import type { Lab } from "../../lab";
import { traces as ownTraces } from "../nodes";
import { edited, traces, units } from "./job";

/** As before anybody's push. */
export async function restore(lab: Lab): Promise<void> {
    const script = `systemctl disable --quiet --now ${units.join(" ")} 2>/dev/null; rm -rf ${traces.join(" ")} ${ownTraces}; systemctl daemon-reload`;
    await Promise.all(lab.nodes.map((node) => node.exec(["sh", "-c", script])));
}

/** Somebody edits a file on each node. */
export async function drift(lab: Lab): Promise<void> {
    await Promise.all(lab.nodes.map((node) => node.exec(["sh", "-c", `echo edited >>${edited}`])));
}

/** Whoever leaves something undone has no time to show. */
export async function verify(lab: Lab, name: string): Promise<void> {
    const script = `ls ${traces[0]} | wc -l; systemctl is-enabled ${units.join(" ")}; systemctl is-active ${units.join(" ")}`;
    for (const node of lab.nodes) {
        const said = (await node.exec(["sh", "-c", script])).stdout.trim().split("\n").join(" ");
        if (said !== "10 enabled enabled active active") throw new Error(`${name} left ${node.name} at: ${said}`);
    }
}
