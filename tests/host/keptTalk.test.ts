/** What follows a look in its conversation, and what does not. */
import type { ServerChannel } from "ssh2";
import { frame, TalkingNode, type Request } from "../helpers/talkingNode";

const spec = { files: {}, packages: [], units: [], facts: {} };
const nothing = { files: {}, packages: [], units: {}, facts: {} };
const answer = frame({ observed: [{ spec, seen: nothing }], hostname: "pve01" });

let node: TalkingNode;
afterEach(() => node.stop());

/** `breaks`: of the commands, by number from 1, those that end at their second message, with these last words. */
async function start(breaks: readonly number[], words = ""): Promise<Request[]> {
    const asked: Request[] = [];
    const heard = new Map<ServerChannel, number>();
    node = await TalkingNode.saying((request, channel) => {
        asked.push(request);
        const times = (heard.get(channel) ?? 0) + 1;
        heard.set(channel, times);
        if (times > 1 && breaks.includes([...heard.keys()].indexOf(channel) + 1)) {
            channel.write(words);
            channel.close();
        } else channel.write(answer);
    });
    return asked;
}

const look = (client: ReturnType<TalkingNode["client"]>) =>
    client.inspect("hosts", spec, { facts: false, sourced: [] });

test("looks follow each other in one command", async () => {
    const asked = await start([]);
    const client = node.client("pve01");
    await look(client);
    await look(client);
    expect([node.commands, asked.map(({ op }) => op)]).toEqual([1, ["read", "read"]]);
});

test("one that broke meanwhile is asked in a new one", async () => {
    const asked = await start([1]);
    const client = node.client("pve01");
    await look(client);
    expect((await look(client)).seen).toEqual(nothing);
    expect([node.commands, asked.length]).toEqual([2, 3]);
});

test("one that broke off in the middle of its answer is not asked again", async () => {
    const asked = await start([1], frame({ event: { phase: "observe", message: "packages" } }));
    const client = node.client("pve01");
    await look(client);
    await expect(look(client)).rejects.toThrow(/the remote command ended/);
    expect([node.commands, asked.length]).toEqual([1, 2]);
});

test("looks that are asked at once have a command each", async () => {
    await start([]);
    const client = node.client("pve01");
    await look(client);
    await Promise.all([look(client), look(client)]);
    expect(node.commands).toBe(2);
});

test("a step to a reboot is never said twice: it has a conversation of its own", async () => {
    const asked = await start([1]);
    const client = node.client("pve01");
    await look(client);
    await client.converse({ op: "step" }, () => ({ hostname: "pve01" }), 5);
    expect([node.commands, asked.map(({ op }) => op)]).toEqual([2, ["read", "step"]]);
});
