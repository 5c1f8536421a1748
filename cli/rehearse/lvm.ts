/**
 * What LVM writes at the begin of a physical volume, made without LVM: this machine need have neither its tools nor a
 * kernel with device mapper. Pure. The format: lib/format_text/layout.h and lib/label/label.h of LVM2.
 */
import { createHash } from "node:crypto";

const SECTOR = 512;
const MIB = 1024 * 1024;
/** Where the description begins, and where the first extent does. */
const descriptionAt = 4096;
export const dataAt = 1 * MIB;
export const extent = 4 * MIB;

export interface PhysicalVolume {
    /** As blkid tells it: `xxxxxx-xxxx-xxxx-xxxx-xxxx-xxxx-xxxxxx`. */
    readonly id: string;
    /** Bytes. */
    readonly size: number;
}

/** A run of extents on one of the physical volumes. */
export interface Segment {
    /** Which of them, from 0. */
    readonly on: number;
    /** The first extent there. */
    readonly from: number;
    readonly count: number;
}

export interface Written {
    readonly name: string;
    readonly members: readonly PhysicalVolume[];
    readonly volumes: readonly { readonly name: string; readonly segments: readonly Segment[] }[];
}

/** What stands in the first MiB of each of the group's physical volumes, in their order. */
export function headersOf(group: Written): Buffer[] {
    return group.members.map((member) => {
        const header = Buffer.alloc(dataAt);
        labelOf(member).copy(header, SECTOR);
        const description = Buffer.from(`${described(group)}\0`, "utf8");
        areaOf(description).copy(header, descriptionAt);
        description.copy(header, descriptionAt + SECTOR);
        return header;
    });
}

/** An id as LVM makes them, always the same for the same words. */
export function idOf(...words: readonly string[]): string {
    const digits = createHash("sha256").update(words.join("\0")).digest("hex").slice(0, 32);
    return digits.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, "$1-$2-$3-$4-$5-$6-$7");
}

export function isId(id: string): boolean {
    return /^\w{6}(?:-\w{4}){5}-\w{6}$/.test(id);
}

/** `LABELONE`, then the physical volume: its id, its size, where its data and its description lie. */
function labelOf({ id, size }: PhysicalVolume): Buffer {
    const label = Buffer.alloc(SECTOR);
    label.write("LABELONE", 0, "latin1");
    label.writeBigUInt64LE(1n, 8); // the sector it stands in
    label.writeUInt32LE(32, 20); // where what follows begins
    label.write("LVM2 001", 24, "latin1");
    label.write(id.replaceAll("-", ""), 32, "latin1");
    // Each list ends with an entry of zeros.
    const places = [size, dataAt, 0, 0, 0, descriptionAt, dataAt - descriptionAt];
    places.forEach((value, index) => label.writeBigUInt64LE(BigInt(value), 64 + index * 8));
    label.writeUInt32LE(checksum(label.subarray(20)), 16);
    return label;
}

/** The head of the area with the description: its place and checksum. */
function areaOf(description: Buffer): Buffer {
    const head = Buffer.alloc(SECTOR);
    head.write(" LVM2 x[5A%r0N*>", 4, "latin1");
    head.writeUInt32LE(1, 20);
    head.writeBigUInt64LE(BigInt(descriptionAt), 24);
    head.writeBigUInt64LE(BigInt(dataAt - descriptionAt), 32);
    head.writeBigUInt64LE(BigInt(SECTOR), 40);
    head.writeBigUInt64LE(BigInt(description.length), 48);
    head.writeUInt32LE(checksum(description), 56);
    head.writeUInt32LE(checksum(head.subarray(4)), 0);
    return head;
}

/** CRC-32 that begins with a number of LVM's own, and is not turned round at the end. */
function checksum(data: Buffer): number {
    let sum = 0xf597a6cf;
    for (const byte of data) {
        sum ^= byte;
        for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return sum >>> 0;
}

function described({ name, members, volumes }: Written): string {
    const status = (...words: readonly string[]) => [
        `status = [${words.map((word) => `"${word}"`).join(", ")}]`,
        "flags = []",
    ];
    const block = (title: string, lines: readonly string[]) => [`${title} {`, ...lines, "}"];
    const physical = members.flatMap(({ id, size }, index) =>
        block(`pv${index}`, [
            `id = "${id}"`,
            'device = "/dev/unknown"',
            ...status("ALLOCATABLE"),
            `dev_size = ${size / SECTOR}`,
            `pe_start = ${dataAt / SECTOR}`,
            `pe_count = ${extentsIn(size)}`,
        ]),
    );
    const logical = volumes.flatMap((volume) =>
        block(volume.name, [
            `id = "${idOf(name, volume.name)}"`,
            ...status("READ", "WRITE", "VISIBLE"),
            `segment_count = ${volume.segments.length}`,
            ...volume.segments.flatMap(({ on, from, count }, index) => {
                const start = volume.segments.slice(0, index).reduce((sum, each) => sum + each.count, 0);
                return block(`segment${index + 1}`, [
                    `start_extent = ${start}`,
                    `extent_count = ${count}`,
                    'type = "striped"',
                    "stripe_count = 1",
                    `stripes = ["pv${on}", ${from}]`,
                ]);
            }),
        ]),
    );
    return [
        ...block(name, [
            `id = "${idOf(name)}"`,
            "seqno = 1",
            'format = "lvm2"',
            ...status("RESIZEABLE", "READ", "WRITE"),
            `extent_size = ${extent / SECTOR}`,
            "max_lv = 0",
            "max_pv = 0",
            "metadata_copies = 0",
            ...block("physical_volumes", physical),
            ...block("logical_volumes", logical),
        ]),
        'contents = "Text Format Volume Group"',
        "version = 1",
        'description = "of a rehearsal"',
        'creation_host = "rehearsal"',
        "creation_time = 0",
        "",
    ].join("\n");
}

/** How many fit behind the header. */
export function extentsIn(size: number): number {
    return Math.floor((size - dataAt) / extent);
}
