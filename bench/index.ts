/**
 * `npm run bench [NODES…]` (with --peers, --plan, --rollout, --profile, --flames or --backup: see the file of that
 * name): what Holdfast costs beside the least that the same work could cost, in ratios of one run. The floor of a look
 * is OpenSSH printing the same files of all nodes at once; the floor of a run is the same program and stack with a
 * provider that does nothing. Figures are medians; what is compared is measured in turn, A B A B.
 */
import { join } from "node:path";
import { labDown, labUp, type Lab } from "../lab";
import { timeBackup } from "./backup";
import { drawFlames } from "./flames";
import { median } from "./median";
import { keepFiles, restoreFiles, startPmxcfs, timeFloor, watchdogCpu } from "./nodes";
import { timePage } from "./page";
import { planMany } from "./plan";
import { profile } from "./profile";
import { timeRollout } from "./rollout";
import { comparePeers } from "./peers/compare";
import { Project, type Timed } from "./project";

const DRIFT = ["refresh", "--preview-only", "--expect-no-changes"];
const UP = ["up", "--yes", "--skip-preview"];
const PUSHES = 3;
const LOOKS = 5;

interface Figures {
    readonly nodes: number;
    readonly floor: number;
    readonly push: number;
    readonly drift: number;
    readonly idle: number;
    readonly bare: { readonly push: number; readonly drift: number; readonly idle: number };
    readonly peak: number;
    /** `holdfast drift`. */
    readonly cli: number;
    /** `holdfast adopt` of all nodes. */
    readonly adopt: number;
    /** All concerns, the watch on the hardware among them. */
    readonly whole?: {
        readonly push: number;
        readonly drift: number;
        readonly bare: { readonly push: number; readonly drift: number };
        readonly watchdog: number;
    };
}

async function main(): Promise<void> {
    const given = process.argv.slice(2);
    if (given[0] === "--flames") return drawFlames(given.slice(1));
    const sizes = given.filter((word) => /^\d+$/.test(word)).map(Number);
    const options = given.filter((word) => !/^\d+$/.test(word));
    const unknown = options.find((word) => !/^--(?:plan|peers|backup|rollout|profile|write|runs=[1-9]\d?)$/.test(word));
    if (unknown)
        throw new Error(
            `unknown: ${unknown}; usage: npm run bench [-- [--plan | --backup | --rollout | --profile | --peers [--runs=3] [--write]] NODES…]`,
        );
    if (options.includes("--plan")) return planMany(sizes[0] ?? 1000);
    if (options.includes("--rollout")) return timeRollout(sizes[0] ?? 24);
    if (options.includes("--profile")) return profile(sizes[0] ?? 32);
    if (options.includes("--backup")) return timeBackup(sizes[0] ?? 1000);
    if (options.includes("--peers")) {
        const runs = Number(options.find((word) => word.startsWith("--runs="))?.split("=")[1] ?? 3);
        return comparePeers(sizes.length > 0 ? sizes : [8, 32], runs, options.includes("--write"));
    }
    const all: Figures[] = [];
    for (const nodes of sizes.length > 0 ? sizes : [8, 32]) {
        try {
            all.push(await measure(nodes, all.length === 0));
        } finally {
            await labDown("bench");
        }
        print(all.at(-1)!);
    }
    const page = await timePage(100);
    console.log(
        page
            ? `report of 100 nodes: ${(page.bytes / 1e6).toFixed(2)} MB (aim: under 1), opened in ${page.seconds.toFixed(2)} s (aim: under 1)`
            : "report page: not measured, /usr/bin/chromium is not there (npm test installs it)",
    );
    if (all.length > 1) printGrowth(all[0]!, all.at(-1)!);
}

async function measure(nodes: number, withWatch: boolean): Promise<Figures> {
    const lab = await labUp({ id: "bench", nodes, log: (line) => console.log(line) });
    await keepFiles(lab);
    const real = await Project.create("real", lab, "provider");
    const bare = await Project.create("bare", lab, "bench/nothing");
    const pushes = await inTurn(PUSHES, async () => {
        await restoreFiles(lab);
        await real.forget();
        await bare.forget();
        return { floor: await timeFloor(lab), bare: await bare.time(...UP), real: await real.time(...UP) };
    });
    const looks = await inTurn(LOOKS, async () => ({
        floor: await timeFloor(lab),
        bareDrift: await bare.time(...DRIFT),
        drift: await real.time(...DRIFT),
        cli: await real.timeCli("drift"),
        bareIdle: await bare.time(...UP),
        idle: await real.time(...UP),
    }));
    const adoptions = await inTurn(PUSHES, () =>
        real.timeCli(
            "adopt",
            ...lab.nodes.map(({ ssh }) => `${ssh.user}@${ssh.host}:${ssh.port}`),
            "--out",
            join(real.folder, "adopted"),
            "--force",
        ),
    );
    const whole = withWatch ? await measureWhole(lab) : undefined;
    const seconds = (runs: readonly Timed[]) => median(runs.map((run) => run.seconds));
    return {
        nodes,
        floor: median([...pushes, ...looks].map(({ floor }) => floor)),
        push: seconds(pushes.map((run) => run.real)),
        drift: seconds(looks.map((run) => run.drift)),
        idle: seconds(looks.map((run) => run.idle)),
        cli: seconds(looks.map((run) => run.cli)),
        adopt: seconds(adoptions),
        whole,
        bare: {
            push: seconds(pushes.map((run) => run.bare)),
            drift: seconds(looks.map((run) => run.bareDrift)),
            idle: seconds(looks.map((run) => run.bareIdle)),
        },
        peak: Math.max(...pushes.map((run) => run.real.peak), ...looks.map((run) => run.drift.peak)),
    };
}

/** All concerns on the same nodes. Container nodes cannot filter addresses, so the exporter listens on loopback. */
async function measureWhole(lab: Lab): Promise<Figures["whole"]> {
    const project = await Project.create("whole", lab, "provider", { defaults: {} });
    const bare = await Project.create("whole-bare", lab, "bench/nothing", { defaults: {} });
    const pushes = await inTurn(PUSHES, async () => {
        await restoreFiles(lab);
        await project.forget();
        await bare.forget();
        return { bare: await bare.time(...UP), real: await project.time(...UP) };
    });
    await startPmxcfs(lab);
    const looks = await inTurn(LOOKS, async () => ({
        bare: await bare.time(...DRIFT),
        real: await project.time(...DRIFT),
    }));
    const seconds = (runs: readonly Timed[]) => median(runs.map((run) => run.seconds));
    const of = (provider: "bare" | "real") => ({
        push: seconds(pushes.map((run) => run[provider])),
        drift: seconds(looks.map((run) => run[provider])),
    });
    return { ...of("real"), bare: of("bare"), watchdog: await watchdogCpu(lab) };
}

async function inTurn<T>(count: number, once: () => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (let run = 0; run < count; run++) results.push(await once());
    return results;
}

function print(figures: Figures): void {
    const { floor, bare } = figures;
    console.log(`\n${figures.nodes} nodes, hosts + fstab + interfaces (medians, seconds)`);
    console.log(`floor: ssh … cat of the same files, all nodes at once   ${floor.toFixed(2)}`);
    row(
        "drift run",
        figures.drift,
        bare.drift,
        `${((figures.drift - bare.drift) / floor).toFixed(1)} x floor (aim: at most 3)`,
    );
    row(
        "first push",
        figures.push,
        bare.push,
        `${((figures.push - bare.push) / floor).toFixed(1)} x floor (aim: at most 4)`,
    );
    row(
        "no-op up",
        figures.idle,
        bare.idle,
        `${(figures.idle / bare.idle).toFixed(2)} x do-nothing (aim: at most 1.3)`,
    );
    console.log(
        `holdfast drift ${figures.cli.toFixed(2).padStart(5)}   ${(figures.cli - figures.drift).toFixed(2)} s more than the bare refresh (aim: at most 1)`,
    );
    console.log(
        `holdfast adopt ${figures.adopt.toFixed(2).padStart(5)}   ${(figures.adopt / figures.nodes).toFixed(2)} s a node (aim: under 2)`,
    );
    if (figures.whole) {
        const { whole } = figures;
        console.log("all concerns, the watch on the hardware among them, beside those three (aim: at most 1.5 x)");
        wholeRow("drift run", whole.drift, figures.drift, whole.bare.drift, bare.drift);
        wholeRow("first push", whole.push, figures.push, whole.bare.push, bare.push);
        console.log(
            `a run of the temperature watchdog takes ${whole.watchdog.toFixed(0)} ms of the node's CPU (aim: under 200)`,
        );
    }
    console.log(`provider's peak memory ${figures.peak.toFixed(0)} MiB (aim: under 150)\n`);
}

function row(name: string, whole: number, engine: number, ratio: string): void {
    console.log(
        `${name.padEnd(12)} ${whole.toFixed(2).padStart(7)}   do-nothing provider ${engine.toFixed(2).padStart(6)}   ${ratio}`,
    );
}

/** Beyond the engine: without what the same resources cost with the provider that does nothing. */
function wholeRow(name: string, whole: number, three: number, wholeEngine: number, threeEngine: number): void {
    const beyond = (whole - wholeEngine) / (three - threeEngine);
    row(
        name,
        whole,
        wholeEngine,
        `${(whole / three).toFixed(2)} x those three, ${beyond.toFixed(2)} x beyond the engine`,
    );
}

function printGrowth(small: Figures, large: Figures): void {
    const times = large.nodes / small.nodes;
    const growth = (of: (figures: Figures) => number) => (of(large) / of(small)).toFixed(1);
    console.log(
        `from ${small.nodes} to ${large.nodes} nodes (${times} times), beyond the engine: drift ${growth((each) => each.drift - each.bare.drift)}, first push ${growth((each) => each.push - each.bare.push)}`,
    );
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
