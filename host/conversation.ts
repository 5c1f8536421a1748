/** The frames of one remote command: `LENGTH NEWLINE JSON`, both ways. The other end is host/node/session.py. */
import type { ClientChannel } from "ssh2";
import { ConnectionLostError } from "./errors";
import { greeting, nodeProgram } from "./program";

export class Conversation {
    private received: Buffer = Buffer.alloc(0);
    private complaint = "";
    private ended = false;
    private wake: () => void = () => undefined;

    private constructor(
        private readonly node: string,
        private readonly channel: ClientChannel,
    ) {
        channel.on("data", (data: Buffer) => {
            this.received = this.received.length ? Buffer.concat([this.received, data]) : data;
            this.wake();
        });
        channel.stderr.on("data", (data: Buffer) => (this.complaint = (this.complaint + data.toString("utf8")).slice(-4000)));
        channel.on("close", () => {
            this.ended = true;
            this.wake();
        });
        channel.on("error", () => undefined); // "close" follows, and says all there is to say
    }

    /** Waits for the program's greeting, past whatever a login script prints before it, and sends the program if wanted. */
    static async begin(node: string, channel: ClientChannel, seconds: number): Promise<Conversation> {
        const talk = new Conversation(node, channel);
        for (;;) {
            const line = await talk.line(seconds);
            if (line === greeting.ready) return talk;
            if (line === greeting.wanted) {
                talk.send(nodeProgram().modules);
                return talk;
            }
        }
    }

    send(message: unknown): void {
        const data = Buffer.from(JSON.stringify(message), "utf8");
        this.channel.write(Buffer.concat([Buffer.from(`${data.length}\n`), data]));
    }

    /** The next frame. A silence of `seconds` counts as a lost connection. */
    async receive<T>(seconds: number): Promise<T> {
        const length = Number(await this.line(seconds));
        if (!Number.isInteger(length) || length < 0) throw this.lost("sent something that is not Holdfast's protocol");
        await this.until(() => this.received.length >= length, seconds);
        const data = this.received.subarray(0, length);
        this.received = this.received.subarray(length);
        return JSON.parse(data.toString("utf8")) as T;
    }

    close(): void {
        this.channel.end();
        this.channel.close();
    }

    private async line(seconds: number): Promise<string> {
        await this.until(() => this.received.includes(10), seconds);
        const end = this.received.indexOf(10);
        const line = this.received.subarray(0, end).toString("utf8");
        this.received = this.received.subarray(end + 1);
        return line;
    }

    private async until(condition: () => boolean, seconds: number): Promise<void> {
        const deadline = Date.now() + seconds * 1000;
        while (!condition()) {
            if (this.ended) throw this.lost("the remote command ended");
            const left = deadline - Date.now();
            if (left <= 0) throw this.lost(`silent for ${seconds} s`);
            await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, left);
                this.wake = () => {
                    clearTimeout(timer);
                    resolve();
                };
            });
        }
    }

    private lost(what: string): ConnectionLostError {
        const said = this.complaint.trim();
        return new ConnectionLostError(this.node, said ? `${what}: ${explain(said)}` : `${what} without a word`);
    }
}

/** The commonest reasons, in the words of who has to mend them. */
function explain(said: string): string {
    if (/sudo: a password is required|is not in the sudoers|may not run sudo/.test(said)) return `sudo -n is refused: ${said}; give the user NOPASSWD for /usr/bin/python3, or connect as root`;
    if (/python3: (not found|No such file)/.test(said)) return `${said}; install python3 on the node (every Proxmox VE node has it for ifupdown2)`;
    return said;
}
