/** What the stack and ~/.ssh/config together say, as OpenSSH itself resolves them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { resolveTarget } from "../../host/sshTarget";

let folder: string;
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-target-"));
    process.env["HOLDFAST_SSH_CONFIG"] = join(folder, "config");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const configure = (text: string): void => writeFileSync(join(folder, "config"), text);

const host = { name: "pve01", address: "192.0.2.11" };

test("without any setting it is root on port 22", async () => {
    configure("");
    expect(await resolveTarget(host)).toMatchObject({
        host: "192.0.2.11",
        port: 22,
        user: "root",
        hostKeyName: "192.0.2.11",
        jumps: [],
        identitiesOnly: false,
    });
});

test("the config's values count where the stack says nothing, and the stack's where it does", async () => {
    configure(
        "Host 192.0.2.11\n  HostName node.example.test\n  Port 2200\n  User admin\n  IdentitiesOnly yes\n  IdentityFile ~/keys/one\n",
    );
    expect(await resolveTarget(host)).toMatchObject({
        host: "node.example.test",
        port: 2200,
        user: "admin",
        hostKeyName: "[node.example.test]:2200",
        identitiesOnly: true,
        identityFiles: [join(userInfo().homedir, "keys/one")],
    });
    expect(await resolveTarget({ ...host, port: 2201, user: "ops" })).toMatchObject({ port: 2201, user: "ops" });
});

test("known_hosts lists an aliased host by its alias alone, as ssh does", async () => {
    configure("Host *\n  HostKeyAlias first\n  Port 2200\n");
    expect((await resolveTarget(host)).hostKeyName).toBe("first");
});

test("jump hosts come nearest first, each with its own settings; the stack's own takes their place", async () => {
    configure(
        "Host 192.0.2.11\n  ProxyJump outer,me@[2001:db8::5]:2205\nHost outer\n  HostName 198.51.100.7\n  User gate\n",
    );
    expect((await resolveTarget(host)).jumps).toMatchObject([
        { host: "198.51.100.7", user: "gate", port: 22 },
        { host: "2001:db8::5", user: "me", port: 2205 },
    ]);
    expect(
        (await resolveTarget({ ...host, proxy: { host: "192.0.2.9", hostKey: "ssh-ed25519 AAAA" } })).jumps,
    ).toMatchObject([{ host: "192.0.2.9", user: "root", hostKey: "ssh-ed25519 AAAA" }]);
});

test("a config that ssh cannot read is an error that names the node", async () => {
    configure("Hostt nonsense\n");
    await expect(resolveTarget(host)).rejects.toThrow(
        /^pve01: ssh -G 192\.0\.2\.11 failed; .*is ~\/\.ssh\/config sound\?/,
    );
});
