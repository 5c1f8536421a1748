/** A look whose answer somebody has to act upon, and one that our own code stumbles over. */
import { read } from "../../provider/read";
import { RefusedError } from "../../provider/refused";

const host = { name: "pve01", address: "192.0.2.11", hostKey: "ssh-ed25519 AAAA" };
const args = { host, concern: "hosts", files: {}, packages: [], units: {}, facts: {} } as never;
const log = { status: () => undefined, info: () => undefined, warning: () => undefined } as never;
const operation = (seen: object) =>
    ({
        reach: async () => ({ host, maintenance: false, origin: "stack" }),
        nodes: () => ({ read: async () => seen }),
        sayOnce: () => undefined,
    }) as never;
const machine = (digit: string) => digit.repeat(32);
const seen = { files: {}, packages: [], units: {}, facts: {}, machine: machine("b") };

test("another machine under the known key is the user's matter: no request to report it", async () => {
    const last = { host, concern: "hosts", files: {}, machine: machine("a") } as never;
    const refused = read(operation(seen), "pve01/hosts", args, last, log);
    await expect(refused).rejects.toBeInstanceOf(RefusedError);
    await expect(refused).rejects.toThrow(/^pve01: another machine answers than at the last look .* at 192\.0\.2\.11$/);
});
test("what our own code stumbles over is that node's `could not tell`, and asks to be reported", async () => {
    const broken = { ...seen, units: undefined };
    const wanted = { ...(args as object), units: { ssh: {} } } as never;
    await expect(read(operation(broken), "pve01/hosts", wanted, undefined, log)).rejects.toThrow(
        /^pve01.*what stands there cannot be judged: .*\. Please report this/,
    );
});
