/**
 * Whether somebody's `up` is at work on the stack: what a look sees meanwhile is work half done, and no human's edit.
 */
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { runPulumi } from "../pulumi";

const lock = z.looseObject({
    pid: z.int(),
    username: z.string().optional(),
    hostname: z.string().optional(),
    timestamp: z.string().optional(),
});
const listed = z.array(
    z.looseObject({ name: z.string(), lastUpdate: z.string().optional(), updateInProgress: z.boolean().optional() }),
);

const WAY_OUT =
    "`pulumi cancel --yes`, then `pulumi refresh --clear-pending-creates --yes`, then `pulumi up` (docs/state-and-secrets.md)";

/** Milliseconds. A lock of another machine's that is older may well be a dead client's: that is to be told. */
const LONGEST = 6 * 3600 * 1000;

export interface OtherUpdate {
    readonly text: string;
    /** False: it was killed, or nobody knows. */
    readonly isUnderWay: boolean;
}

/**
 * Undefined where the stack is at rest as far as its backend tells: a folder has lock files, Pulumi Cloud says
 * what is in progress, and every backend when the last update ended.
 * @param began when the look did
 */
export async function otherUpdate(stack: string, began: Date): Promise<OtherUpdate | undefined> {
    const held = await locksOf(stack);
    if (held[0]) return describeLock(held[0]);
    const { exitCode, stdout } = await runPulumi(["stack", "ls", "--json"]);
    if (exitCode !== 0) return undefined; // the look itself has told why, or another will
    const known = listed.safeParse(jsonOf(stdout)).data?.find(({ name }) => name.split("/").at(-1) === stack);
    if (known?.updateInProgress === true)
        return {
            text: `an update of the stack is under way, so what differs may be its own; look again when it has ended. If it was killed: ${WAY_OUT}`,
            isUnderWay: true,
        };
    if (known?.lastUpdate !== undefined && endedSince(known.lastUpdate, began))
        return {
            text: `an update of the stack has ended while this looked (${known.lastUpdate}), so what differs may be its own; look again`,
            isUnderWay: true,
        };
    return undefined;
}

/** A folder's time has milliseconds, Pulumi Cloud's whole seconds: then it ended some time within that one. */
export function endedSince(lastUpdate: string, began: Date): boolean {
    const stamp = Date.parse(lastUpdate);
    return stamp + (stamp % 1000 === 0 ? 999 : 0) >= began.getTime();
}

function describeLock({
    pid,
    username = "somebody",
    hostname: host = "?",
    timestamp = "?",
}: z.infer<typeof lock>): OtherUpdate {
    const who = `since ${timestamp}, by ${username}@${host}, process ${pid}`;
    if (host === hostname() && !isRunning(pid))
        return {
            text: `an update of the stack was killed (${who}) and has left its lock, so what differs may be its own half-done work: ${WAY_OUT}`,
            isUnderWay: false,
        };
    return {
        text: `an update of the stack is under way (${who}), so what differs may be its own; look again when it has ended. If it was killed: ${WAY_OUT}`,
        isUnderWay: !(Date.now() - Date.parse(timestamp) > LONGEST),
    };
}

/** Of a backend that is a folder: `.pulumi/locks/…/STACK/ID.json`. */
async function locksOf(stack: string): Promise<z.infer<typeof lock>[]> {
    const url = backend();
    if (!url?.startsWith("file://")) return [];
    const root = join(folderOf(url), ".pulumi", "locks");
    const entries = await readdir(root, { recursive: true, encoding: "utf8" }).catch(() => []);
    const files = entries.filter((path) => path.split("/").at(-2) === stack && path.endsWith(".json"));
    const read = await Promise.all(
        files.map(async (path) =>
            // It may go this very moment.
            lock.safeParse(jsonOf(await readFile(join(root, path), "utf8").catch(() => ""))),
        ),
    );
    return read.flatMap(({ data }) => (data === undefined ? [] : [data]));
}

/** As pulumi itself decides; undefined where that is Pulumi Cloud's own default. */
function backend(): string | undefined {
    const fromProject = (valueIn("Pulumi.yaml", parse) as { backend?: { url?: string } } | undefined)?.backend?.url;
    const home = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
    const loggedIn = valueIn(join(home, "credentials.json"), jsonOf) as { current?: string } | undefined;
    return [process.env["PULUMI_BACKEND_URL"], fromProject, loggedIn?.current].find(Boolean);
}

function valueIn(file: string, read: (text: string) => unknown): unknown {
    return existsSync(file) ? read(readFileSync(file, "utf8")) : undefined;
}

/** `file://~`, `file://./state` and `file://state` are no URLs by the letter, and pulumi takes them. */
function folderOf(url: string): string {
    const path = url.slice("file://".length).replace(/\?.*$/, "");
    if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
    return path.startsWith("/") ? fileURLToPath(`file://${path}`) : path;
}

function jsonOf(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
