import fc from "fast-check";
import { lintInterfaces } from "../../../model/interfaces";
import { broken, faults } from "./faults";
import { validFiles, validNames } from "./fixtures";
import { runs } from "../../helpers/soak";

test.each(faults)("$title: $rule at line $line, $severity", ({ rule, line, severity, message = /./, ...fault }) => {
    const found = lintInterfaces(broken(fault), {}).filter((finding) => finding.rule === rule);
    expect(found.map((finding) => [finding.severity, finding.line])).toContainEqual([severity, line]);
    expect(found.map((finding) => finding.message).join("\n")).toMatch(message);
});

test("every finding says what to do, in one line", () => {
    const messages = faults.flatMap((fault) => lintInterfaces(broken(fault), {})).map(({ message }) => message);
    expect(messages.filter((message) => !/^[^\n]+[.:?] ?[^\n]*\.$/.test(message))).toEqual([]);
});

describe("corruptions of any file that works are caught", () => {
    const optionLine =
        /^[ \t]+(address|gateway|netmask|bridge[-_]ports|bond-slaves|ovs_type|ovs_bridge|ovs_ports|vlan-raw-device) /;
    const options = validNames.flatMap((name) =>
        validFiles
            .get(name)!
            .split("\n")
            .flatMap((text, index) => (optionLine.test(text) ? [{ name, index }] : [])),
    );

    /** The file with one line changed, and that line's number. */
    function withLine(
        { name, index }: { name: string; index: number },
        change: (line: string) => string,
    ): { content: string; line: number } {
        const lines = validFiles.get(name)!.split("\n");
        lines[index] = change(lines[index]!);
        return { content: lines.join("\n"), line: index + 1 };
    }

    test("a keyword that lost or swapped a letter", () => {
        fc.assert(
            fc.property(fc.constantFrom(...options), fc.nat(), fc.boolean(), (place, random, swap) => {
                const { content, line } = withLine(place, (text) => {
                    const start = text.search(/\S/);
                    const length = text.slice(start).search(/\s/);
                    // The first letter stays: what is left of it may look like another kind of line.
                    const at = start + 1 + (random % (length - 2));
                    const [a, b] = [text[at]!, text[at + 1]!];
                    return text.slice(0, at) + (swap && a !== b ? b + a : b) + text.slice(at + 2);
                });
                const found = lintInterfaces(content, {}).filter(
                    (finding) => finding.line === line && finding.severity === "error",
                );
                expect(found.map(({ rule }) => rule)).toEqual(["misspelt-keyword"]);
            }),
            { numRuns: runs(300) },
        );
    });

    test("a no-break space before an option, and a comma for a blank in a port list", () => {
        fc.assert(
            fc.property(fc.constantFrom(...options), fc.constantFrom("\u00a0", "\u2007", "\u3000"), (place, blank) => {
                const { content, line } = withLine(place, (text) => text.replace(/\S/, `${blank}$&`));
                expect(lintInterfaces(content, {})).toContainEqual(
                    expect.objectContaining({ rule: "invisible-blank", severity: "error", line }),
                );
            }),
        );
        const lists = options.filter(({ name, index }) =>
            /^\s*(?:bridge[-_]ports|bond-slaves|ovs_ports) (?!.*(?:glob|regex))\S+ \w/.test(
                validFiles.get(name)!.split("\n")[index]!,
            ),
        );
        fc.assert(
            fc.property(fc.constantFrom(...lists), fc.constantFrom(",", ", ", ";"), (place, separator) => {
                const { content, line } = withLine(place, (text) => text.replace(/(\S\s+\S+) /, `$1${separator}`));
                expect(lintInterfaces(content, {})).toContainEqual(
                    expect.objectContaining({ rule: "port-separator", severity: "error", line }),
                );
            }),
        );
    });

    test("an interface with a gateway whose auto moved below it, or became a class that nothing starts", () => {
        const names = validNames.filter(
            (name) =>
                /^auto vmbr0\niface vmbr0 inet static\n(?:[ \t].*\n)*?[ \t]+gateway/m.test(validFiles.get(name)!) &&
                !/allow-|ovs_/.test(validFiles.get(name)!),
        );
        fc.assert(
            fc.property(
                fc.constantFrom(...names),
                fc.constantFrom("", "allow-hotplgu vmbr0\n", "allow-vmbr9 vmbr0\n"),
                (name, line) => {
                    const content = `${validFiles.get(name)!.replace("auto vmbr0\n", line)}\n${line === "" ? "auto vmbr0\n" : ""}`;
                    expect(lintInterfaces(content, {}).map(({ rule }) => rule)).toContain("not-up-at-boot");
                },
            ),
        );
    });

    test("a value that was cut off", () => {
        fc.assert(
            fc.property(fc.constantFrom(...options), (place) => {
                const { content, line } = withLine(place, (text) => text.replace(/(\S)\s.*/, "$1"));
                expect(lintInterfaces(content, {})).toContainEqual(
                    expect.objectContaining({ rule: "missing-value", severity: "error", line }),
                );
            }),
        );
    });
});
