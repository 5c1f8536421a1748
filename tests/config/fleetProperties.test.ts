import fc from "fast-check";
import { planFstab } from "../../components/fstab";
import { planHostsFile } from "../../components/hosts";
import { formatFault, parseFleet } from "../../components/fleet";
import { lintFstab } from "../../model/fstab";
import { lintHosts } from "../../model/hosts";
import { readFixture } from "../fixtures/fleet/threeNodes";
import { runs } from "../helpers/soak";

const label = fc
    .stringMatching(/^[a-z][a-z0-9-]{0,12}[a-z0-9]$/)
    .filter((name) => name !== "localhost" && !name.startsWith("ip6-"));

/** Names and addresses are dealt out from one unique pool, as the checks demand; `shape` says what each node takes. */
const fleets = fc
    .record({
        domain: fc.option(fc.constantFrom("example.test", "lan.example.test"), { nil: undefined }),
        names: fc.uniqueArray(label, { minLength: 24, maxLength: 24, selector: (name) => name.toLowerCase() }),
        shapes: fc.array(
            fc.record({
                family: fc.constantFrom(4, 6),
                second: fc.boolean(),
                aliases: fc.nat(2),
                extra: fc.nat(2),
                maintenance: fc.boolean(),
            }),
            { minLength: 1, maxLength: 6 },
        ),
    })
    .map(({ domain, names, shapes }) => {
        const pool = [...names];
        const nodes = shapes.map(({ family, second, aliases, extra, maintenance }, index) => {
            const name = pool.shift()!;
            const address = family === 4 ? `192.0.2.${index + 1}` : `2001:db8::${index + 1}`;
            const node = {
                address,
                ...(second && family === 4 && { address6: `2001:db8::${index + 1}` }),
                maintenance,
                aliases: pool.splice(0, aliases > 0 ? 1 : 0),
                hostsFile: {
                    extra: Array.from({ length: extra }, (_, line) => ({
                        address: `198.51.100.${line + 1}`,
                        names: [`service${line}`, `service${line}.example.test`],
                    })),
                },
            };
            return [name, node] as const;
        });
        return { domain, nodes: Object.fromEntries(nodes) };
    });

test("any valid fleet renders hosts files without a finding", () => {
    fc.assert(
        fc.property(fleets, (given) => {
            const { fleet, faults } = parseFleet(given, readFixture);
            expect(faults.map(formatFault)).toEqual([]);
            for (const { identity: node, host, hostsFile } of fleet!.nodes) {
                const peers = fleet!.nodes.map(({ identity }) => identity).filter((peer) => peer !== node);
                const { content } = planHostsFile({ host, node, peers, settings: hostsFile }).files["/etc/hosts"]!;
                expect(lintHosts(content!, { node, peers })).toEqual([]);
            }
        }),
        { numRuns: runs(200) },
    );
});

const entries = fc.uniqueArray(
    fc.record({
        source: fc.constantFrom(
            "UUID=0a1b2c3d-1111-4222-8333-444455556666",
            "LABEL=data",
            "/dev/pve/data",
            "/dev/disk/by-id/ata-x-part1",
        ),
        target: fc.constantFrom("/srv", "/srv/a", "/var/lib/vz", "/mnt/b", "/usr", "/boot/efi"),
        fstype: fc.constantFrom("ext4", "xfs", "btrfs"),
        options: fc.option(
            fc.uniqueArray(fc.constantFrom("defaults", "noatime", "nofail", "ro", "x-systemd.device-timeout=5s"), {
                minLength: 1,
            }),
            { nil: undefined },
        ),
        essential: fc.boolean(),
    }),
    { selector: ({ target }) => target, maxLength: 6 },
);

test("no valid fstab leaves an entry that stops a boot, but for essential ones", () => {
    fc.assert(
        fc.property(entries, (optional) => {
            const root = {
                source: "UUID=0a1b2c3d-1111-4222-8333-444455556600",
                target: "/",
                fstype: "ext4",
                passno: 1,
            };
            const { fleet, faults } = parseFleet(
                { nodes: { pve01: { address: "192.0.2.11", fstab: [root, ...optional] } } },
                readFixture,
            );
            expect(faults.map(formatFault)).toEqual([]);
            const { identity: node, host, fstab } = fleet!.nodes[0]!;
            const { content } = planFstab({ host, node, settings: fstab! }).files["/etc/fstab"]!;
            expect(
                lintFstab(content!, { node }).filter(
                    ({ severity, rule }) => severity === "error" || rule === "missing-nofail",
                ),
            ).toEqual([]);
        }),
        { numRuns: runs(200) },
    );
});
