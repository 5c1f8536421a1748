/**
 * What a node would boot with, read over the one SSH connection that everything else goes over: a description first,
 * then, if that is wanted, the files. The other end is bootCopy.py; nothing is written there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { z } from "zod";
import type { HostArgs } from "../model/contract/fileSet";
import { parse } from "./answers";
import type { ConnectOptions } from "./connection";
import { AnswerError, OtherNameError, UnreachableError } from "./errors";
import { Line } from "./line";
import { line as oneLine, listOf, text } from "./values";

const word = text(4096).nullish();
const name = z.stringFormat("device name", /^[A-Za-z0-9!_.-]{1,64}$/);
const device = {
    name: text(256),
    type: text(64),
    size: z.int().min(0).nullable(),
    serial: word,
    pttype: word,
    ptuuid: word,
    partuuid: word,
    partlabel: word,
    parttype: word,
    fstype: word,
    uuid: word,
    label: word,
};
/** What lies on a disk or a partition: LVM's volumes, a mapping of LUKS's. */
const mapped = z.object(device);
const upper = z.object({ ...device, children: listOf(mapped, 1000).optional() });
const partition = z.object({ ...device, children: listOf(upper, 1000).optional() });
const disk = z.object({ ...device, children: listOf(partition, 1000).optional() });
const kernelVersion = z.stringFormat("kernel version", /^[0-9A-Za-z][0-9A-Za-z.+~_-]{0,199}$/);

const copied = z.strictObject({
    hostname: oneLine(256),
    kernel: z.union([kernelVersion, z.literal("")]),
    /** Of the kernel and its initramfs, the files that everybody may read. */
    readable: listOf(text(300), 2),
    commandLine: oneLine(8192),
    drivers: listOf(z.enum(["ahci", "virtio_scsi", "nvme"]), 3),
    disks: z.strictObject({ blockdevices: listOf(disk, 1000) }),
    ids: z.record(text(256), listOf(z.stringFormat("disk id", /^[\x21-\x2e\x30-\x7e]{1,255}$/), 100)),
    cards: listOf(
        z.strictObject({ name, mac: z.stringFormat("MAC address", /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/) }),
        1000,
    ),
    addresses: listOf(
        z.strictObject({ link: name, address: z.union([z.ipv4(), z.ipv6()]), prefix: z.int().min(0).max(128) }),
        10_000,
    ),
    port: z.int().min(1).max(65_535),
    fetch: z.strictObject({ files: z.int().min(0), bytes: z.int().min(0), withheld: z.int().min(0) }),
});

export type Copied = z.infer<typeof copied>;
export type CopiedDisk = z.infer<typeof disk>;

/** A description is 10 kB; who says more without an end says nothing. */
const LONGEST = 4 << 20;
/** Milliseconds. */
const LAST_WORDS = 1000;
const MARK = "holdfast copy ";
/** A constant: the program comes on standard input. No single quotes: it stands inside a pair of them. */
const COMMAND =
    "/usr/bin/python3 -I -S -X utf8 -c 'import sys; exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))'";

export interface BootCopy {
    readonly described: Copied;
    /** The tar stream, to its end. @throws UnreachableError where it breaks off, or is longer than `most` bytes */
    fetch(into: Writable, most: number): Promise<void>;
    end(): void;
}

/**
 * @throws UnreachableError where nothing can be said, AnswerError where it says what no node says, OtherNameError where
 * it is another node
 */
export async function openBootCopy(host: HostArgs, options: ConnectOptions): Promise<BootCopy> {
    const line = new Line(host, options);
    try {
        const connection = await line.connected();
        const sudo = host.sudo ?? connection.user !== "root";
        const channel = await connection.exec(sudo ? `sudo -n ${COMMAND}` : COMMAND);
        let complaint = "";
        channel.stderr.on("data", (data: Buffer) => (complaint = (complaint + data.toString()).slice(-2000)));
        const program = readFileSync(join(__dirname, "bootCopy.py"));
        channel.write(`${program.length}\n`);
        channel.write(program);
        const described = parse(host.name, copied, await description(host.name, channel, () => complaint));
        if (described.hostname.split(".")[0] !== host.name)
            throw new OtherNameError(
                host.name,
                `the host at ${host.address} calls itself ${described.hostname}; correct the address, or the node's name in the stack`,
            );
        return {
            described,
            fetch: async (into, most) => {
                const { bytes, status } = await receive(host.name, channel, into, most);
                if (status !== 0)
                    throw new UnreachableError(
                        host.name,
                        `its files broke off after ${bytes} bytes: ${complaint.trim() || `exit status ${status ?? "unknown"}`}`,
                    );
            },
            end: () => line.end(),
        };
    } catch (error) {
        line.renew();
        throw error;
    }
}

/** Until the channel ends. @throws UnreachableError for more than `most` bytes, and what `into` fails with */
function receive(
    node: string,
    channel: ClientChannel,
    into: Writable,
    most: number,
): Promise<{ readonly bytes: number; readonly status: number | undefined }> {
    return new Promise((resolve, reject) => {
        let bytes = 0;
        let status: number | undefined;
        channel.once("exit", (code: number | null) => {
            status = code ?? 1;
            // It has failed, whatever else of its files is still on their way; its last words may come after its end.
            if (status !== 0) setTimeout(() => resolve({ bytes, status }), LAST_WORDS);
        });
        into.once("error", reject);
        into.once("close", () => reject(new Error(`${node}: what takes its files ended before they were all there`)));
        into.on("drain", () => channel.resume());
        channel.on("data", (data: Buffer) => {
            bytes += data.length;
            if (bytes > most) {
                channel.destroy();
                reject(new UnreachableError(node, `sends more than the ${most} bytes it spoke of`));
            } else if (!into.write(data)) channel.pause();
        });
        channel.once("close", () => into.end(() => resolve({ bytes, status })));
        channel.end("go\n");
        channel.resume();
    });
}

/** The first line that is one of ours: a login script may have said something before it. */
function description(
    node: string,
    channel: NodeJS.ReadableStream & { pause(): unknown },
    complaint: () => string,
): Promise<unknown> {
    return new Promise((resolve, reject) => {
        let said = Buffer.alloc(0);
        const finish = (act: () => void) => {
            channel.off("data", onData);
            channel.off("end", onEnd);
            channel.pause();
            clearTimeout(timer);
            act();
        };
        const timer = setTimeout(
            () => finish(() => reject(new UnreachableError(node, "does not say within 300 s what it boots with"))),
            300_000,
        );
        const onData = (data: Buffer) => {
            said = Buffer.concat([said, data]);
            const from = said.indexOf(MARK);
            const to = from < 0 ? -1 : said.indexOf("\n", from);
            if (to >= 0)
                finish(() => {
                    try {
                        resolve(JSON.parse(said.subarray(from + MARK.length, to).toString("utf8")));
                    } catch (error) {
                        reject(new AnswerError(node, `says what is no JSON: ${(error as Error).message}`));
                    }
                });
            else if (said.length > LONGEST)
                finish(() => reject(new AnswerError(node, "says too much where it should say what it boots with")));
        };
        const onEnd = () =>
            finish(() =>
                reject(
                    new UnreachableError(
                        node,
                        `cannot say what it boots with: ${complaint().trim() || said.toString("utf8").slice(-500).trim() || "it ended without a word"}`,
                    ),
                ),
            );
        channel.on("data", onData);
        channel.on("end", onEnd);
    });
}
