/**
 * `npm run bench -- --profile [NODES]`: whose processor time the peers' job takes, by kind of work; and of a first push
 * of hosts, fstab and interfaces a profile of each process of Node's, for `--flames`. Processor time, since it hardly
 * depends on what else the machine does.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { labDown, labUp, type Lab } from "../lab";
import { timeFloor } from "./nodes";
import { projectOf } from "./peers/contenders";
import { jobOf } from "./peers/job";
import { drift, restore } from "./peers/jobNodes";
import { Project } from "./project";
import { treeOf } from "./treePeak";
import { watchEvery, type Watch } from "./watch";

const TICKS = 100; // a second, of /proc/PID/stat: sysconf(_SC_CLK_TCK) of every Linux that Node runs on
const INTERVAL = 50; // milliseconds between two looks: what a process does after the last one is missed

const works = {
    "push, everything changed": ["up", "--yes", "--skip-preview"],
    "no change, after a look": ["up", "--yes", "--skip-preview", "--refresh"],
    "no change, from state": ["up", "--yes", "--skip-preview"],
    "drift, nothing differs": ["refresh", "--preview-only", "--diff"],
    "drift, a file of each node": ["refresh", "--preview-only", "--diff"],
} as const;

/** Processes by what stands in their command line; the first that fits. */
const kinds: readonly (readonly [string, RegExp])[] = [
    ["provider", /pulumi-resource-holdfast/],
    ["program", /pulumi-language-nodejs-exec|@pulumi.*run/],
    ["language host", /pulumi-language-nodejs/],
    ["engine", /pulumi/],
];

/** Seconds of processor time by kind of process. */
type Spent = Map<string, number>;

export async function profile(nodes: number): Promise<void> {
    const lab = await labUp({ id: "bench", nodes, log: (line) => console.log(line) });
    const folder = join(__dirname, "..", ".holdfast", "bench", "profiles");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    try {
        const project = await projectOf(lab, jobOf("one"));
        await restore(lab);
        const floor = await onNodes(lab, () => timeFloor(lab));
        print(`ssh … cat, ${nodes} nodes`, floor.value, new Map([["nodes", floor.spent]]));
        for (const [name, args] of Object.entries(works)) {
            if (name.startsWith("drift, a file")) await drift(lab);
            const { spent, value } = await onNodes(lab, () => project.watch(spentBy, ...args));
            print(name, value.seconds, value.watched.set("nodes", spent));
        }
        await restore(lab);
        const fleet = await Project.create("real", lab, "provider");
        await fleet.profiling(folder).time("up", "--yes", "--skip-preview");
        console.log(`profiles of a push's processes: ${folder}`);
    } finally {
        await labDown("bench");
    }
}

function print(name: string, seconds: number, spent: Spent): void {
    const all = [...spent.values()].reduce((sum, each) => sum + each, 0);
    const parts = [...spent].map(([kind, each]) => `${kind} ${each.toFixed(2)}`).join(", ");
    console.log(`${name.padEnd(28)} ${seconds.toFixed(1).padStart(5)} s, processor ${all.toFixed(2)}: ${parts}`);
}

/** What the nodes spent while `work` went on, in seconds of processor time. */
async function onNodes<T>(lab: Lab, work: () => Promise<T>): Promise<{ spent: number; value: T }> {
    const before = await ofNodes(lab);
    const value = await work();
    return { spent: (await ofNodes(lab)) - before, value };
}

async function ofNodes(lab: Lab): Promise<number> {
    const seconds = await Promise.all(lab.nodes.map((node) => node.processorTime()));
    return seconds.reduce((sum, each) => sum + each, 0);
}

/** Of a process and all that it starts. */
function spentBy(ancestor: number): Watch<Spent> {
    const seen = new Map<number, { kind: string; seconds: number }>();
    const look = async (): Promise<void> => {
        await Promise.all((await treeOf(ancestor)).map((pid) => note(seen, pid)));
    };
    return watchEvery(INTERVAL, look, () => {
        const spent: Spent = new Map();
        for (const { kind, seconds } of seen.values()) spent.set(kind, (spent.get(kind) ?? 0) + seconds);
        return spent;
    });
}

async function note(seen: Map<number, { kind: string; seconds: number }>, pid: number): Promise<void> {
    const [stat = "", command = ""] = await Promise.all(
        ["stat", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")),
    );
    // The name in parentheses may hold anything: the fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields.length < 13 || command === "") return;
    const kind = kinds.find(([, pattern]) => pattern.test(command))?.[0] ?? "others";
    seen.set(pid, { kind, seconds: (Number(fields[11]) + Number(fields[12])) / TICKS });
}
