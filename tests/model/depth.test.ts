/**
 * A node's file must not be able to end the lint of all: no text exhausts the stack, and what is too long is a finding.
 */
import { lintContent, type FormatName } from "../../model/lint/formats";

const formats = ["hosts", "fstab", "interfaces", "interfaces.d", "smartd"] as const satisfies FormatName[];
const repeat = (line: string, count: number) => line.repeat(count);
const chain = (size: number) =>
    Array.from({ length: size }, (_, at) => `iface br${at} inet manual\n\tbridge-ports br${(at + 1) % size}\n`).join(
        "",
    );

test("a circle of ten thousand bridges is one finding, short enough to read", () => {
    const cycles = lintContent("interfaces", chain(10_000)).filter(({ rule }) => rule === "dependency-cycle");
    expect(cycles).toHaveLength(1);
    expect(cycles[0]!.message.length).toBeLessThan(500);
});

test.each(formats)("%s: lines without end, words without end and brackets without end", (format) => {
    for (const unit of ["a\\\n", "a b ", "((((", "{{", "[object Object]", "\\ ", "#", "::::", "/a", "a,b"])
        expect(() => lintContent(format, `${repeat(unit, Math.floor(16_000 / unit.length))}\n`)).not.toThrow();
    expect(() => lintContent(format, repeat("a\\\n", 100_000))).not.toThrow();
});

describe.each(formats)("%s", (format) => {
    test("of more than a mebibyte is not checked, which is an error and the only one", () => {
        expect(lintContent(format, repeat("127.0.0.1 localhost\n", 60_000))).toEqual([
            expect.objectContaining({ rule: "long-file", severity: "error", line: 1, column: 1 }),
        ]);
    });

    test("with a line of more than 16,384 characters neither; the line is named", () => {
        const long = `# ${repeat("x", 16_383)}\n`;
        expect(lintContent(format, `# fine\n${long}`)).toEqual([
            expect.objectContaining({ rule: "long-line", severity: "error", line: 2, column: 16_385 }),
        ]);
        expect(lintContent(format, repeat(long, 60))).toHaveLength(10);
        expect(lintContent(format, `# ${repeat("x", 16_382)}\n`).map(({ rule }) => rule)).not.toContain("long-line");
    });
});

test("a text of no known grammar is the project's own, whatever its length", () => {
    expect(lintContent("text", `${repeat("x", 2_000_000)}\n`)).toEqual([]);
});

test("a sourced file that is too long counts as not known", () => {
    const content = "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n";
    const sourced = { "/etc/network/interfaces.d/a": repeat("#\n", 600_000) };
    const rules = (files: Record<string, string>) =>
        lintContent("interfaces", content, { sourced: files }).map(({ rule }) => rule);
    expect(rules(sourced)).toContain("sourced-file");
    expect(rules({ "/etc/network/interfaces.d/a": "#\n" })).not.toContain("sourced-file");
});
