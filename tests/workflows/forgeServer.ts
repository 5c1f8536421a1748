/** As much of GitHub's and GitLab's REST API as we use, on loopback, two items a page. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface Item {
    readonly id: number;
    readonly author: string;
    readonly isPullRequest?: boolean;
    title?: string;
    body: string;
    isOpen: boolean;
    readonly comments: Item[];
}

const PAGE = 2;
/** As whom a workflow run's or a project's own token writes, by the API that is asked. */
const ours = { github: "github-actions[bot]", gitlab: "7" } as const;

export class ForgeServer {
    readonly issues: Item[] = [];
    /** Of pull or merge request 12. */
    readonly comments: Item[] = [];
    readonly tokens = new Set<string>();
    /** When set, every request is answered with it. */
    refusal?: number;
    /** Whose GitHub token it is: a person's may ask GET /user, an App's (`…[bot]`) only GraphQL. */
    login: string = ours.github;
    private readonly server: Server;
    private lastId = 100;

    private constructor() {
        this.server = createServer((request, response) => {
            void this.answer(request).then(({ status, body, link }) => {
                response
                    .writeHead(status, { "content-type": "application/json", ...(link && { link }) })
                    .end(JSON.stringify(body));
            });
        });
    }

    static async start(): Promise<ForgeServer> {
        const forge = new ForgeServer();
        await new Promise<void>((resolve) => forge.server.listen(0, "127.0.0.1", resolve));
        return forge;
    }

    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    get github(): NodeJS.ProcessEnv {
        return {
            GITHUB_ACTIONS: "true",
            GITHUB_API_URL: this.base,
            GITHUB_GRAPHQL_URL: `${this.base}/graphql`,
            GITHUB_REPOSITORY: "example/fleet",
            GITHUB_REF: "refs/pull/12/merge",
            GITHUB_TOKEN: "hub-token",
        };
    }

    get gitlab(): NodeJS.ProcessEnv {
        return {
            GITLAB_CI: "true",
            CI_API_V4_URL: this.base,
            CI_PROJECT_ID: "3",
            CI_PROJECT_URL: "https://git.example.test/fleet",
            CI_MERGE_REQUEST_IID: "12",
            GITLAB_TOKEN: "lab-token",
        };
    }

    add(to: Item[], author: string, body: string, more: Partial<Item> = {}): Item {
        const item = { id: ++this.lastId, author, body, isOpen: true, comments: [], ...more };
        to.push(item);
        return item;
    }

    private get base(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    private async answer(request: IncomingMessage): Promise<{ status: number; body: unknown; link?: string }> {
        const { headers, method = "", url = "" } = request;
        this.tokens.add(String(headers["private-token"] ?? headers.authorization));
        if (this.refusal !== undefined)
            return { status: this.refusal, body: { message: "Resource not accessible by integration" } };
        const kind = headers["private-token"] === undefined ? "github" : "gitlab";
        const { pathname, searchParams } = new URL(url, this.base);
        if (pathname === "/user" && kind === "gitlab") return { status: 200, body: { id: Number(ours.gitlab) } };
        if (pathname === "/user")
            return this.login.endsWith("[bot]")
                ? { status: 403, body: { message: "Resource not accessible by integration" } }
                : { status: 200, body: { login: this.login } };
        if (pathname === "/graphql") return { status: 200, body: { data: { viewer: { login: this.login } } } };
        const input = method === "GET" ? {} : ((await json(request)) as Record<string, string>);
        const target = this.find(pathname);
        if (!target) return { status: 404, body: { message: `no ${pathname}` } };
        if (method === "GET") {
            const all = target.list.filter(({ isOpen }) => isOpen);
            const page = Number(searchParams.get("page") ?? 1);
            searchParams.set("page", String(page + 1));
            return {
                status: 200,
                body: all.slice((page - 1) * PAGE, page * PAGE).map(show[kind]),
                ...(page * PAGE < all.length && { link: `<${this.base}${pathname}?${searchParams}>; rel="next"` }),
            };
        }
        const text = input["body"] ?? input["description"];
        const item = target.item ?? this.add(target.list, kind === "github" ? this.login : ours.gitlab, text ?? "");
        if (text !== undefined) item.body = text;
        if (input["title"] !== undefined) item.title = input["title"];
        if (input["state"] === "closed" || input["state_event"] === "close") item.isOpen = false;
        return { status: 200, body: show[kind](item) };
    }

    /** `item` where the path names one. */
    private find(pathname: string): { list: Item[]; item?: Item } | undefined {
        const path = pathname
            .replace(/^\/(?:repos\/example\/fleet|projects\/3)/, "")
            .replace(/^\/(?:merge_requests|issues)\/12\/(?:comments|notes)/, "/request")
            .replace(/^\/issues\/comments/, "/request");
        const [, root, id, sub] = /^\/(request|issues)(?:\/(\d+))?(?:\/(comments|notes))?$/.exec(path) ?? [];
        const list = root === "request" ? this.comments : root === "issues" ? this.issues : undefined;
        if (!list) return undefined;
        if (id === undefined) return { list };
        const item = list.find((candidate) => candidate.id === Number(id));
        return item && (sub === undefined ? { list, item } : { list: item.comments });
    }
}

const show: Record<keyof typeof ours, (item: Item) => object> = {
    github: ({ id, author, body, isPullRequest }: Item) => ({
        id,
        number: id,
        body,
        user: { login: author },
        html_url: `https://hub.example.test/${id}`,
        ...(isPullRequest && { pull_request: {} }),
    }),
    gitlab: ({ id, author, body }: Item) => ({
        id,
        iid: id,
        body,
        description: body,
        author: { id: Number(author) },
        web_url: `https://git.example.test/${id}`,
    }),
};
