/** GitHub's REST API, with the token of the workflow run, of an App, or of a person. */
import { z } from "zod";
import { required, type Forge, type Note } from "./forge";
import { Rest } from "./rest";

const user = z.object({ login: z.string() });
const viewer = z.object({ data: z.object({ viewer: user }) });
const published = z.object({ html_url: z.string() }).transform(({ html_url: url }) => ({ url }));
const comment = z.object({ id: z.int(), body: z.string().nullish(), user: user.nullish() });
const issue = comment.extend({ number: z.int(), pull_request: z.unknown().optional() });

export function openGitHub(env: NodeJS.ProcessEnv): Forge {
    const token = required(env, "GITHUB_TOKEN", "give the step `env: { GITHUB_TOKEN: ${{ github.token }} }`");
    const api = env["GITHUB_API_URL"] ?? "https://api.github.com";
    const options = {
        headers: {
            authorization: `Bearer ${token}`,
            accept: "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        },
        denied: "the workflow needs `permissions: { issues: write }` for the issue, `pull-requests: write` for the comment",
    };
    const rest = new Rest({
        ...options,
        base: `${api}/repos/${required(env, "GITHUB_REPOSITORY", "GitHub Actions sets it")}`,
    });
    const notes = async function* <T extends z.infer<typeof comment>>(
        found: AsyncIterable<T>,
        idOf: (item: T) => number,
    ): AsyncIterable<Note> {
        const author = await loginOf(
            new Rest({ ...options, base: api }),
            new Rest({ ...options, base: env["GITHUB_GRAPHQL_URL"] ?? `${api}/graphql` }),
        );
        for await (const item of found)
            yield { id: idOf(item), body: item.body ?? "", isOurs: item.user?.login === author };
    };
    return {
        comments: {
            list: () => notes(rest.list(`/issues/${pullRequest(env)}/comments?per_page=100`, comment), ({ id }) => id),
            add: (body) => rest.send("POST", `/issues/${pullRequest(env)}/comments`, published, { body }),
            edit: (id, body) => rest.send("PATCH", `/issues/comments/${id}`, published, { body }),
        },
        issues: {
            listOpen: () =>
                notes(issuesOnly(rest.list("/issues?state=open&per_page=100", issue)), ({ number }) => number),
            open: (title, body) => rest.send("POST", "/issues", published, { title, body }),
            edit: (id, body) => rest.send("PATCH", `/issues/${id}`, published, { body }),
            comment: (id, body) => rest.send("POST", `/issues/${id}/comments`, published, { body }),
            close: (id) =>
                rest.send("PATCH", `/issues/${id}`, published, { state: "closed", state_reason: "completed" }),
        },
    };
}

function pullRequest(env: NodeJS.ProcessEnv): string {
    const [, number] = /^refs\/pull\/(\d+)\//.exec(env["GITHUB_REF"] ?? "") ?? [];
    if (number === undefined)
        throw new Error(
            `no pull request: GITHUB_REF is ${env["GITHUB_REF"] ?? "not set"}; run this on \`pull_request\``,
        );
    return number;
}

/** As whom the token writes. A person's may ask; of an App's, which a workflow run's is too, only GraphQL tells. */
async function loginOf(rest: Rest, graphql: Rest): Promise<string> {
    try {
        return (await rest.send("GET", "/user", user)).login;
    } catch (error) {
        if (!(error as Error).message.includes("/user: 403 ")) throw error;
    }
    const answer = await graphql.send("POST", "", viewer, { query: "{ viewer { login } }" }).catch(() => undefined);
    return answer?.data.viewer.login ?? "github-actions[bot]";
}

/** To GitHub, a pull request is an issue too. */
async function* issuesOnly<T extends { pull_request?: unknown }>(found: AsyncIterable<T>): AsyncIterable<T> {
    for await (const item of found) if (item.pull_request === undefined) yield item;
}
