import { createHash } from "node:crypto";
import fc from "fast-check";
import { standsFor, parseReference, referTo, textOf } from "../../model/contract/ownProgram";
import { runs } from "../helpers/soak";

const program = '#!/bin/sh\n# Managed by Holdfast.\nset -eu\nlimit=75\necho "$limit"\n';
const itself = referTo(program, program);
const another = program.replace("75", "80");

test("stands as its digest, whatever its length", () => {
    expect(itself).toMatch(/^Holdfast's own program, sha256:[0-9a-f]{64}$/);
    expect(referTo(program.repeat(1000), program.repeat(1000))).toHaveLength(itself.length);
    expect(textOf(itself, program)).toBe(program);
});

test("an edit stands as its lines", () => {
    expect(referTo(program, `${program}exit 0\n`)).toBe(
        `${itself}, edited to sha256:${createHash("sha256").update(`${program}exit 0\n`).digest("hex")}:\n@@ -3,3 +3,4 @@\n set -eu\n limit=75\n echo "$limit"\n+exit 0`,
    );
});

test("another file stands in full", () => {
    const text = "x\n".repeat(2000);
    expect(referTo(program, text)).toBe(`${itself}, replaced by:\n${text}`);
});

test("a reference made from another version has no text here, but is known to stand for that text alone", () => {
    const edited = `${another}exit 0\n`;
    for (const text of [another, edited, "", "x\n".repeat(1000)]) {
        const reference = referTo(another, text);
        expect(textOf(reference, program)).toBeUndefined();
        expect([another, edited, "", "x\n".repeat(1000), program].filter((each) => standsFor(reference, each))).toEqual(
            [text],
        );
    }
    expect(standsFor("", "")).toBe(false);
});

test("what somebody has written into the state is no text", () => {
    expect(textOf(`${itself}, edited to sha256:${"0".repeat(64)}:\nx`, program)).toBeUndefined();
});

test.each([
    itself,
    `${itself}\n`,
    referTo(another, another),
    `${itself}, replaced by:\n${program}`,
    `${itself}, edited to sha256:${"0".repeat(64)}:\n`,
    "",
    "\n",
    program.slice(0, -1),
    program.replaceAll("\n", "\r\n"),
    `${program}\\ No newline at end of file\n`,
    `${program}--- a\n+++ b\n@@ -1,1 +1,1 @@\n`,
    `${program}\u2028\n\0\n`,
])("%j on a node stands for itself, and is never taken for the program", (text) => {
    expect(referTo(program, text)).not.toBe(itself);
    expect(textOf(referTo(program, text), program)).toBe(text);
});

test("any text comes back as it was", () => {
    const line = fc.oneof(
        fc.constantFrom(
            "",
            "a",
            "b",
            "#!/bin/sh",
            "\\ No newline at end of file",
            "+a",
            "-a",
            " a",
            "@@ -1,2 +1,2 @@",
            "--- ",
            "+++ ",
            "\r",
            "a\r",
            itself,
            `${itself}, edited to sha256:${"0".repeat(64)}:`,
            `${itself}, replaced by:`,
        ),
        fc.string(),
    );
    const text = fc
        .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
        .map(([lines, ends]) => lines.join("\n") + (ends ? "\n" : ""));
    fc.assert(
        fc.property(text, text, (brought, found) => {
            const reference = referTo(brought, found);
            expect(textOf(reference, brought)).toBe(found);
            expect(parseReference(reference)).toBeDefined();
            expect(standsFor(reference, found)).toBe(true);
            expect(standsFor(reference, brought)).toBe(found === brought);
        }),
        { numRuns: runs(1000) },
    );
});
