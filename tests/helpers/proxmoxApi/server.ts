/**
 * A small Proxmox API over HTTPS, as far as Holdfast and bpg's provider use it: pveproxy's manners, a cluster of three.
 */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeCluster, type Privileges } from "./cluster";
import { makeCertificates, type Certificates } from "./certificates";
import { ApiError, permissionError } from "./errors";
import { hasPrivilege } from "./privileges";
import { routes, type Route } from "./routes";

/** `hang`: takes the request and never answers. `slow`: milliseconds before each answer. */
export type Fault = "html" | "500" | "hang" | { readonly slow: number };

export class FakeProxmox {
    readonly cluster = new FakeCluster();
    /** `GET storage/local`, in the order they came. */
    readonly calls: string[] = [];
    fault: Fault | undefined;
    /** The first call like this is answered still, and none after it. */
    lastCall: string | undefined;

    private constructor(
        readonly certificates: Certificates,
        private readonly server: Server,
    ) {}

    static async start(certificates = makeCertificates(), port = 0): Promise<FakeProxmox> {
        const server = createServer({ key: certificates.key, cert: certificates.certificate, minVersion: "TLSv1.3" });
        const fake = new FakeProxmox(certificates, server);
        server.on("request", (request, response) => void fake.serve(request, response));
        await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
        return fake;
    }

    get endpoint(): string {
        return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    /** @returns what goes into the header, and into holdfast:proxmoxToken */
    addToken(name: string, privileges: Privileges): string {
        const token = `${name}=00000000-0000-4000-8000-${String(this.cluster.tokens.size).padStart(12, "0")}`;
        this.cluster.tokens.set(token, privileges);
        return token;
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const url = new URL(request.url ?? "/", "https://fake");
        const path = url.pathname.replace(/^\/api2\/json\/?/, "").replace(/\/$/, "");
        const method = request.method ?? "";
        this.calls.push(`${method} ${path}`);
        const isBroken = this.fault === "500";
        if (this.lastCall === `${method} ${path}`) this.fault = "500";
        if (this.fault === "hang") return;
        if (typeof this.fault === "object")
            await new Promise((resolve) => setTimeout(resolve, (this.fault as { slow: number }).slow));
        if (this.fault === "html")
            return void response
                .writeHead(200, { "content-type": "text/html" })
                .end("<html><body>It works!</body></html>");
        try {
            if (isBroken) throw new ApiError(500, "got no worker upid - start worker failed");
            const body = await readBody(request);
            const given = Object.fromEntries([...url.searchParams, ...new URLSearchParams(body)]);
            send(response, 200, "OK", { data: this.answer(method, path, given, request) });
        } catch (error) {
            const told = error instanceof ApiError ? error : new ApiError(500, String(error));
            send(response, told.status, told.message, {
                data: null,
                message: `${told.message}\n`,
                ...(told.errors && { errors: told.errors }),
            });
        }
    }

    private answer(method: string, path: string, given: Record<string, string>, request: IncomingMessage): unknown {
        if (path === "access/ticket" && method === "POST") return this.ticket(given);
        const privileges = this.privilegesOf(method, request);
        for (const route of routes) {
            const found = route.method === method ? match(route, path) : undefined;
            if (!found) continue;
            if (route.needs && !hasPrivilege(privileges, fill(route.needs[0], found), route.needs[1]))
                throw permissionError(fill(route.needs[0], found), route.needs[1]);
            return route.answer({ cluster: this.cluster, path: found, given, privileges });
        }
        throw new ApiError(501, `Method '${method} /${path}' not implemented`);
    }

    private ticket({ username = "", password }: Record<string, string>): object {
        if (password === undefined || this.cluster.passwords.get(username) !== password)
            throw new ApiError(401, "authentication failure");
        return {
            username,
            ticket: ticketOf(username),
            CSRFPreventionToken: csrfOf(username),
            clustername: this.cluster.name,
        };
    }

    /** A token speaks for itself; a ticket's writes need the second half, which no foreign page can send. */
    private privilegesOf(method: string, { headers }: IncomingMessage): Privileges {
        const [, token] = /^PVEAPIToken=(.*)$/.exec(headers.authorization ?? "") ?? [];
        if (token !== undefined) {
            const privileges = this.cluster.tokens.get(token);
            if (privileges) return privileges;
            const id = token.replace(/=.*/, "");
            const isKnown = [...this.cluster.tokens.keys()].some((each) => each.startsWith(`${id}=`));
            throw new ApiError(
                401,
                isKnown
                    ? "invalid token value!"
                    : `no such token '${id.replace(/.*!/, "")}' for user '${id.replace(/!.*/, "")}'`,
            );
        }
        const [, cookie] = /PVEAuthCookie=([^;]*)/.exec(headers.cookie ?? "") ?? [];
        if (cookie === undefined) throw new ApiError(401, "No ticket");
        const user = [...this.cluster.passwords.keys()].find((name) => ticketOf(name) === decodeURIComponent(cookie));
        if (user === undefined) throw new ApiError(401, "permission denied - invalid PVE ticket");
        if (method !== "GET" && headers["csrfpreventiontoken"] !== csrfOf(user))
            throw new ApiError(401, "Permission denied - invalid csrf token");
        return { "/": ["*"] };
    }
}

function ticketOf(user: string): string {
    return `PVE:${user}:65000000::c2lnbmF0dXJl`;
}

function csrfOf(user: string): string {
    return `65000000:${Buffer.from(user).toString("base64")}`;
}

/** @returns what the pattern's names stand for */
function match({ pattern }: Route, path: string): Record<string, string> | undefined {
    const [wanted, given] = [pattern.split("/"), path.split("/")];
    if (wanted.length !== given.length) return undefined;
    const found: Record<string, string> = {};
    for (const [index, part] of wanted.entries()) {
        const value = decodeURIComponent(given[index]!);
        const [, name] = /^\{(.*)\}$/.exec(part) ?? [];
        if (name !== undefined) found[name] = value;
        else if (part !== value) return undefined;
    }
    return found;
}

function fill(path: string, found: Readonly<Record<string, string>>): string {
    return path.replace(/\{(.*?)\}/g, (_, name: string) => found[name] ?? "");
}

async function readBody(request: IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return Buffer.concat(parts).toString("utf8");
}

function send(response: ServerResponse, status: number, message: string, body: object): void {
    response.writeHead(status, message, { "content-type": "application/json;charset=UTF-8" }).end(JSON.stringify(body));
}
