import fc from "fast-check";
import { formatInterfaces, interfacesOf, parseInterfaces, sourcedPatterns } from "../../../model/interfaces";
import { isStanza, optionsOf, type Stanza } from "../../../model/interfaces/parse";
import { validFiles, validNames } from "./fixtures";
import { runs } from "../../helpers/soak";

function stanzaOf(content: string, name: string): Stanza {
    const stanza = parseInterfaces(content)
        .items.filter(isStanza)
        .find((item) => item.name?.text === name);
    if (!stanza) throw new Error(`no stanza ${name}`);
    return stanza;
}

/** Lines that matter to the grammar, so that random texts hit its corners. */
const fragment = fc.oneof(
    fc.constantFrom(
        "auto",
        "iface",
        "eth0",
        "inet",
        "static",
        "#",
        "\\",
        " ",
        "\t",
        "\n",
        "\r\n",
        "allow-ovs",
        "source",
        "vlan",
        "mapping",
        "%",
        "\u00a0",
        "address 192.0.2.1/24",
    ),
    fc.string({ maxLength: 5 }),
    fc.string({ unit: "binary", maxLength: 3 }),
);

describe("round trip", () => {
    test("gives back any text, byte for byte", () => {
        fc.assert(
            fc.property(fc.array(fragment, { maxLength: 60 }), (parts) => {
                const text = parts.join("");
                expect(formatInterfaces(parseInterfaces(text))).toBe(text);
            }),
            { numRuns: runs(1000) },
        );
    });

    test.each(validNames)("gives back %s, byte for byte", (name) => {
        const text = validFiles.get(name)!;
        expect(formatInterfaces(parseInterfaces(text))).toBe(text);
    });

    test.each(validNames)("every token of %s stands where it says", (name) => {
        const physical = validFiles.get(name)!.split("\n");
        for (const item of parseInterfaces(validFiles.get(name)!).items) {
            const lines = [item.line, ...(isStanza(item) ? item.body.map(({ line }) => line) : [])];
            for (const { text, line, column } of lines.flatMap(({ tokens }) => tokens)) {
                expect(physical[line - 1]!.slice(column - 1, column - 1 + text.length)).toBe(text);
            }
        }
    });
});

describe("grammar", () => {
    test("a stanza ends at the next statement, not at a blank line", () => {
        const stanza = stanzaOf("iface eth0 inet static\n\n\taddress 192.0.2.1/24\n\n# note\nauto eth0\n", "eth0");
        expect(optionsOf(stanza).map(({ name, value }) => [name, value])).toEqual([["address", "192.0.2.1/24"]]);
        expect(stanza.body.map(({ kind }) => kind)).toEqual(["blank", "option", "blank", "comment"]);
    });

    test("family and method may be absent", () => {
        expect(stanzaOf("iface vmbr0\n", "vmbr0")).toMatchObject({ family: undefined, method: undefined });
        expect(stanzaOf("iface vmbr0 inet6\n", "vmbr0")).toMatchObject({
            family: { text: "inet6" },
            method: undefined,
        });
        expect(stanzaOf("iface vmbr0 inet static inherits base\n", "vmbr0").method?.text).toBe("static");
    });

    test("option names are compared with - for _", () => {
        expect(optionsOf(stanzaOf("iface br0\n bridge_ports eth0\n", "br0"))[0]).toMatchObject({
            name: "bridge-ports",
            keyword: { text: "bridge_ports" },
        });
    });

    test("a value keeps its quotes and inner spaces", () => {
        expect(optionsOf(stanzaOf('iface e0\n\tovs_options "tag=1  trunks=2" \n', "e0"))[0]!.value).toBe(
            '"tag=1  trunks=2"',
        );
    });

    test("a backslash at the end of a line continues it, over blank lines and in comments, as in ifupdown2", () => {
        const { items } = parseInterfaces("auto eth0 \\\n\n  eth1\n# note \\\nauto eth2\nauto eth3\n");
        expect(items.map(({ kind, line }) => [kind, line.line])).toEqual([
            ["auto", 1],
            ["comment", 4],
            ["auto", 6],
        ]);
        expect(items[0]).toMatchObject({
            names: [
                { text: "eth0", line: 1, column: 6 },
                { text: "eth1", line: 3, column: 3 },
            ],
        });
    });

    test("a line that starts with a backslash belongs to the line before, as in ifupdown2", () => {
        const { items } = parseInterfaces("auto eth0\n\n \\ eth1\n\\\nauto eth2\n");
        expect(items.map(({ line }) => line.text)).toEqual(["auto eth0 eth1 auto eth2"]);
        expect(items[0]!.line.tokens[2]).toEqual({ text: "eth1", line: 3, column: 4 });
    });

    test("a carriage return alone ends a line, as Python reads it", () => {
        expect(
            parseInterfaces("auto eth0\riface eth0\r\n\tmtu 1500\r").items.map(({ kind, line }) => [
                kind,
                line.line,
                line.raw,
            ]),
        ).toEqual([
            ["auto", 1, "auto eth0\r"],
            ["iface", 2, "iface eth0\r\n"],
        ]);
        const content = validFiles.get("pve-default-install")!.replaceAll("\n", "\r");
        expect(interfacesOf(parseInterfaces(content)).map(({ name }) => name)).toEqual(["lo", "enp1s0", "vmbr0"]);
    });

    test("allow-CLASS, source and source-directory are statements", () => {
        expect(parseInterfaces("allow-vmbr0 eth0 bond0\nsource a b\nsource-directory c\n").items).toMatchObject([
            { kind: "allow", className: "vmbr0", names: [{ text: "eth0" }, { text: "bond0" }] },
            { kind: "source", patterns: [{ text: "a" }, { text: "b" }] },
            { kind: "source-directory", patterns: [{ text: "c" }] },
        ]);
    });

    test("statements of classic ifupdown end a stanza", () => {
        expect(
            parseInterfaces("iface eth0\nno-auto-down eth0\nmapping eth1\n\tscript /x\n").items.map(({ kind }) => kind),
        ).toEqual(["iface", "unknown", "mapping"]);
    });
});

describe("interfaces", () => {
    test("stanzas of one name are taken together, aliases with their interface", () => {
        const interfaces = interfacesOf(
            parseInterfaces("auto eth0\niface eth0 inet static\niface eth0 inet6 auto\niface eth0:1 inet static\n"),
        );
        expect(interfaces).toMatchObject([{ name: "eth0", auto: true, stanzas: [{}, {}, {}] }]);
        expect(
            interfacesOf(parseInterfaces("auto eth0:1\niface eth0 inet static\niface eth0:1 inet static\n"))[0]!.auto,
        ).toBe(false);
    });

    test("ranges are expanded, in auto too", () => {
        const interfaces = interfacesOf(parseInterfaces("auto swp[1-2].10\niface swp[1-3].10\n"));
        expect(interfaces.map(({ name, auto }) => [name, auto])).toEqual([
            ["swp1.10", true],
            ["swp2.10", true],
            ["swp3.10", false],
        ]);
    });

    test("auto all brings up every interface, allow-auto none: it is a class that nothing starts", () => {
        expect(interfacesOf(parseInterfaces("auto all\niface eth0\n"))[0]!.auto).toBe(true);
        expect(interfacesOf(parseInterfaces("allow-auto eth0\niface eth0\n"))[0]).toMatchObject({
            auto: false,
            allow: ["auto"],
        });
    });

    test("sourced patterns are absolute, a directory becomes the glob of its files", () => {
        const document = parseInterfaces(
            "source /etc/network/interfaces.d/*\nsource more\nsource-directory interfaces.d/\n",
        );
        expect(sourcedPatterns(document)).toEqual([
            "/etc/network/interfaces.d/*",
            "/etc/network/more",
            "/etc/network/interfaces.d/*",
        ]);
    });
});
