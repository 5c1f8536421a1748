/**
 * Proxmox's API, as far as Holdfast asks it: one call at a time, each bounded, no answer taken for more than it says.
 */
import { request } from "node:https";
import { X509Certificate } from "node:crypto";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import { z } from "zod";
import { showControls } from "../../model/lint/controls";
import type { ApiArgs } from "../../model/contract/apiObject";
import { connectTo, expired } from "./connect";
import { ApiError } from "./errors";

export interface ApiLimits {
    /** Milliseconds for one call, connection included. */
    readonly time: number;
    /** Bytes of an answer. */
    readonly size: number;
}

interface Answer {
    readonly text: string;
    readonly status: number;
    readonly reason: string;
}

type Method = "GET" | "POST" | "PUT";
/** Privileges by path; 1: it holds below as well. */
const permissions = z.record(z.string(), z.record(z.string(), z.union([z.literal(0), z.literal(1)])));
const limits: ApiLimits = { time: 20_000, size: 16 << 20 };
const envelope = z.object({
    data: z.unknown(),
    message: z.string().optional(),
    errors: z.record(z.string(), z.string()).optional(),
});

export class ProxmoxApi {
    constructor(
        private readonly target: ApiArgs,
        /** `USER@REALM!NAME=UUID` */
        private readonly token: string | undefined,
        private readonly limit: ApiLimits = limits,
    ) {}

    /** @throws ApiError, also where the answer has another shape */
    async get<T>(path: string, shape: z.ZodType<T>): Promise<T> {
        const result = shape.safeParse(await this.call("GET", path));
        if (result.success) return result.data;
        const [issue] = result.error.issues;
        throw new ApiError(
            `${this.target.endpoint} answered GET /${path} in a shape that this version does not know: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
        );
    }

    async put(path: string, given: Readonly<Record<string, string>>): Promise<void> {
        await this.call("PUT", path, new URLSearchParams(given).toString());
    }

    async post(path: string, given: Readonly<Record<string, string>>): Promise<void> {
        await this.call("POST", path, new URLSearchParams(given).toString());
    }

    /** The token has it on this path, and where `below` on every one under it. @throws ApiError with the remedy */
    async mustHave(privilege: string, path: string, below = false): Promise<void> {
        const held = (await this.get(`access/permissions?path=${encodeURIComponent(path)}`, permissions))[path] ?? {};
        const how = held[privilege];
        if (how === undefined || (below && how === 0))
            throw new ApiError(
                `${this.target.endpoint}: the token lacks ${privilege} on ${path}, and is shown nothing of what it may not see${grantOf(path, privilege)}`,
                403,
            );
    }

    /** The API's own, as PEM, once it is known for the right one and good for others to check by its name. */
    async certificate(): Promise<string> {
        return this.bounded("its certificate", async (socket) => {
            const seen = socket.getPeerCertificate();
            const fault = checkServerIdentity(new URL(this.target.endpoint).hostname.replace(/^\[|\]$/g, ""), seen);
            if (fault)
                throw new ApiError(`the certificate of ${this.target.endpoint} is for another name: ${fault.message}`);
            if (Date.parse(seen.valid_to) < Date.now()) throw new ApiError(expired(this.target.endpoint));
            return new X509Certificate(seen.raw).toString();
        });
    }

    private async call(method: Method, path: string, body = ""): Promise<unknown> {
        const { endpoint } = this.target;
        if (this.token === undefined)
            throw new ApiError(
                "holdfast:proxmoxToken is missing: pulumi config set --secret holdfast:proxmoxToken 'USER@REALM!NAME=UUID'",
            );
        const what = `${method} /${path}`;
        const headers = {
            authorization: `PVEAPIToken=${this.token}`,
            accept: "application/json",
            ...(body !== "" && { "content-type": "application/x-www-form-urlencoded" }),
        };
        return this.bounded(what, async (socket, signal) => {
            const options = { method, headers, signal, createConnection: () => socket };
            return dataOf(
                await this.exchange(`${endpoint}/api2/json/${path}`, options, body, what),
                `${endpoint}: ${what}`,
            );
        });
    }

    /** One limit for all of it: the way there, the request and the last byte of the answer. */
    private async bounded<T>(what: string, work: (socket: TLSSocket, signal: AbortSignal) => Promise<T>): Promise<T> {
        const { endpoint } = this.target;
        const limit = new AbortController();
        const seconds = this.limit.time / 1000;
        let stage = "was not reached";
        const timer = setTimeout(
            () => limit.abort(new ApiError(`${endpoint} ${stage} within ${seconds} s`)),
            this.limit.time,
        );
        let socket: TLSSocket | undefined;
        try {
            socket = await connectTo(this.target, limit.signal);
            stage = `took ${what} and did not answer`;
            return await work(socket, limit.signal);
        } catch (error) {
            throw limit.signal.aborted ? limit.signal.reason : error;
        } finally {
            clearTimeout(timer);
            socket?.destroy();
        }
    }

    private exchange(url: string, options: Parameters<typeof request>[1], body: string, what: string): Promise<Answer> {
        const { endpoint } = this.target;
        return new Promise((resolve, reject) => {
            const call = request(url, options, (response) => {
                const parts: Buffer[] = [];
                let size = 0;
                response.on("error", (error) => reject(this.silence(error, what)));
                response.on("data", (part: Buffer) => {
                    size += part.length;
                    if (size <= this.limit.size) parts.push(part);
                    else {
                        call.destroy();
                        reject(new ApiError(`${endpoint} answered ${what} with more than ${this.limit.size} bytes`));
                    }
                });
                response.on("end", () => {
                    const { statusCode = 0, statusMessage = "" } = response;
                    resolve({
                        text: Buffer.concat(parts).toString("utf8"),
                        status: statusCode,
                        reason: statusMessage,
                    });
                });
            });
            call.on("error", (error) => reject(this.silence(error, what)));
            call.end(body);
        });
    }

    private silence(error: Error, what: string): ApiError {
        return error instanceof ApiError
            ? error
            : new ApiError(`${this.target.endpoint}: ${what}: ${error.message}`, undefined, { cause: error });
    }
}

/** @throws ApiError with what Proxmox says, and what to do about it */
function dataOf({ text, status, reason }: Answer, what: string): unknown {
    let json: unknown;
    try {
        json = JSON.parse(text);
    } catch {
        throw new ApiError(
            `${what}: HTTP ${status}, and no JSON: is this the port of Proxmox's API (8006)? It begins with ${JSON.stringify(text.slice(0, 60))}`,
            status === 500 ? undefined : status,
        );
    }
    const answer = envelope.safeParse(json);
    if (!answer.success) throw new ApiError(`${what}: HTTP ${status}, and no answer of Proxmox's API`);
    if (status >= 200 && status < 300) return answer.data.data;
    const errors = Object.entries(answer.data.errors ?? {}).map(([name, message]) => `${name}: ${message.trim()}`);
    const said = showControls([answer.data.message?.trim() ?? reason, ...errors].join("; "));
    throw new ApiError(`${what}: ${status} ${said}${remedyOf(status, said)}`, status);
}

function remedyOf(status: number, said: string): string {
    const [, path, privileges] = /Permission check failed \((\S+), (.+)\)/.exec(said) ?? [];
    if (path !== undefined) return grantOf(path, privileges ?? "");
    return status === 401
        ? ": look at holdfast:proxmoxToken, USER@REALM!NAME=UUID as pveum user token add printed it"
        : "";
}

function grantOf(path: string, privileges: string): string {
    return `: give the token a role with ${privileges} on ${path} (pveum acl modify ${path} --tokens 'USER@REALM!NAME' --roles ROLE), and its user too, unless the token has no privilege separation`;
}
