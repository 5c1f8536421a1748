import fc from "fast-check";
import { isProgram, parseReference, referTo, textOf } from "../../model/ownProgram";
import { runs } from "../helpers/soak";

const program = "#!/bin/sh\n# Managed by Holdfast.\nset -eu\nlimit=75\necho \"$limit\"\n";
const itself = referTo(program, program);
const another = program.replace("75", "80");

test("stands as its digest, whatever its length", () => {
    expect(itself).toMatch(/^Holdfast's own program, sha256:[0-9a-f]{64}$/);
    expect(referTo(program.repeat(1000), program.repeat(1000))).toHaveLength(itself.length);
    expect(textOf(itself, program)).toBe(program);
});

test("an edit stands as its lines", () => {
    expect(referTo(program, `${program}exit 0\n`)).toBe(`${itself}, but for:\n@@ -3,3 +3,4 @@\n set -eu\n limit=75\n echo "$limit"\n+exit 0`);
});

test("what has too little of it stands in full", () => {
    const text = "x\n".repeat(2000);
    expect(referTo(program, text)).toBe(`${itself}, replaced by:\n${text}`);
});

test("a reference to another version has no text here, but is known to stand for that version alone", () => {
    const reference = referTo(another, another);
    expect(textOf(reference, program)).toBeUndefined();
    expect(textOf(referTo(another, `${another}exit 0\n`), program)).toBeUndefined();
    expect(isProgram(reference, another)).toBe(true);
    expect(isProgram(reference, program)).toBe(false);
    expect(isProgram(referTo(another, `${another}exit 0\n`), another)).toBe(false);
    expect(isProgram(referTo(another, ""), another)).toBe(false);
    expect(isProgram("", "")).toBe(false);
});

test.each([itself, `${itself}\n`, referTo(another, another), `${itself}, replaced by:\n${program}`, `${itself}, but for:\n`, "", "\n", program.slice(0, -1), program.replaceAll("\n", "\r\n"), `${program}\\ No newline at end of file\n`, `${program}--- a\n+++ b\n@@ -1,1 +1,1 @@\n`, `${program}\u2028\n\0\n`])(
    "%j on a node stands for itself, and is never taken for the program",
    (text) => {
        expect(referTo(program, text)).not.toBe(itself);
        expect(textOf(referTo(program, text), program)).toBe(text);
    },
);

test("any text comes back as it was", () => {
    const line = fc.oneof(fc.constantFrom("", "a", "b", "#!/bin/sh", "\\ No newline at end of file", "+a", "-a", " a", "@@ -1,2 +1,2 @@", "--- ", "+++ ", "\r", "a\r", itself, `${itself}, but for:`, `${itself}, replaced by:`), fc.string());
    const text = fc.tuple(fc.array(line, { maxLength: 12 }), fc.boolean()).map(([lines, ends]) => lines.join("\n") + (ends ? "\n" : ""));
    fc.assert(
        fc.property(text, text, (brought, found) => {
            const reference = referTo(brought, found);
            expect(textOf(reference, brought)).toBe(found);
            expect(parseReference(reference)).toBeDefined();
            expect(isProgram(reference, brought)).toBe(found === brought);
        }),
        { numRuns: runs(1000) },
    );
});
