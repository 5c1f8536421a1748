/** Somebody at a virtual machine's serial console: reads what it says, and types. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export class SerialConsole {
    #said = "";

    private constructor(private readonly socket: Socket) {
        socket.on("data", (data: Buffer) => (this.#said += data.toString("utf8").replaceAll("\r", "")));
        socket.on("error", (error) => (this.#said += `\n[the console is gone: ${error.message}]`));
    }

    /** @param path QEMU's socket. @throws where nothing listens there after half a minute; one reader at a time. */
    static async open(path: string): Promise<SerialConsole> {
        const deadline = Date.now() + 30_000;
        for (;;) {
            const socket = connect(path);
            try {
                await once(socket, "connect");
                return new SerialConsole(socket);
            } catch (error) {
                // QEMU is on its way; what lies there may be the last one's.
                if (Date.now() > deadline) throw error;
                await delay(100);
            }
        }
    }

    /**
     * Waits for a text; what was said up to its end counts as read. @throws where it does not come, with what came
     * instead
     */
    async expect(pattern: RegExp, seconds: number): Promise<RegExpExecArray> {
        const deadline = Date.now() + seconds * 1000;
        for (;;) {
            const found = pattern.exec(this.#said);
            if (found) {
                this.#said = this.#said.slice(found.index + found[0].length);
                return found;
            }
            if (Date.now() > deadline)
                throw new Error(
                    `no ${String(pattern)} on the console within ${seconds} s, but:\n${this.#said.slice(-2000)}`,
                );
            await delay(100);
        }
    }

    type(line: string): void {
        this.socket.write(`${line}\r`);
    }

    /** A command in the shell at the console. @returns what it printed. @throws where its exit status is not 0 */
    async run(command: string, seconds = 60): Promise<string> {
        this.type(`${command}; echo "<$?>"`);
        // The shell shows what is typed first, with $? still in it.
        await this.expect(/<\$\?>"\n/, seconds);
        const before = await this.expect(/([^]*?)<(\d+)>\n/, seconds);
        if (before[2] !== "0") throw new Error(`${command}: exit status ${before[2]} on the console\n${before[1]}`);
        return (before[1] ?? "").trim();
    }

    close(): void {
        this.socket.destroy();
    }
}
