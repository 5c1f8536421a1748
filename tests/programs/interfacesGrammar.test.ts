/**
 * The grammar of /etc/network/interfaces in both languages: the lints' in TypeScript, the guard's on the node in
 * Python.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { initialFiles, identityOf, strayLine } from "../../lab/initialState";
import { lintInterfaces, lintInterfacesFragment } from "../../model/interfaces";
import { lintGrammar } from "../../model/interfaces/grammar";
import { keywords } from "../../model/interfaces/keywords";
import type { Finding } from "../../model/lint/finding";
import { nodeTablesPath, renderNodeTables } from "../../scripts/nodeTables";
import { runs } from "../helpers/soak";
import { faults } from "../model/interfaces/faults";
import { readFixture, validFiles } from "../model/interfaces/fixtures";

interface Given {
    readonly content: string;
    readonly mako: boolean | null;
}

const PROGRAM = `
import json, sys
from shared.interfaces_grammar import lint_interfaces
print(json.dumps([[f._asdict() for f in lint_interfaces(given["content"], given["mako"])] for given in json.load(sys.stdin)]))`;

/** What the node's grammar finds in each. */
function lintOnNode(given: readonly Given[]): Finding[][] {
    const ran = spawnSync("python3", ["-Xutf8", "-c", PROGRAM], {
        cwd: join(__dirname, "../../programs"),
        env: { PATH: process.env["PATH"], PYTHONDONTWRITEBYTECODE: "1" },
        input: JSON.stringify(given),
        encoding: "utf8",
        maxBuffer: 1 << 28,
    });
    if (ran.status !== 0) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout) as Finding[][];
}

/** Half a character at the end of a message is no text: Python's is U+FFFD, as it is once it has been written out. */
function lintHere({ content, mako }: Given): Finding[] {
    return lintGrammar(content, mako ?? undefined).map((found) => ({
        ...found,
        message: Buffer.from(found.message, "utf8").toString("utf8"),
    }));
}

/** Of files that are found otherwise the first alone, since all would be a book. */
function expectBothAlike(all: readonly Given[]): void {
    const theirs = lintOnNode(all);
    const index = all.findIndex((given, at) => JSON.stringify(lintHere(given)) !== JSON.stringify(theirs[at]));
    if (index !== -1)
        expect({ ...all[index], found: theirs[index] }).toEqual({ ...all[index], found: lintHere(all[index]!) });
    expect(theirs).toHaveLength(all.length);
}

const texts = [
    ...validFiles.values(),
    ...faults.map(({ file, find, replace }) => validFiles.get(file)!.replace(find, replace)),
    ...["", "-before-the-first-stanza", "-inside-bond0", "-outside-any-stanza"].map((name) =>
        readFixture(`broken/incident-b${name}`),
    ),
    initialFiles(identityOf(1), [], "incident")["/etc/network/interfaces"]!,
];

test("the tables that went to the nodes are those that the model makes now: `npm run schema`", () => {
    expect(readFileSync(join(__dirname, "../..", nodeTablesPath), "utf8")).toBe(renderNodeTables());
});

test("every file that the lints' own tests know gives the same findings on a node", () => {
    expectBothAlike(texts.flatMap((content) => [true, false, null].map((mako) => ({ content, mako }))));
});

test("incident B's line is found on a node wherever it stands, by line", () => {
    const file = validFiles.get("ovs-wiki-bond")!.split("\n");
    const given = file.map((_, at) => ({
        content: [...file.slice(0, at), strayLine, ...file.slice(at)].join("\n"),
        mako: null,
    }));
    expect(lintOnNode(given).map((all) => all.find(({ rule }) => rule === "stray-line")?.line)).toEqual(
        file.map((_, at) => at + 1),
    );
});

const blanks = fc.constantFrom(
    " ",
    "\t",
    "  ",
    "\r",
    "\v",
    "\f",
    "\u0085",
    "\u00a0",
    "\ufeff",
    "\u2003",
    "\u001c",
    "\u2028",
    "",
);
const words = fc.oneof(
    fc.constantFrom(
        ...[
            "auto",
            "iface",
            "source",
            "source-directory",
            "mapping",
            "allow-hotplug",
            "allow-ovs",
            "vlan",
            "rename",
            "ifcae",
        ],
        ...[
            "inet",
            "inet6",
            "static",
            "statik",
            "manual",
            "inherits",
            "lo",
            "vmbr0",
            "#",
            "# x",
            "%",
            "<%",
            "${IFACE}",
        ],
        ...[
            "ovs_type",
            "OVSBond",
            "OVSBnd",
            "adress",
            "bond_slavs",
            "bridge-ports",
            "post-up",
            "\\",
            "\\\\",
            "{{ x }}",
            "undefined",
        ],
        ...[
            "ip route add \\",
            "yes",
            "YES",
            "0",
            "a,b",
            "é",
            "𝔸",
            "İ",
            "K",
            "\0",
            "27:",
            "=",
            "EOF",
            "dev eth0",
            "default via 192.0.2.1 dev eth0",
            ...[
                "enp1s0           UP",
                "lo               UNKNOWN",
                "192.0.2.1        DOWN",
                "hostname UP",
                "statics",
                "dhpc6",
                "manaul",
            ],
        ],
    ),
    fc.constantFrom(...keywords.keys()),
    fc.string({ unit: "grapheme", maxLength: 6 }),
);
const stanzas = fc
    .tuple(
        fc.constantFrom("iface", "vlan", "mapping"),
        fc.constantFrom("vmbr0", "lo"),
        fc.constantFrom("inet", "inet6", "intet"),
        fc.constantFrom("static", "manaul", "statics", "inherits"),
    )
    .map((parts) => parts.join(" "));
const lines = fc.oneof(
    fc.array(fc.tuple(blanks, words), { maxLength: 5 }).map((parts) => parts.flat().join("")),
    stanzas,
);
const generated = fc
    .array(fc.tuple(lines, fc.constantFrom("\n", "\n", "\n", "\r\n", "\r", "\\\n", " \\ \n", "\n\n", "")), {
        maxLength: 12,
    })
    .map((parts) => parts.flat().join(""));
/** A file that works, with up to three pieces put in, taken out or doubled. */
const damaged = fc
    .tuple(
        fc.constantFrom(...validFiles.values()),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(40), fc.oneof(lines, generated)), {
            maxLength: 3,
        }),
    )
    .map(([text, edits]) =>
        edits.reduce((now, [where, length, piece]) => {
            const at = Math.floor(where * now.length);
            return now.slice(0, at) + piece + now.slice(at + length);
        }, text),
    );
const given = fc.record({ content: fc.oneof(generated, damaged), mako: fc.constantFrom(true, false, null) });

test("any file gives the same findings on a node as here", () => {
    // One interpreter for many files: it is its start that costs.
    fc.assert(
        fc.property(fc.array(given, { minLength: 40, maxLength: 40 }), (all) => expectBothAlike(all)),
        { numRuns: runs(12), endOnFailure: true },
    );
});

test("what a node would refuse a push refuses too, whatever the file", () => {
    fc.assert(
        fc.property(given, ({ content }) => {
            const errorsOf = (found: Finding[]) =>
                found
                    .filter(({ severity }) => severity === "error")
                    .map(({ rule, line, column }) => `${rule} ${line}:${column}`);
            const whole = errorsOf(lintInterfaces(content, {}));
            expect(whole).toEqual(expect.arrayContaining(errorsOf(lintGrammar(content))));
            expect(errorsOf(lintInterfacesFragment(content, {}))).toEqual(
                expect.arrayContaining(errorsOf(lintGrammar(content))),
            );
        }),
        { numRuns: runs(300) },
    );
});
