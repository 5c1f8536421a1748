/**
 * Where the machine runs: a network namespace with a bridge for its cards and a peer that asks for SSH, connected to
 * nothing. It has no name and no owner but this command: it ends with it.
 */
import { familyOf } from "../../model/values/address";
import type { Way } from "./blueprint";
import type { Commands } from "./interrupt";

export interface Stage {
    /** Arguments that run a command there, after `nsenter`. */
    readonly inside: readonly string[];
    /** Why nobody can ask the machine for SSH; undefined where somebody can. */
    readonly deaf?: string;
}

export async function openStage(commands: Commands, way: Way, cards: number): Promise<Stage> {
    const holder = commands.run("unshare", ["--net", "sh", "-c", "echo made; exec cat"], { buffer: false });
    await new Promise<void>((made, failed) => {
        holder.stdout?.once("data", () => made());
        holder.catch(failed);
    });
    const inside = [`--net=/proc/${holder.pid!}/ns/net`];
    const ip = (lines: readonly string[], reject = true) =>
        commands.run("nsenter", [...inside, "ip", "-batch", "-"], { input: lines.join("\n"), reject });
    const taps = Array.from({ length: cards }, (_, index) => `tap${index}`);
    await ip([
        "link set lo up",
        "link add br0 type bridge",
        "link set br0 up",
        // Ports that hear the peer and not one another: two cards of the machine make no loop.
        ...taps.flatMap((tap) => [
            `tuntap add dev ${tap} mode tap`,
            `link set ${tap} master br0 up`,
            `link set dev ${tap} type bridge_slave isolated on`,
        ]),
    ]);
    const link = way.vlan === undefined ? "br0" : "way";
    if (way.vlan !== undefined) {
        const made = await ip([`link add link br0 name way type vlan id ${way.vlan}`, "link set way up"], false);
        if (made.exitCode !== 0)
            return {
                inside,
                deaf: `${way.address} is on VLAN ${way.vlan}, and this machine's kernel makes none: modprobe 8021q`,
            };
    }
    const peer = peerOf(way);
    if (peer === undefined)
        return {
            inside,
            deaf: `${way.address}/${way.prefix} has no neighbours, and its interfaces name no gateway that could ask in their place`,
        };
    const isSix = familyOf(way.address) === 6;
    const isAlone = way.prefix === bitsOf(way.address);
    await ip([
        `address add ${peer}/${isAlone && peer.startsWith("fe80:") ? 64 : way.prefix} dev ${link}${isSix ? " nodad" : ""}`,
        ...(isAlone ? [`route add ${way.address}/${way.prefix} dev ${link}`] : []),
    ]);
    return { inside };
}

function bitsOf(address: string): 32 | 128 {
    return familyOf(address) === 4 ? 32 : 128;
}

/** Another address of the same network; of one without neighbours its gateway, the only one it has a route to. */
export function peerOf({ address, prefix, gateway }: Pick<Way, "address" | "prefix" | "gateway">): string | undefined {
    const isFour = familyOf(address) === 4;
    const bits = bitsOf(address);
    if (prefix === bits) return gateway;
    const own = isFour ? fromFour(address) : fromSix(address);
    const host = BigInt(bits - prefix);
    const network = (own >> host) << host;
    // Of two (/31, /127) it is the other one; else the network's own number is nobody's.
    const others = bits - prefix === 1 ? [0n, 1n] : [1n, 2n];
    const peer = others.map((each) => network + each).find((each) => each !== own)!;
    return isFour ? toFour(peer) : toSix(peer);
}

function fromFour(address: string): bigint {
    return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function toFour(value: bigint): string {
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

function fromSix(address: string): bigint {
    const [head = "", tail] = address.split("::");
    const words = (text: string) => text.split(":").filter(Boolean);
    const [before, after] = [words(head), words(tail ?? "")];
    const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
    return [...before, ...zeros, ...after].reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n);
}

function toSix(value: bigint): string {
    return Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 65_535n).toString(16)).join(
        ":",
    );
}
