/** LVM's headers without LVM. That a kernel and its LVM take them is tried in tests/lab/vmRehearse. */
import { dataAt, extent, headersOf, idOf, isId } from "../../../cli/rehearse/lvm";

const size = dataAt + 8 * extent;
const headers = headersOf({
    name: "pve",
    members: ["abcdef", "abcdeg"].map((begin) => ({ id: `${begin}-0000-0000-0000-0000-0000-abcdef`, size })),
    volumes: [
        {
            name: "root",
            segments: [
                { on: 0, from: 0, count: 3 },
                { on: 1, from: 0, count: 1 },
            ],
        },
        { name: "data-x", segments: [{ on: 0, from: 3, count: 5 }] },
    ],
});

test("the checksums are those that pvck of LVM 2.03.31 has found right", () => {
    expect(headers.map((header) => header.length)).toEqual([dataAt, dataAt]);
    const [first] = headers;
    const at = (offset: number) => first!.readUInt32LE(offset).toString(16);
    expect({ label: at(512 + 16), area: at(4096), description: at(4096 + 56) }).toEqual({
        label: "d8b0304e",
        area: "6b3cf5b1",
        description: "78abe868",
    });
});

test("an id is one of LVM's, and the same for the same words", () => {
    expect(isId(idOf("pve", "root"))).toBe(true);
    expect(idOf("pve", "root")).toBe(idOf("pve", "root"));
    expect(idOf("pve", "root")).not.toBe(idOf("pve", "swap"));
    expect(isId("1234-ABCD")).toBe(false);
});
