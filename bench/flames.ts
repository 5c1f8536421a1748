/**
 * `npm run bench -- --flames OUT.svg FOLDER…`: a flame graph of the profiles that lie in each folder, all at one scale.
 * `--profile` writes such folders; a folder's name is what stands beside its flames.
 */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { h, type ComponentChild } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";

/** What V8's profiler writes: a tree of calls; for each sample its node, and the microseconds since the one before. */
export interface CpuProfile {
    readonly nodes: readonly {
        readonly id: number;
        readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
        readonly children?: readonly number[];
    }[];
    readonly samples: readonly number[];
    readonly timeDeltas: readonly number[];
}

/** Milliseconds; below it, what it called, the longest first. */
export interface Flame {
    readonly name: string;
    readonly kind: Kind;
    readonly time: number;
    readonly children: readonly Flame[];
}

type Kind = keyof typeof colours;
const colours = {
    Holdfast: "#d8572a",
    "Pulumi's SDK": "#8a63d2",
    "gRPC and protobuf": "#3f7fbf",
    SSH: "#2f9e8f",
    "schemas (zod)": "#c9a227",
    "TypeScript's types taken away": "#b0578d",
    "loading of modules": "#7d8a97",
    "Node itself": "#aab4be",
} as const;

const kinds: readonly (readonly [RegExp, Kind])[] = [
    [/node_modules\/@pulumi\//, "Pulumi's SDK"],
    [/node_modules\/(?:@grpc|google-protobuf|protobufjs)/, "gRPC and protobuf"],
    [/node_modules\/ssh2/, "SSH"],
    [/node_modules\/zod/, "schemas (zod)"],
    [/node_modules\/(?:sucrase|typescript)/, "TypeScript's types taken away"],
    [/^node:internal\/modules|node_modules\/pirates|\/toolchain\//, "loading of modules"],
    [/^node:|^$/, "Node itself"],
    [/node_modules\//, "Pulumi's SDK"],
];

const WIDTH = 1200;
const ROW = 15;
const LETTER = 6.2;
/** Calls narrower than that are left out, in pixels. */
const LEAST = 2;

const LOADING = "loading of modules" satisfies Kind;

/** What there is nothing to see of: waiting, and what V8 cannot attribute to a call. */
const waiting = new Set(["(idle)", "(program)", "(root)"]);

export function flameOf({ nodes, samples, timeDeltas }: CpuProfile): Flame {
    const own = new Map<number, number>();
    samples.forEach((id, index) => own.set(id, (own.get(id) ?? 0) + timeDeltas[index]! / 1000));
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const build = (id: number): Flame => {
        const { callFrame, children = [] } = byId.get(id)!;
        const { functionName: name, url, lineNumber } = callFrame;
        const kind = kinds.find(([pattern]) => pattern.test(url))?.[1] ?? "Holdfast";
        const self = waiting.has(name) ? 0 : (own.get(id) ?? 0);
        const below = children.map(build).filter((child) => child.time > 0 && !waiting.has(child.name));
        return {
            name: kind === LOADING ? kind : name || `${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`,
            kind,
            time: below.reduce((sum, { time }) => sum + time, self),
            children: merge(below.flatMap((child) => within(child, kind))),
        };
    };
    return build(nodes[0]!.id);
}

/**
 * What a call shows below itself of one that it made: nothing of the inner life of others' packages, but what they call
 * of another; and a file that is loaded stands beside the one that asked for it, else a start would be as deep as its
 * imports.
 */
function within(child: Flame, kind: Kind): readonly Flame[] {
    const isLoading = child.kind === LOADING;
    if (!isLoading && (child.kind !== kind || kind === "Holdfast")) return [child];
    const self = child.time - child.children.reduce((sum, { time }) => sum + time, 0);
    return isLoading && self > 0 ? [...child.children, { ...child, time: self, children: [] }] : child.children;
}

/** Calls of one name count together, the longest first. */
function merge(flames: readonly Flame[]): Flame[] {
    const merged = new Map<string, Flame>();
    for (const flame of flames) {
        const key = `${flame.kind} ${flame.name}`;
        const known = merged.get(key);
        const both = known && {
            ...known,
            time: known.time + flame.time,
            children: merge([...known.children, ...flame.children]),
        };
        merged.set(key, both ?? flame);
    }
    return [...merged.values()].sort((a, b) => b.time - a.time);
}

export async function drawFlames([out, ...folders]: readonly string[]): Promise<void> {
    if (out === undefined || folders.length === 0) throw new Error("usage: npm run bench -- --flames OUT.svg FOLDER…");
    const profiles = await Promise.all(folders.map(read));
    const flames = profiles.flat().sort((a, b) => a.process.localeCompare(b.process));
    await writeFile(out, `${renderToStaticMarkup(draw(flames))}\n`);
    for (const { process, folder, flame } of flames) console.log(`${process}, ${folder}: ${Math.round(flame.time)} ms`);
}

async function read(folder: string): Promise<{ process: string; folder: string; flame: Flame }[]> {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile"));
    return Promise.all(
        names.map(async (name) => {
            const profile = JSON.parse(await readFile(join(folder, name), "utf8")) as CpuProfile;
            return { process: name.split("-")[0]!, folder: basename(folder), flame: flameOf(profile) };
        }),
    );
}

function draw(flames: readonly { process: string; folder: string; flame: Flame }[]) {
    const scale = WIDTH / Math.max(...flames.map(({ flame }) => flame.time));
    const parts: ComponentChild[] = [];
    let y = 48;
    const words = (text: string, x: number, at: number) => h("text", { x, y: at }, text);
    Object.entries(colours).forEach(([kind, fill], index) => {
        const [x, top] = [(index % 4) * 300, Math.floor(index / 4) * 18];
        parts.push(h("rect", { x, y: top, width: 12, height: 12, fill }), words(kind, x + 17, top + 10));
    });
    for (const { process, folder, flame } of flames) {
        parts.push(
            h("text", { x: 0, y: y + 10, class: "title" }, `${process}, ${folder}: ${Math.round(flame.time)} ms`),
        );
        const rows = drawBelow(flame, 0, y + 18, scale, parts);
        y += 18 + rows * ROW + 14;
    }
    const style = "text{font:11px monospace;fill:#1a1a1a}.title{font:bold 13px sans-serif}";
    const size = { width: WIDTH, height: y, viewBox: `0 0 ${WIDTH} ${y}` };
    const white = h("rect", { width: "100%", height: "100%", fill: "#ffffff" });
    return h("svg", { xmlns: "http://www.w3.org/2000/svg", ...size }, h("style", null, style), white, parts);
}

/** @returns how many rows it takes */
function drawBelow(flame: Flame, x: number, y: number, scale: number, parts: ComponentChild[]): number {
    let left = x;
    let rows = 0;
    for (const each of flame.children) {
        const width = each.time * scale;
        if (width < LEAST) break; // the longest come first
        const letters = Math.floor((width - 4) / LETTER);
        const title = `${each.name} (${each.kind}): ${each.time.toFixed(1)} ms`;
        const box = { x: left.toFixed(1), y, width: Math.max(width - 0.4, 0.4).toFixed(1), height: ROW - 1 };
        parts.push(h("rect", { ...box, fill: colours[each.kind] }, h("title", null, title)));
        if (letters > 3) parts.push(h("text", { x: (left + 2).toFixed(1), y: y + 11 }, each.name.slice(0, letters)));
        rows = Math.max(rows, 1 + drawBelow(each, left, y + ROW, scale, parts));
        left += width;
    }
    return rows;
}
