import { Restores } from "../../provider/order";

const later = () => new Promise<void>((resolve) => setImmediate(resolve));

test("restores of what can harm a node run one at a time, and none is begun after a failure; harmless ones do not wait", async () => {
    const restores = new Restores();
    const events: string[] = [];
    const restore = (name: string, concern: string, fails = false) =>
        restores.run(name, concern, async () => {
            events.push(`start ${name}`);
            await later();
            events.push(`end ${name}`);
            if (fails) throw new Error(`${name}: told to fail`);
        });
    const all = await Promise.allSettled([
        restore("pve01", "interfaces"),
        restore("pve02", "fstab", true),
        restore("pve03", "interfaces"),
        restore("pve04", "node-exporter"),
    ]);
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(all[2]).toMatchObject({
        reason: { message: "pve03: interfaces was not restored because pve02 failed; nothing was done there" },
    });
    expect(events.filter((event) => !event.endsWith("pve04"))).toEqual([
        "start pve01",
        "end pve01",
        "start pve02",
        "end pve02",
    ]);
});
