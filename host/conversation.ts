/** The frames of one remote command: `LENGTH NEWLINE JSON`, both ways. The other end is host/node/session.py. */
import type { ClientChannel } from "ssh2";
import { AnswerError, ConnectionLostError } from "./errors";
import { greeting, nodeProgram } from "./program";

/**
 * Bytes. A node's answer for every concern is a fraction of this, and `session.py` never sends more: whoever does is no
 * Holdfast program.
 */
export const ANSWER_LIMIT = 6 * 1024 * 1024;
/** Bytes of a frame's head: a length. */
const HEAD_LIMIT = 16;
/** Bytes that login scripts may print before the program's greeting. */
const CHATTER_LIMIT = 1024 * 1024;
const NEWLINE = 10;
/** Seconds for all that answers one message; of work that takes longer the client asks again. */
const LONGEST = 4 * 3600;
/** Seconds for whatever comes before the program's greeting. */
const GREETING = 600;

export class Conversation {
    private chunks: Buffer[] = [];
    private size = 0;
    private complaint = "";
    private ended = false;
    /** Since the last message. */
    private isHeard = false;
    private end!: { readonly at: number; readonly seconds: number };
    private wake: () => void = () => undefined;

    private constructor(
        private readonly node: string,
        private readonly channel: ClientChannel,
        private readonly longest: number,
    ) {
        this.endWithin(Math.min(longest, GREETING));
        channel.on("data", (data: Buffer) => {
            this.chunks.push(data);
            this.size += data.length;
            this.isHeard = true;
            // Nobody has asked for so much: until it is read, no more is taken.
            if (this.size > ANSWER_LIMIT) channel.pause();
            this.wake();
        });
        channel.stderr.on(
            "data",
            (data: Buffer) => (this.complaint = (this.complaint + data.toString("utf8")).slice(-4000)),
        );
        channel.on("close", () => {
            this.ended = true;
            this.wake();
        });
        channel.on("error", () => undefined); // "close" follows, and says all there is to say
    }

    /**
     * Waits for the program's greeting, past whatever a login script prints before it, and sends the program if wanted.
     * @param longest seconds after a message within which all that answers it has to come: one that reports progress
     *   for ever keeps nobody waiting for ever
     */
    static async begin(
        node: string,
        channel: ClientChannel,
        seconds: number,
        longest = LONGEST,
    ): Promise<Conversation> {
        const talk = new Conversation(node, channel, longest);
        try {
            return await talk.greeted(seconds);
        } catch (error) {
            talk.close(); // else the node's login script goes on, and its channel counts against the connection's
            throw error;
        }
    }

    private async greeted(seconds: number): Promise<this> {
        for (let chatter = 0; chatter <= CHATTER_LIMIT;) {
            const line = await this.line(seconds);
            chatter += line.length + 1;
            if (line.endsWith(greeting.ready)) return this;
            if (line.endsWith(greeting.wanted)) {
                this.sendData(nodeProgram().packed);
                return this;
            }
        }
        throw this.lost("prints without end before Holdfast's program starts; look at the user's login scripts");
    }

    /** `seconds`: within them all that answers it has to come. */
    send(message: unknown, seconds = this.longest): void {
        this.sendData(Buffer.from(JSON.stringify(message), "utf8"), seconds);
    }

    private sendData(data: Buffer, seconds = this.longest): void {
        this.endWithin(Math.min(seconds, this.longest));
        this.isHeard = false;
        this.channel.write(Buffer.concat([Buffer.from(`${data.length}\n`), data]));
    }

    /** The next frame, which nobody has checked yet. A silence of `seconds` counts as a lost connection. */
    async receive(seconds: number): Promise<unknown> {
        const head = await this.line(seconds, HEAD_LIMIT);
        const length = /^\d{1,9}$/.test(head) ? Number(head) : Infinity;
        if (length > ANSWER_LIMIT)
            throw new AnswerError(
                this.node,
                length === Infinity
                    ? "sent something that is not Holdfast's protocol"
                    : `announces ${length} bytes where ${ANSWER_LIMIT} are the most`,
            );
        while (this.size < length) await this.more(seconds);
        try {
            return JSON.parse(this.take(length).toString("utf8"));
        } catch {
            throw new AnswerError(this.node, "sent something that is no JSON");
        }
    }

    /** Open, and nothing was said that nobody asked for. */
    get isQuiet(): boolean {
        return !this.ended && this.size === 0;
    }

    /** The remote command has ended, and has not said a word to the last message. */
    get isGone(): boolean {
        return this.ended && !this.isHeard;
    }

    close(): void {
        this.channel.end();
        this.channel.close();
    }

    private async line(seconds: number, limit = CHATTER_LIMIT): Promise<string> {
        for (let searched = 0; !this.chunks.slice(searched).some((chunk) => chunk.includes(NEWLINE));) {
            searched = this.chunks.length;
            if (this.size > limit) break;
            await this.more(seconds);
        }
        const end = this.whole().indexOf(NEWLINE);
        if (end === -1 || end > limit)
            throw new AnswerError(this.node, "sent a line without end, which is not Holdfast's protocol");
        return this.take(end + 1)
            .subarray(0, end)
            .toString("utf8");
    }

    private take(length: number): Buffer {
        const all = this.whole();
        this.chunks = [all.subarray(length)];
        this.size = all.length - length;
        if (all.length > ANSWER_LIMIT && this.size <= ANSWER_LIMIT) this.channel.resume();
        return all.subarray(0, length);
    }

    /** Copies only where something new has come: a node may send a million short lines. */
    private whole(): Buffer {
        if (this.chunks.length !== 1) this.chunks = [Buffer.concat(this.chunks)];
        return this.chunks[0]!;
    }

    /** Resolves when something has come. */
    private async more(seconds: number): Promise<void> {
        if (this.hasEnded()) throw this.lost("the remote command ended");
        if (performance.now() > this.end.at)
            throw this.lost(`not done after ${this.end.seconds} s, though it goes on talking,`);
        const before = this.size;
        await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, seconds * 1000);
            this.wake = () => {
                clearTimeout(timer);
                resolve();
            };
        });
        if (this.size === before && !this.hasEnded()) throw this.lost(`silent for ${seconds} s`);
    }

    private endWithin(seconds: number): void {
        this.end = { at: performance.now() + seconds * 1000, seconds };
    }

    private hasEnded(): boolean {
        return this.ended;
    }

    private lost(what: string): ConnectionLostError {
        const said = this.complaint.trim();
        return new ConnectionLostError(this.node, said ? `${what}: ${explain(said)}` : `${what} without a word`);
    }
}

/** The commonest reasons, in the words of who has to mend them. */
function explain(said: string): string {
    if (/sudo: a password is required|is not in the sudoers|may not run sudo/.test(said))
        return `sudo -n is refused: ${said}; give the user NOPASSWD for /usr/bin/python3, or connect as root`;
    if (/python3: (not found|No such file)/.test(said))
        return `${said}; install python3 on the node (every Proxmox VE node has it for ifupdown2)`;
    return said;
}
