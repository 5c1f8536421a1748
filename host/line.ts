/** The way to one node: its one connection, and the remote commands on it. */
import pLimit from "p-limit";
import type { HostArgs } from "../model/contract/fileSet";
import type { EventAnswer, ResultAnswer } from "./answers";
import type { Connection, ConnectOptions } from "./connection";
import { Conversation } from "./conversation";
import { ConnectionLostError, OtherKeyError, OtherNameError, UnreachableError } from "./errors";
import type { PhaseEvent } from "./observation";
import { nodeProgram } from "./program";
import { resolveTarget } from "./sshTarget";
import { READ_TIMEOUT } from "./timeouts";

/** Remote commands at once on one connection: sshd's MaxSessions is 10, and a node may have more concerns than that. */
const SESSIONS = 8;
/** Seconds for each of many tries. */
const TRY = 5;

export class Line {
    /** It has called itself as the stack does. */
    isMet = false;
    readonly session = pLimit(SESSIONS);
    private connection: Promise<Connection> | undefined;

    constructor(
        readonly host: HostArgs,
        private readonly options: ConnectOptions,
    ) {}

    /** A connection that broke while it was idle is made anew, once: nothing has been said on it yet. */
    async talk(): Promise<Conversation> {
        const used = this.connection;
        try {
            return await this.begin();
        } catch (error) {
            if (used && this.connection !== used) return await this.begin();
            throw error;
        }
    }

    connected(): Promise<Connection> {
        if (this.connection) return this.connection;
        const opening = (this.connection = this.connect());
        const forget = () => {
            if (this.connection === opening) this.connection = undefined;
        };
        opening.then((connection) => connection.onClose(forget), forget);
        return opening;
    }

    /**
     * To the same node, over another connection, which is given up soon: it is tried again. What it reaches has to hold
     * afterwards, so a former address does not count.
     */
    another(address = this.host.address): Line {
        const { former: _, ...host } = { ...this.host, address };
        return new Line(host, { ...this.options, timeout: Math.min(this.options.timeout, TRY) });
    }

    /** Which of the addresses lead to this node from here: by its host key, and a login. */
    async answering(addresses: readonly string[]): Promise<string[]> {
        const asked = addresses.map(async (address) => {
            const line = this.another(address);
            try {
                await line.connected();
                return [address];
            } catch (error) {
                if (!(error instanceof UnreachableError)) throw error;
                return [];
            } finally {
                line.renew();
            }
        });
        return (await Promise.all(asked)).flat();
    }

    /**
     * A node that moves, and answers where it was before: after the window that is the revert, and the new address will
     * not answer any more.
     */
    async answersAtFormer(): Promise<boolean> {
        const { former } = this.host;
        return former !== undefined && (await this.answering([former])).length > 0;
    }

    /** The connection that there is leads nowhere any more: the next word goes over a new one. */
    renew(): void {
        this.connection?.then(
            (connection) => connection.destroy(),
            () => undefined,
        );
        this.connection = undefined;
    }

    /**
     * What it answers to a question that it was asked.
     * @param tell of what the node waits for before it looks, and what it looks at
     * @param silence seconds until it counts as lost
     * @throws OtherNameError where it is called otherwise than in the stack, but for `anyName`
     */
    async answer<Look extends { readonly hostname: string }>(
        talk: Conversation,
        parse: (said: unknown) => Look | EventAnswer | ResultAnswer,
        tell: (event: PhaseEvent) => void,
        anyName = false,
        silence = READ_TIMEOUT,
    ): Promise<Look> {
        for (;;) {
            const answer = parse(await talk.receive(silence));
            if ("event" in answer) {
                tell(answer.event);
                continue;
            }
            if ("result" in answer)
                throw new UnreachableError(
                    this.host.name,
                    `cannot be looked at: ${answer.result.message ?? "no word why"}`,
                );
            if (!anyName) this.meet(answer.hostname);
            return answer;
        }
    }

    end(): void {
        this.connection?.then(
            (connection) => connection.end(),
            () => undefined,
        );
    }

    private meet(hostname: string): void {
        if (hostname.split(".")[0] !== this.host.name)
            throw new OtherNameError(
                this.host.name,
                `the host at ${this.host.address} calls itself ${hostname}. Holdfast never renames a node (/etc/pve/nodes would move); correct the address, or the node's name in the stack`,
            );
        this.isMet = true;
    }

    private async begin(): Promise<Conversation> {
        try {
            const connection = await this.connected();
            const sudo = this.host.sudo ?? connection.user !== "root";
            const command = nodeProgram().command;
            return await Conversation.begin(
                this.host.name,
                await connection.exec(sudo ? `sudo -n ${command}` : command),
                READ_TIMEOUT,
            );
        } catch (error) {
            throw asUnreachable(this.host.name, error);
        }
    }

    /** ssh2 is loaded only where a node is contacted: an `up` without changes opens no connection. */
    private async connect(): Promise<Connection> {
        const { connect } = await import("./connection");
        const { name, former } = this.host;
        if (former === undefined) return connect(name, await resolveTarget(this.host), this.options);
        try {
            return await connect(name, await resolveTarget(this.host), {
                ...this.options,
                timeout: Math.min(this.options.timeout, TRY),
            });
        } catch (error) {
            // Another machine has that address: that nothing else is wrong there is not for us to guess.
            if (!(error instanceof UnreachableError) || error instanceof OtherKeyError) throw error;
            return connect(name, await resolveTarget({ ...this.host, address: former }), this.options).catch(
                (second: unknown) => {
                    throw new UnreachableError(
                        name,
                        `${saidBy(name, error)}. Nor does it answer at its former address (ssh.former): ${saidBy(name, second)}`,
                        { cause: second },
                    );
                },
            );
        }
    }
}

function saidBy(node: string, error: unknown): string {
    return (error as Error).message.replace(`${node}: `, "");
}

/** Before a plan is sent, a lost connection means that nothing is known, and nothing was done. */
export function asUnreachable(node: string, error: unknown): Error {
    if (!(error instanceof ConnectionLostError)) return error as Error;
    return new UnreachableError(node, saidBy(node, error), { cause: error });
}
