/**
 * `npm run bench -- --rollout [NODES]`: hosts, fstab and interfaces of a fleet, with the rollout as it is where nobody
 * says anything of it (a canary, then one node at a time).
 */
import { labDown, labUp } from "../lab";
import { Project } from "./project";

const steps = {
    "first up": ["up", "--yes", "--skip-preview"],
    preview: ["preview", "--diff"],
    "no change": ["up", "--yes", "--skip-preview"],
    drift: ["refresh", "--preview-only", "--diff"],
} as const;

/** Prints seconds of each step, and the memory of all processes of the client together at its peak. */
export async function timeRollout(nodes: number): Promise<void> {
    const lab = await labUp({ id: "bench", nodes, log: (line) => console.log(line) });
    try {
        const project = await Project.create("rollout", lab, "provider", { rollout: "default" });
        console.log(`\n${nodes} nodes, hosts + fstab + interfaces, default rollout`);
        for (const [name, args] of Object.entries(steps)) {
            const { seconds, peak } = await project.measure(...args);
            console.log(`${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s   ${peak.toFixed(0).padStart(5)} MiB`);
        }
    } finally {
        await labDown("bench");
    }
}
