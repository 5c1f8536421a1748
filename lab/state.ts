/** Where a lab keeps what it owns, and the machine-wide number that keeps labs of different checkouts apart. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeOwnFolder } from "../vm/ownFolder";

export type Release = "trixie" | "bookworm";
/** `incident`: the files as both outages found them. `sound`: what they should have been. */
export type InitialState = "incident" | "sound";

/** `lab.json`: all that is remembered. Everything else is found from names, so a crash cannot make it wrong. */
export interface LabRecord {
    readonly id: string;
    /** 1 to 250: the third byte of the loopback addresses, and part of every namespace's name. */
    readonly slot: number;
    readonly release: Release;
    readonly state: InitialState;
    readonly nodes: number;
    /** Virtual machines instead of containers. */
    readonly vm?: boolean;
    /** The image folder the nodes stand on. */
    readonly image: string;
}

/**
 * One file per slot, holding the folder of the lab that took it. In /run, so that a reboot of the workstation frees
 * all.
 */
const slotFolder = "/run/holdfast/lab";
const maxSlot = 250;

export function labsFolder(): string {
    return resolve(process.env.HOLDFAST_LAB_DIR ?? join(__dirname, "..", ".holdfast", "lab"));
}

/** @throws on an id that could not be a folder name. */
export function labFolder(id: string): string {
    if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(id))
        throw new Error(`lab id "${id}": use lower-case letters, digits and hyphens`);
    return join(labsFolder(), id);
}

/** The private key that the nodes accept; the public one lies beside it. */
export function identityFile(id: string): string {
    return join(labFolder(id), "id_ed25519");
}

/** Sockets of a lab's virtual machines: not in the lab's folder, since their paths must stay under 108 bytes. */
export function socketFolder(slot: number): string {
    return join("/run/holdfast/vm", String(slot));
}

/** The record of a lab, or undefined where `lab up` has not got that far. */
export async function readRecord(id: string): Promise<LabRecord | undefined> {
    try {
        return JSON.parse(await readFile(join(labFolder(id), "lab.json"), "utf8")) as LabRecord;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    }
}

export async function writeRecord(record: LabRecord): Promise<void> {
    await writeFile(join(labFolder(record.id), "lab.json"), `${JSON.stringify(record, null, 4)}\n`);
}

/** Slots in use, with the folder of the lab that holds each. */
export async function readSlots(): Promise<Map<number, string>> {
    await makeOwnFolder(slotFolder);
    const slots = new Map<number, string>();
    for (const name of await readdir(slotFolder)) {
        slots.set(Number(name), await readFile(join(slotFolder, name), "utf8"));
    }
    return slots;
}

/** The slot that this lab holds already, or the first free one. Two labs that ask at once get different ones. */
export async function claimSlot(id: string): Promise<number> {
    const folder = labFolder(id);
    const slots = await readSlots();
    for (const [slot, owner] of slots) if (owner === folder) return slot;
    for (let slot = 1; slot <= maxSlot; slot++) {
        try {
            await writeFile(join(slotFolder, String(slot)), folder, { flag: "wx" });
            return slot;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
    }
    throw new Error(
        `all ${maxSlot} lab numbers are taken: run "holdfast lab down" where labs are left over (${slotFolder} names them)`,
    );
}

export async function releaseSlot(slot: number): Promise<void> {
    await rm(join(slotFolder, String(slot)), { force: true });
}
