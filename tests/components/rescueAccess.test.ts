import { parseFleet } from "../../components/fleet";
import { planRescueAccess } from "../../components/rescueAccess";
import { python, scratch } from "../host/node/python";
import { writeFile } from "node:fs/promises";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGV4YW1wbGVleGFtcGxlZXhhbXBsZWV4YW1wbGVleGFt";
const host = { name: "pve01", address: "192.0.2.11" };
const plan = (keys: string[]) => planRescueAccess({ host, node: host, settings: { keys } });
const parse = (fleetKeys?: unknown, own?: unknown) =>
    parseFleet(
        {
            ...(fleetKeys !== undefined && { ssh: { rescueKeys: fleetKeys } }),
            nodes: { pve01: { address: "192.0.2.11", ...(own !== undefined && { ssh: { rescueKeys: own } }) } },
        },
        () => "",
    );

test("the declared keys stand in authorized_keys2, for root's eyes only, and an empty list takes it away", () => {
    expect(plan([`${key} ops`]).files).toEqual({
        "/root/.ssh/authorized_keys2": {
            content: `# Managed by Holdfast (ssh.rescueKeys): these keys work while pmxcfs is down. Edits here are shown as drift.\n${key} ops\n`,
            mode: "0600",
        },
    });
    expect(plan([]).files).toEqual({ "/root/.ssh/authorized_keys2": { absent: true } });
});

test("a node's list replaces the fleet's, and neither reaches the connection's arguments", () => {
    const node = parse([`${key} fleet`], [`${key} own`]).fleet!.nodes[0]!;
    expect([node.rescueKeys, node.host]).toEqual([{ keys: [`${key} own`] }, host]);
    expect(parse([`${key} fleet`]).fleet!.nodes[0]!.rescueKeys).toEqual({ keys: [`${key} fleet`] });
    expect(parse([]).fleet!.nodes[0]!.rescueKeys).toEqual({ keys: [] });
    expect(parse().fleet!.nodes[0]!.rescueKeys).toBeUndefined();
});

test("without it the fleet says once for which nodes no key is sure to work", () => {
    const said = (fleetKeys?: unknown) => parse(fleetKeys).fleet!.warnings;
    expect(said()).toEqual([expect.stringMatching(/^pve01: without ssh\.rescueKeys no key is sure to let root in/)]);
    expect(said([])).toEqual([]);
});

test.each([
    [key],
    [`${key} ops@example.test, laptop`],
    [`from="192.0.2.0/24,2001:db8::/32",no-pty ${key} ci`],
    [`restrict ${key}`],
])("takes %s", (line) => expect(parse([line]).faults).toEqual([]));

test.each([
    ["two lines", `${key} a\n${key} b`],
    ["a forged comment line", `${key} a\r# b`],
    ["a key that was cut", key.slice(0, -8)],
    ["another type than the key's", key.replace("ssh-ed25519", "ssh-rsa")],
    ["no key", "ops"],
    ["an option with a newline", `command="a\nb" ${key}`],
    ["a certificate's authority without its key", "cert-authority ops"],
])("refuses %s", (_, line) => expect(parse([line]).faults).toHaveLength(1));

test("a private key is refused, and not shown", () => {
    const [fault] = parse(["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAAsecret"]).faults;
    expect(fault!.message).toMatch(/public half.*not shown/);
    expect(fault!.message).not.toContain("AAAAsecret");
});

test("keys that nobody declared are told by comment and fingerprint, the first five", async () => {
    const { folder, remove } = await scratch();
    const lines = ["a", "b", "c", "d", "e", "f"].map(
        (name) =>
            `ssh-ed25519 ${Buffer.from(`key ${name} `.repeat(6)).toString("base64").replace(/^..../, "AAAA")} ${name}`,
    );
    await writeFile(`${folder}/own`, `# comment\n\nfrom="192.0.2.1" ${key} ops\n${lines.join("\n")}\n`);
    await writeFile(`${folder}/rescue`, `${key} ops\n${lines[0]}\n`);
    try {
        const script = `import concerns.rescueAccess.node.keys as keys
keys.OWN, keys.RESCUE = given["own"], given["rescue"]
before = keys.undeclared()
keys.RESCUE = "/nonexistent"
answer = [before, keys.undeclared()]`;
        const [some, all] = await python<[string, string]>(script, {
            own: `${folder}/own`,
            rescue: `${folder}/rescue`,
        });
        expect(some).toMatch(/^b \(SHA256:[^)]{43}\), c .*, f \(SHA256:[^)]{43}\)$/);
        expect(all).toMatch(/ and 2 more$/);
    } finally {
        await remove();
    }
});
