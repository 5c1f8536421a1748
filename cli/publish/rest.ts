/** JSON over HTTPS, as both forges speak it. */
import { z } from "zod";

/** Milliseconds; neither forge takes longer for a comment. */
const TIMEOUT = 30_000;

export interface RestOptions {
    /** Without a trailing slash. */
    readonly base: string;
    readonly headers: Readonly<Record<string, string>>;
    /** What to do where the token may not. */
    readonly denied: string;
}

export class Rest {
    constructor(private readonly options: RestOptions) {}

    /** @throws Error that names the request, the status, and what to do about it */
    async send<T>(
        method: "GET" | "POST" | "PATCH" | "PUT",
        path: string,
        answer: z.ZodType<T>,
        body?: object,
    ): Promise<T> {
        return answer.parse(await (await this.request(method, `${this.options.base}${path}`, body)).json());
    }

    /** Item by item over all pages, by the `Link` header that both forges give. */
    async *list<T>(path: string, item: z.ZodType<T>): AsyncIterable<T> {
        let next: string | undefined = `${this.options.base}${path}`;
        while (next !== undefined) {
            const response: Response = await this.request("GET", next);
            yield* z.array(item).parse(await response.json());
            next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
            // The token goes nowhere else.
            if (next !== undefined && new URL(next).origin !== new URL(this.options.base).origin)
                throw new Error(`${this.options.base}: the next page is said to be at ${new URL(next).origin}`);
        }
    }

    private async request(method: string, url: string, body?: object): Promise<Response> {
        const response = await fetch(url, {
            method,
            headers: { ...this.options.headers, ...(body && { "content-type": "application/json" }) },
            signal: AbortSignal.timeout(TIMEOUT),
            ...(body && { body: JSON.stringify(body) }),
        }).catch((cause: unknown) => {
            throw new Error(
                `${method} ${url}: no answer (${cause instanceof Error ? cause.message : String(cause)}); try again`,
                { cause },
            );
        });
        if (response.ok) return response;
        const remedy = [401, 403, 404].includes(response.status) ? `; ${this.options.denied}` : "";
        throw new Error(`${method} ${url}: ${response.status} ${(await response.text()).slice(0, 300)}${remedy}`);
    }
}
