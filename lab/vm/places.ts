/**
 * Where a virtual machine's files, sockets and processes are: all from its lab and its number, so nothing can be stale.
 */
import { join } from "node:path";
import { identityOf } from "../initialState";
import { sshPort } from "../network";
import { identityFile, labFolder, socketFolder, type LabRecord } from "../state";

export interface Places {
    readonly name: string;
    /** Of the lab, and of this machine in it. */
    readonly slot: number;
    /** The lab's image. */
    readonly image: string;
    readonly folder: string;
    /** How the workstation reaches the machine's sshd. */
    readonly ssh: { readonly host: string; readonly port: number; readonly user: string };
    readonly identityFile: string;
    /** What the machine's processes carry in their environment; a word for what each is comes after it. */
    readonly mark: string;
    readonly mac: string;
    /** Where QEMU listens: its monitor (QMP), and the other end of the serial console. */
    readonly monitor: string;
    readonly serial: string;
}

export function placesOf(lab: LabRecord, index: number): Places {
    const { name } = identityOf(index);
    const sockets = socketFolder(lab.slot);
    return {
        name,
        slot: lab.slot,
        image: lab.image,
        folder: join(labFolder(lab.id), "nodes", name),
        ssh: { host: `127.77.${lab.slot}.${10 + index}`, port: sshPort, user: "root" },
        identityFile: identityFile(lab.id),
        mark: `${labFolder(lab.id)} ${name}`,
        mac: `52:54:00:77:${hex(lab.slot)}:${hex(index)}`,
        monitor: join(sockets, `${name}.qmp`),
        serial: join(sockets, `${name}.console`),
    };
}

/** A file of the machine's. */
export function fileOf(places: Places, name: FileName): string {
    return join(places.folder, name);
}

/**
 * `created`: there once the disks are whole; `hardware.json`: what is unplugged; `booted-from`: where in `console.log`
 * the last boot begins; `qemu.log`: what QEMU itself had to say.
 */
type FileName =
    | "created"
    | "host_key"
    | "known_hosts"
    | "hardware.json"
    | "console.log"
    | "booted-from"
    | "qemu.log"
    | "root"
    | "upper"
    | "work";

function hex(byte: number): string {
    return byte.toString(16).padStart(2, "0");
}
