/** Look, then commit: who looks together is decided and done together, and nobody waits for ever for a decision. */
import type { ServerChannel } from "ssh2";
import { UnreachableError } from "../../host/errors";
import type { NodeClient } from "../../host/nodeClient";
import type { Plan, Spec } from "../../host/observation";
import { frame, TalkingNode, type Request } from "../helpers/talkingNode";

const spec: Spec = { files: {}, packages: ["sl"], units: [], facts: {} };
const planOf = (id: string): Plan => ({
    id,
    client: "test",
    files: {},
    packages: [],
    units: {},
    validate: [],
    activate: [],
    verify: [],
});
let said: Request[];
let packages: string[];
let name: string;
let quorate: boolean;
let heard: () => void = () => undefined;
let node: TalkingNode;
let client: NodeClient;

beforeEach(async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    said = [];
    packages = [];
    name = "pve01";
    quorate = true;
    node = await TalkingNode.saying(answer);
    client = node.client("pve01");
});
afterEach(() => {
    jest.useRealTimers();
    return node.stop();
});

/** As the program does; what is planned is applied. */
function answer(request: Request, channel: ServerChannel): void {
    said.push(request);
    heard();
    const seen = { files: {}, packages, units: {}, facts: {} };
    const { op, sets = [], plans = [], spec: asked } = request as Partial<Record<string, unknown[]>>;
    if (String(op) === "read") channel.write(frame({ observed: [{ spec: asked, seen }], hostname: name }));
    else if (String(op) === "apply")
        channel.write(frame({ looks: sets.map(() => seen), hostname: name, cluster: cluster() }));
    else
        (plans as Record<string, unknown>[]).forEach((plan, set) => {
            if (plan["refused"]) return;
            channel.write(frame({ set, result: { outcome: plan["nothing"] ? "unchanged" : "applied" }, seen }));
        });
}

const cluster = () => ({
    state: "ok",
    text: "",
    votes: { quorate, expected: 3, total: quorate ? 3 : 1, quorum: 2, own: 1, device: "none" },
});
const look = (concern: string) =>
    client.look(concern, spec, { facts: false, sourced: [], votes: true }, () => undefined);
const ids = () => said.map(({ plans }) => ((plans ?? []) as Partial<Plan>[]).map((plan) => plan.id ?? plan));

test("what comes together is looked at in one go, and done in one go when the last of them is decided", async () => {
    const [hosts, fstab, interfaces] = await Promise.all([look("hosts"), look("fstab"), look("interfaces")]);
    const done = [hosts.commit(planOf("a")), fstab.commit()];
    expect(said).toMatchObject([{ op: "apply", sets: [{ name: "hosts" }, { name: "fstab" }, { name: "interfaces" }] }]);
    interfaces.letBe();
    expect((await Promise.all(done)).map(({ result }) => result.outcome)).toEqual(["applied", "unchanged"]);
    expect(ids()).toEqual([[], ["a", { nothing: true }, { refused: true }]]);
    expect([node.connected, node.commands]).toEqual([1, 1]);
});

describe("one that is decided late", () => {
    async function late() {
        jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask", "performance", "Date"] });
        const [hosts, fstab] = await Promise.all([look("hosts"), look("fstab")]);
        const waiting = fstab.commit(planOf("b"));
        jest.advanceTimersByTime(5000);
        expect((await waiting).result.outcome).toBe("applied");
        expect(ids()).toEqual([[], [{ refused: true }, "b"]]);
        jest.useRealTimers();
        return hosts;
    }

    test("keeps the others for no longer than that; it looks once more, and is done as it was planned", async () => {
        const hosts = await late();
        expect((await hosts.commit(planOf("a"))).result.outcome).toBe("applied");
        expect(ids().slice(2)).toEqual([[], ["a"]]);
    });

    test("is not begun where something else stands there by now", async () => {
        const hosts = await late();
        packages = ["sl"];
        await expect(hosts.commit(planOf("a"))).rejects.toThrow(
            /^pve01: what stands there has changed .*run it again$/,
        );
        while (said.length < 4) await new Promise<void>((more) => (heard = more));
        expect(ids().slice(2)).toEqual([[], [{ refused: true }]]);
    });

    test("is not begun where its cluster has lost its quorum by now", async () => {
        const hosts = await late();
        quorate = false;
        await expect(hosts.commit(planOf("a"))).rejects.toThrow(
            /^pve01: how its cluster's votes stand has changed .*run it again$/,
        );
        while (said.length < 4) await new Promise<void>((more) => (heard = more));
        expect(ids().slice(2)).toEqual([[], [{ refused: true }]]);
    });
});

describe("a node is asked for its name", () => {
    test("in a look of its own where there is none", async () => {
        await client.meet();
        await client.meet();
        expect(said).toMatchObject([{ op: "read" }]);
    });
    test("in the look of its push where that is under way, and never after one", async () => {
        const looking = look("hosts");
        await client.meet();
        (await looking).letBe();
        await client.meet();
        expect(said.map(({ op }) => op)).toEqual(["apply", undefined]);
    });
    test("and where it is called otherwise, whoever asks hears so", async () => {
        name = "pve09";
        const looking = look("hosts");
        await expect(client.meet()).rejects.toThrow("pve01: the host at 127.0.0.1 calls itself pve09");
        await expect(looking).rejects.toThrow(UnreachableError);
        await expect(client.meet()).rejects.toThrow("calls itself pve09");
        expect(said.map(({ op }) => op)).toEqual(["apply", "read"]);
    });
});

test("a Cancel before all are decided begins nothing", async () => {
    const [hosts, fstab] = await Promise.all([look("hosts"), look("fstab")]);
    const waiting = expect(hosts.commit(planOf("a"))).rejects.toThrow("pve01: cancelled, so this was not begun");
    client.cancel();
    fstab.letBe();
    await waiting;
    expect(ids()).toEqual([[]]);
});
