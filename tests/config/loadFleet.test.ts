import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadFleet } from "../../config";

const root = mkdtempSync(path.join(tmpdir(), "holdfast-config-"));
afterAll(() => rmSync(root, { recursive: true }));

function load(fleet: unknown) {
    pulumi.runtime.setAllConfig({ "holdfast:fleet": JSON.stringify(fleet) });
    return loadFleet(new pulumi.Config("holdfast"), root);
}

function messageOf(fleet: unknown): string {
    try {
        load(fleet);
    } catch (error) {
        if (pulumi.RunError.isInstance(error)) return error.message;
        throw error;
    }
    throw new Error("was accepted");
}

const withFile = (file: string) => ({ nodes: { pve01: { address: "192.0.2.11", interfaces: { file } } } });

test("the files that the config names are read from the project", () => {
    mkdirSync(path.join(root, "nodes"));
    writeFileSync(path.join(root, "nodes/interfaces"), "auto lo\niface lo inet loopback # ü\n");
    expect(load(withFile("nodes/interfaces")).nodes[0]?.interfaces).toEqual({
        file: { path: "nodes/interfaces", content: "auto lo\niface lo inet loopback # ü\n" },
    });
});
test("an absent file is a fault with its place in the config", () => {
    expect(messageOf(withFile("nodes/absent"))).toBe(
        `the stack config has a fault:\n  holdfast:fleet.nodes.pve01.interfaces.file: cannot read "nodes/absent": no such file in ${root}`,
    );
});
test("a link out of the project is a fault", () => {
    symlinkSync("/etc/hostname", path.join(root, "link"));
    expect(messageOf(withFile("link"))).toMatch(/cannot read "link": it is a link to outside the project$/);
});
test("a file that is not UTF-8 is a fault", () => {
    writeFileSync(path.join(root, "latin1"), Buffer.from([0x61, 0xfc, 0x0a]));
    expect(messageOf(withFile("latin1"))).toMatch(/cannot read "latin1": .*encoded data was not valid/);
});
test("several faults are one error, a line each", () => {
    expect(messageOf({ domain: "a b", nodes: { pve01: { address: "192.0.2.11/24" } } })).toBe(
        'the stack config has 2 faults:\n  holdfast:fleet.domain: expected a domain name, got "a b"\n  holdfast:fleet.nodes.pve01.address: expected an IPv4 or IPv6 address without prefix length, got "192.0.2.11/24"',
    );
});
test("a stack without a fleet is told where to find an example", () => {
    pulumi.runtime.setAllConfig({});
    expect(() => loadFleet(new pulumi.Config("holdfast"), root)).toThrow(
        /^holdfast:fleet: Missing required configuration variable 'holdfast:fleet'[^]*Pulumi\.prod\.yaml is an example/,
    );
});
