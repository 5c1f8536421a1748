/** Frames in whatever pieces they arrive, and other ends that do not keep to the protocol. */
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import type { ClientChannel } from "ssh2";
import { Conversation } from "../../host/conversation";
import { greeting } from "../../host/program";
import "../helpers/soak";

class Channel extends EventEmitter {
    readonly stderr = new PassThrough();
    readonly written: Buffer[] = [];
    closed = false;
    pause(): void {}
    end(): void {}
    close(): void {
        this.closed = true;
    }
    resume(): void {}
    write(data: Buffer): boolean {
        this.written.push(data);
        return true;
    }
}

function begin(
    pieces: readonly Buffer[],
    seconds = 5,
    longest?: number,
): { channel: Channel; talk: Promise<Conversation> } {
    const channel = new Channel();
    const talk = Conversation.begin("pve01", channel as unknown as ClientChannel, seconds, longest);
    setImmediate(() => {
        for (const piece of pieces) channel.emit("data", piece);
    });
    return { channel, talk };
}

function frame(value: unknown): string {
    const text = JSON.stringify(value);
    return `${Buffer.byteLength(text)}\n${text}`;
}

function cut(data: Buffer, at: readonly number[]): Buffer[] {
    const places = [...new Set(at.map((place) => place % (data.length + 1)))].sort((a, b) => a - b);
    return [0, ...places].map((start, index) => data.subarray(start, places[index] ?? data.length));
}

describe("a conversation", () => {
    test("reads the same frames however they are cut, past any chatter", async () => {
        await fc.assert(
            fc.asyncProperty(
                fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }),
                fc.array(fc.nat(), { maxLength: 8 }),
                fc.constantFrom("", "Welcome\n42\n", "no newline"),
                async (values, at, chatter) => {
                    const data = Buffer.from(`${chatter}${greeting.ready}\n${values.map(frame).join("")}`);
                    const talk = await begin(cut(data, at)).talk;
                    for (const value of values)
                        expect(await talk.receive(5)).toEqual(JSON.parse(JSON.stringify(value)));
                },
            ),
        );
    });

    test("sends the program where the node wants it", async () => {
        const { channel, talk } = begin([Buffer.from(`${greeting.wanted}\n`)]);
        await talk;
        const [, length, data] = /^(\d+)\n(.*)$/s.exec(Buffer.concat(channel.written).toString("latin1"))!;
        expect(Number(length)).toBe(data!.length);
        const modules = JSON.parse(inflateSync(Buffer.from(data!, "latin1")).toString()) as object;
        expect(Object.keys(modules)).toEqual(
            expect.arrayContaining(["session.py", "engine/__init__.py", "engine/durable.py"]),
        );
    });

    test.each([
        ["frames", "", frame({ event: { phase: "stage" } })],
        ["bytes of one frame", "5000000\n", "1"],
    ])("does not wait for ever for an answer that comes in %s for ever", async (_, head, piece) => {
        const { channel, talk: begun } = begin([Buffer.from(`${greeting.ready}\n${head}`)], 5, 0.2);
        const talk = await begun;
        talk.send({ op: "apply" });
        const chatter = setInterval(() => channel.emit("data", Buffer.from(piece)), 5);
        const hearOut = async () => {
            for (;;) await talk.receive(5);
        };
        await expect(hearOut()).rejects.toThrow("pve01: not done after 0.2 s, though it goes on talking");
        clearInterval(chatter);
    });

    test("does not wait for ever for a greeting that comes byte by byte", async () => {
        const { channel, talk } = begin([], 5, 0.2);
        const chatter = setInterval(() => channel.emit("data", Buffer.from("x")), 5);
        await expect(talk).rejects.toThrow("pve01: not done after 0.2 s, though it goes on talking");
        clearInterval(chatter);
    });

    test("ends with what the other side complained of", async () => {
        const { channel, talk } = begin([]);
        const outcome = expect(talk).rejects.toThrow(
            "pve01: the remote command ended: sudo -n is refused: sudo: a password is required; give the user NOPASSWD",
        );
        channel.stderr.write("sudo: a password is required\n");
        setTimeout(() => channel.emit("close"), 10);
        await outcome;
    });

    test("gives up a silent other side", async () => {
        await expect(begin([], 0.05).talk).rejects.toThrow("pve01: silent for 0.05 s without a word");
    });

    test.each([
        ["chatters without end", "x\n".repeat(1_000_000), "prints without end"],
        ["never ends its line", "x".repeat(2_000_000), "a line without end"],
    ])("gives up one that %s, and leaves no channel open", async (_, said, complaint) => {
        const { channel, talk } = begin([Buffer.from(said)]);
        await expect(talk).rejects.toThrow(complaint);
        expect(channel.closed).toBe(true);
    });

    test.each(["-1", "1e9", "99999999999", "hello"])("takes %s for no length of a frame", async (length) => {
        const talk = await begin([Buffer.from(`${greeting.ready}\n${length}\n`)]).talk;
        await expect(talk.receive(5)).rejects.toThrow("not Holdfast's protocol");
    });
});
