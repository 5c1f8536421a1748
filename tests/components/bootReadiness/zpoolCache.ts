/**
 * OpenZFS's cache file, of a pool's configuration what the checks read. `native` is what OpenZFS 2.3.2 writes on this
 * kind of machine, as in tests/fixtures/boot/zpool.cache; `xdr` are its disks' labels, and the cache of an older one.
 */

const kinds = { number: 8, string: 9, list: 19, lists: 20 } as const;

type Value = number | string | List | readonly List[];
interface List {
    readonly [name: string]: Value;
}

/** A pool of one mirror. */
export interface Pool {
    readonly disks?: readonly string[];
    /** Numbers by name, `hostid` among them. */
    readonly numbers?: Readonly<Record<string, number>>;
}

export function zpoolCache(pools: Readonly<Record<string, Pool>>, encoding: "native" | "xdr" = "native"): Buffer {
    const disk = (path: string): List => ({ type: "disk", path });
    const configs = Object.entries(pools).map(([name, { disks = [], numbers = {} }]) => {
        const mirror: List = { type: "mirror", children: disks.map(disk) };
        return [name, { name, ...numbers, vdev_tree: { children: [mirror] } }] as const;
    });
    const all = Object.fromEntries(configs);
    if (encoding === "xdr") return Buffer.concat([Buffer.from([1, 1, 0, 0]), xdrList(all)]);
    return Buffer.concat([Buffer.from([0, 1, 0, 0]), Buffer.alloc(8), nativeList(all)]);
}

function kindOf(value: Value): keyof typeof kinds {
    if (typeof value === "number" || typeof value === "string") return typeof value as "number" | "string";
    return Array.isArray(value) ? "lists" : "list";
}

const padded = (data: Buffer, to: number) => Buffer.concat([data, Buffer.alloc((to - (data.length % to)) % to)]);

function nativeList(list: List): Buffer {
    const pairs = Object.entries(list).map(([name, value]) => {
        const below = kindOf(value) === "list" ? [value as List] : Array.isArray(value) ? (value as List[]) : [];
        const letters = padded(Buffer.from(`${name}\0`), 8);
        const body = padded(nativeValue(value), 8);
        const head = Buffer.alloc(16);
        head.writeInt32LE(16 + letters.length + body.length, 0);
        head.writeInt16LE(name.length + 1, 4);
        head.writeInt32LE(Array.isArray(value) ? value.length : 1, 8);
        head.writeInt32LE(kinds[kindOf(value)], 12);
        return Buffer.concat([head, letters, body, ...below.map(nativeList)]);
    });
    return Buffer.concat([...pairs, Buffer.alloc(4)]);
}

/** Of lists what is left of them in memory: 24 bytes each, and of several a pointer each. */
function nativeValue(value: Value): Buffer {
    if (typeof value === "string") return Buffer.from(`${value}\0`);
    if (typeof value !== "number") return Buffer.alloc(Array.isArray(value) ? value.length * 32 : 24);
    const packed = Buffer.alloc(8);
    packed.writeBigUInt64LE(BigInt(value));
    return packed;
}

function xdrList(list: List): Buffer {
    const pairs = Object.entries(list).map(([name, value]) => {
        const count = Array.isArray(value) ? value.length : 1;
        const rest = Buffer.concat([
            xdrString(name),
            xdrNumber(kinds[kindOf(value)]),
            xdrNumber(count),
            xdrValue(value),
        ]);
        return Buffer.concat([xdrNumber(rest.length + 8), xdrNumber(64), rest]);
    });
    return Buffer.concat([xdrNumber(0), xdrNumber(1), ...pairs, Buffer.alloc(8)]);
}

function xdrValue(value: Value): Buffer {
    if (typeof value === "string") return xdrString(value);
    if (typeof value === "number") return Buffer.concat([xdrNumber(0), xdrNumber(value)]);
    return Array.isArray(value) ? Buffer.concat((value as List[]).map(xdrList)) : xdrList(value as List);
}

const xdrString = (text: string) => Buffer.concat([xdrNumber(text.length), padded(Buffer.from(text), 4)]);

function xdrNumber(value: number): Buffer {
    const packed = Buffer.alloc(4);
    packed.writeUInt32BE(value);
    return packed;
}
