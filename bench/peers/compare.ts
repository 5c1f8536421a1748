/**
 * `npm run bench -- --peers [NODES…] [--runs=3] [--write]`: the same job by Ansible, pyinfra and Holdfast, in turn on
 * the same nodes.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { labDown, labUp, type Lab } from "../../lab";
import { median, spread } from "../median";
import { timeFloor } from "../nodes";
import { contenders, type Contender } from "./contenders";
import { jobOf } from "./job";
import { drift, restore, verify } from "./jobNodes";

const root = join(__dirname, "..", "..");
const works = ["push", "again", "idle", "look"] as const;
type Work = (typeof works)[number];
const titles: Readonly<Record<Work, string>> = {
    push: "push, everything changed",
    again: "no change, after a look",
    idle: "no change, from state",
    look: "dry run with differences",
};

/** Seconds of each run. */
type Times = Readonly<Record<string, Partial<Record<Work, number[]>>>>;

export async function comparePeers(sizes: readonly number[], runs: number, isWritten: boolean): Promise<void> {
    const parts: string[] = [];
    const load = loadavg()[1]!;
    for (const nodes of sizes) {
        const lab = await labUp({ id: "bench", nodes, log: (line) => console.log(line) });
        try {
            parts.push(await compare(lab, runs));
            console.log(`\n${parts.at(-1)!}`);
        } finally {
            await labDown("bench");
        }
    }
    const table = [...parts, about(runs, load)].join("\n");
    console.log(table);
    if (isWritten) await writeInto(join(root, "README.md"), table);
}

async function compare(lab: Lab, runs: number): Promise<string> {
    const folder = join(root, ".holdfast", "bench", "peers-files");
    await rm(folder, { recursive: true, force: true });
    const all = (await contenders(lab, jobOf("one"), folder)).filter(({ upTo = Infinity }) => lab.nodes.length <= upTo);
    const times: Times = Object.fromEntries(all.map(({ name }) => [name, {}]));
    const floor: number[] = [];
    for (let run = 0; run < runs; run++) {
        floor.push(await timeFloor(lab));
        for (const contender of all) {
            await restore(lab);
            await runOnce(contender, times[contender.name]!, lab);
        }
    }
    return tableOf(lab.nodes.length, times, floor);
}

async function runOnce(contender: Contender, times: Partial<Record<Work, number[]>>, lab: Lab): Promise<void> {
    for (const work of works) {
        if (work === "look") {
            await verify(lab, contender.name);
            await drift(lab);
        }
        const seconds = await contender[work]?.();
        if (seconds !== undefined) (times[work] ??= []).push(seconds);
    }
}

function tableOf(nodes: number, times: Times, floor: readonly number[]): string {
    const names = Object.keys(times);
    const peer = (work: Work) => times["pyinfra"]?.[work] ?? [];
    const rows = works.map((work) => {
        const cells = names.map((name) => cellOf(times[name]?.[work]));
        const [own = [], others] = [times["Holdfast"]?.[work], work === "idle" ? peer("again") : peer(work)];
        return `| ${titles[work]} | ${cells.join(" | ")} | ${(median(own) / median(others)).toFixed(2)} |`;
    });
    return [
        `| ${nodes} nodes | ${names.join(" | ")} | Holdfast / pyinfra |`,
        `|---|${"---:|".repeat(names.length + 1)}`,
        ...rows,
        `| \`ssh … cat\`, all at once | | | ${cellOf(floor)} | |`,
        "",
    ].join("\n");
}

function cellOf(seconds: readonly number[] | undefined): string {
    return seconds ? `${median(seconds).toFixed(1)} (${spread(seconds)})` : "";
}

/** @param load of the machine before the bench itself had begun, of five minutes */
function about(runs: number, load: number): string {
    const [{ model } = { model: "unknown" }] = cpus();
    return `Seconds, medians of ${runs} (least–most): 12 files, 4 packages that are there, 2 units. Container nodes on the same machine: ${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, load before it ${load.toFixed(1)}, ${new Date().toISOString().slice(0, 10)}.`;
}

async function writeInto(file: string, table: string): Promise<void> {
    const [begin, end] = ["<!-- peers: npm run bench -- --peers 8 32 --write -->", "<!-- /peers -->"];
    const text = await readFile(file, "utf8");
    const [head, rest] = text.split(begin);
    const tail = rest?.split(end)[1];
    if (head === undefined || tail === undefined)
        throw new Error(`${file} has no place for the table: ${begin} … ${end}`);
    await writeFile(
        file,
        `${head}${begin}\n\n**The same job by Ansible and pyinfra**, in turn on the same nodes:\n\n${table}\n\n${end}${tail}`,
    );
}
