/** A Cancel: what has begun on a node is waited for, what only waits for it is not begun. */
import type { ServerChannel } from "ssh2";
import type { NodeClient } from "../../host/nodeClient";
import type { Plan, Spec } from "../../host/observation";
import { frame, TalkingNode, type Request } from "../helpers/talkingNode";

const spec: Spec = { files: {}, packages: [], units: [], facts: {} };
const look = { files: {}, packages: [], units: {}, facts: {} };
const plan: Plan = {
    id: "0123456789abcdef",
    client: "test",
    files: {},
    packages: [],
    units: {},
    validate: [],
    activate: [],
    verify: [],
};
const requests: { request: Request; channel: ServerChannel }[] = [];
let heard: () => void = () => undefined;
let node: TalkingNode;
let client: NodeClient;

beforeEach(async () => {
    process.env["HOLDFAST_SSH_CONFIG"] = "/dev/null";
    requests.length = 0;
    node = await TalkingNode.saying((request, channel) => {
        requests.push({ request, channel });
        heard();
    });
    client = node.client("pve01");
});
afterEach(() => node.stop());

/** The request of that number, from 1. */
async function request(number: number): Promise<(typeof requests)[number]> {
    while (requests.length < number) await new Promise<void>((resolve) => (heard = resolve));
    return requests[number - 1]!;
}

async function push(concern: string) {
    return (await client.look(concern, spec, { facts: false, sourced: [] }, () => undefined)).commit(plan);
}

const sound = (looks: number) => frame({ looks: Array(looks).fill(look), hostname: "pve01" });

test("a push whose plan was sent ends as the node says, one that waits for it is not begun", async () => {
    const begun = push("hosts");
    (await request(1)).channel.write(sound(1));
    const { channel } = await request(2);
    const waiting = expect(push("fstab")).rejects.toThrow("pve01: cancelled, so this was not begun");
    client.cancel();
    await waiting;
    channel.write(frame({ set: 0, result: { outcome: "applied" }, seen: look }));
    expect((await begun).result.outcome).toBe("applied");
    expect(requests).toHaveLength(2);
});

test("a push that still looks is not begun", async () => {
    const looking = expect(push("hosts")).rejects.toThrow("pve01: cancelled, so this was not begun");
    const { channel } = await request(1);
    client.cancel();
    channel.write(sound(1));
    await looking;
    expect(requests).toHaveLength(1);
});

test("a push after it is not begun", async () => {
    client.cancel();
    await expect(push("hosts")).rejects.toThrow("pve01: cancelled, so this was not begun");
});
