import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { nothingByDefault } from "../../components/table";
import { threeNodes } from "../fixtures/fleet/threeNodes";
import { recordRegistrations, valueOf } from "../helpers/registrations";

/** pve01 and pve03 only: the program reads real files, and pve02's exist in the fixture's memory alone. */
const { pve01, pve03 } = threeNodes().nodes;
const fleet = {
    ...threeNodes(),
    rollout: undefined,
    defaults: { ...threeNodes().defaults, ...nothingByDefault, bootReadiness: true },
    hosts: { mon1: { address: "192.0.2.50", nodeExporter: true }, nas: { address: "192.0.2.60", roles: ["docker"] } },
    nodes: { pve01, pve03: { ...pve03, fstab: undefined } },
};

test("the program's outputs say per node what is managed, what was skipped, and of what was seen only the exceptions", async () => {
    recordRegistrations({ "mon1-node-exporter": { "metrics port": "silent", "metrics folder": "root's alone" } });
    const warned: string[] = [];
    jest.spyOn(pulumi.log, "warn").mockImplementation(async (message) => void warned.push(message));
    pulumi.runtime.setAllConfig({ "holdfast:fleet": JSON.stringify(fleet) });

    const { nodes, hosts } = await import(path.join(__dirname, "../../index.ts"));

    expect(await valueOf(pulumi.output(nodes))).toEqual({
        pve01: {
            managed: "hosts, fstab, interfaces, boot-readiness",
            skipped: false,
        },
        pve03: { managed: "hosts, boot-readiness", skipped: true },
    });
    expect(await valueOf(pulumi.output(hosts))).toEqual({
        mon1: {
            managed: "node-exporter",
            skipped: false,
            attention: { "node-exporter": { "metrics port": "silent" } },
        },
        nas: { managed: "", skipped: false },
    });
    expect(warned).toEqual([expect.stringMatching(/^pve01, pve03: without ssh\.rescueKeys/)]);
});
