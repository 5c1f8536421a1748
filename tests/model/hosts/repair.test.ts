import fc from "fast-check";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { formatHosts, lintHosts, parseHosts, repairHosts, type HostsRepair } from "../../../model/hosts";
import { runs } from "../../helpers/soak";

const repair: HostsRepair = {
    node: { name: "pve01", domain: "example.test", address: "192.0.2.11", aliases: ["pve01-mgmt"] },
    peers: [{ name: "pve02", domain: "example.test", address: "192.0.2.12", address6: "2001:db8::12" }],
    extra: [{ address: "192.0.2.60", names: ["nas.example.test", "nas"] }],
};
const solo: HostsRepair = { node: { name: "pve01", domain: "example.test", address: "192.0.2.11" } };

/** Hosts lines that mean something, mixed with ones that do not. */
const line = fc.oneof(
    fc
        .tuple(
            fc.constantFrom(
                "127.0.0.1",
                "127.0.1.1",
                "::1",
                "192.0.2.11",
                "192.0.2.12",
                "198.51.100.7",
                "2001:db8::12",
                "2001:DB8:0::12",
                "nonsense",
                "::ffff:127.0.0.1",
            ),
            fc.array(
                fc.constantFrom(
                    "localhost",
                    "pve01",
                    "PVE01",
                    "pve01.example.test",
                    "pve02",
                    "nas",
                    "other",
                    "pve01-mgmt",
                ),
                { maxLength: 4 },
            ),
            fc.constantFrom(" ", "\t", "  \t"),
            fc.constantFrom("", " # kept", "#kept too", "   "),
        )
        .map(([address, names, gap, tail]) => [address, ...names].join(gap) + tail),
    fc.constantFrom("", "# comment", "  # --- BEGIN PVE ---", "# --- END PVE ---", "27: enx: <UP> mtu 1500", "\t "),
);
const hostsFile = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([lines, end, final]) => lines.join(end) + (final ? end : ""));
const commentsOf = (content: string) =>
    parseHosts(content).flatMap(({ tail }) => (tail.includes("#") ? [tail.trim()] : []));

describe("parse and format", () => {
    it("give back any text byte for byte", () => {
        fc.assert(
            fc.property(
                fc.oneof(
                    hostsFile,
                    fc.string({ unit: "binary" }),
                    fc.string({ unit: fc.constantFrom("#", " ", "\t", "\r", "\n", "\v", "1", ".", "a") }),
                ),
                (content) => {
                    expect(formatHosts(parseHosts(content))).toBe(content);
                },
            ),
        );
    });

    test.each(["valid", "broken"])("give back the %s fixtures", (kind) => {
        const folder = join(__dirname, "../../fixtures/hosts", kind);
        for (const name of readdirSync(folder)) {
            const content = readFileSync(join(folder, name), "utf8");
            expect(formatHosts(parseHosts(content))).toBe(content);
        }
    });

    it("give each token its line and column", () => {
        const [, entry] = parseHosts("# x\n  192.0.2.1\tname # y\n");
        expect(entry).toMatchObject({
            number: 2,
            address: { text: "192.0.2.1", column: 3 },
            names: [{ text: "name", column: 13 }],
            tail: " # y",
            ending: "\n",
        });
    });
});

describe("repairHosts", () => {
    it("is idempotent, loses no comment and leaves no error that it repairs", () => {
        const repaired = new Set([
            "own-name-on-loopback",
            "missing-own-name",
            "own-name-elsewhere",
            "missing-peer",
            "missing-localhost",
            "empty-file",
        ]);
        fc.assert(
            fc.property(hostsFile, (content) => {
                const result = repairHosts(content, repair);
                expect(repairHosts(result, repair)).toBe(result);
                expect(commentsOf(result).sort()).toEqual(commentsOf(content).sort());
                expect(
                    lintHosts(result, { node: repair.node, peers: repair.peers }).filter(({ rule }) =>
                        repaired.has(rule),
                    ),
                ).toEqual([]);
            }),
            { numRuns: runs(400) },
        );
    });

    it("changes one word of incident A's line", () => {
        expect(
            repairHosts(
                "127.0.0.1\tlocalhost\n127.0.1.1\tpve01.example.test\tpve01 # installer\n\n::1 localhost\n",
                solo,
            ),
        ).toBe("127.0.0.1\tlocalhost\n192.0.2.11\tpve01.example.test\tpve01 # installer\n\n::1 localhost\n");
    });

    it("leaves a sound file alone, whatever its spacing and case", () => {
        const content =
            "# mine\n127.0.0.1   localhost\n192.0.2.11\tPVE01.example.test  pve01 # LAN\n192.0.2.99 other\n";
        expect(repairHosts(content, solo)).toBe(content);
    });

    it("takes the name off loopback lines and keeps what else stands there", () => {
        expect(
            repairHosts(
                "127.0.0.1 localhost pve01\n::1 localhost pve01 ip6-localhost\n192.0.2.11 pve01.example.test pve01\n",
                solo,
            ),
        ).toBe("127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.11 pve01.example.test pve01\n");
    });

    it("keeps the comment of a line that has no name left", () => {
        expect(
            repairHosts("127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n127.0.1.1 pve01 # why\n", solo),
        ).toBe("127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n# why\n");
    });

    it("puts the qualified name first, since hostname -f prints the first", () => {
        expect(repairHosts("127.0.0.1 localhost\n192.0.2.11\tpve01 # LAN\n", solo)).toBe(
            "127.0.0.1 localhost\n192.0.2.11\tpve01.example.test pve01 # LAN\n",
        );
    });

    it("corrects a peer's address but keeps an address of a family that nobody declared", () => {
        const peer: HostsRepair = { ...solo, peers: [{ name: "pve02", address: "192.0.2.12" }] };
        expect(
            repairHosts(
                "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n198.51.100.2 pve02\n2001:db8::12 pve02\n",
                peer,
            ),
        ).toBe("127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n192.0.2.12 pve02\n2001:db8::12 pve02\n");
    });

    it("never takes localhost off a loopback address, even where the name is declared elsewhere", () => {
        const odd: HostsRepair = { ...solo, extra: [{ address: "192.0.2.60", names: ["nas", "localhost"] }] };
        expect(repairHosts("127.0.0.1 localhost\n::1 localhost\n192.0.2.11 pve01.example.test pve01\n", odd)).toBe(
            "127.0.0.1 localhost\n::1 localhost\n192.0.2.11 pve01.example.test pve01\n192.0.2.60 nas localhost\n",
        );
    });

    it("adds lines outside the block that Proxmox owns, and leaves markers in place", () => {
        expect(repairHosts("# --- BEGIN PVE ---\n127.0.0.1 localhost\n# --- END PVE ---\n# tail\n", solo)).toBe(
            "# --- BEGIN PVE ---\n127.0.0.1 localhost\n# --- END PVE ---\n192.0.2.11 pve01.example.test pve01\n# tail\n",
        );
    });

    it("writes a whole file from nothing", () => {
        expect(repairHosts("", repair)).toBe(
            "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01 pve01-mgmt\n192.0.2.12 pve02.example.test pve02\n2001:db8::12 pve02.example.test pve02\n192.0.2.60 nas.example.test nas\n",
        );
    });
});

it("every corruption of a sound file is caught at its line", () => {
    const sound = "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01\n192.0.2.12 pve02\n# end\n".split(
        /(?<=\n)/,
    );
    const corruption = fc.constantFrom(
        ["stray-line", "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500"],
        ["stray-line", "root@pve01:~# ip a"],
        ["stray-line", "Apr  4 10:11:12 pve01 kernel: x"],
        ["own-name-on-loopback", "127.0.1.1 pve01.example.test pve01"],
        ["invalid-address", "pve01 192.0.2.11"],
        ["unrendered-template", "{{ address }} x"],
    );
    fc.assert(
        fc.property(corruption, fc.nat({ max: sound.length }), ([rule, text], index) => {
            const content = [...sound.slice(0, index), `${text}\n`, ...sound.slice(index)].join("");
            const errors = lintHosts(content, { node: solo.node })
                .filter(({ severity }) => severity === "error")
                .map((finding) => `${finding.line} ${finding.rule}`);
            expect(errors).toContain(`${index + 1} ${rule}`);
        }),
    );
});
