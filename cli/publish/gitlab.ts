/** GitLab's REST API, with a project access token: a job's own token may not comment. */
import { z } from "zod";
import { required, type Forge, type Note } from "./forge";
import { Rest } from "./rest";

const author = z.object({ id: z.int() });
const note = z.object({ id: z.int(), body: z.string(), author });
const issue = z.object({ iid: z.int(), description: z.string().nullish(), author });
const published = z.object({ web_url: z.string() }).transform(({ web_url: url }) => ({ url }));
const created = z.object({ id: z.int() });

export function openGitLab(env: NodeJS.ProcessEnv): Forge {
    const token = required(
        env,
        "GITLAB_TOKEN",
        "make a project access token with scope `api` and role Reporter, and add it as a masked CI/CD variable",
    );
    const api = required(env, "CI_API_V4_URL", "GitLab sets it");
    const rest = new Rest({
        base: api,
        headers: { "private-token": token },
        denied: "GITLAB_TOKEN needs scope `api` and at least the role Reporter",
    });
    const project = `/projects/${required(env, "CI_PROJECT_ID", "GitLab sets it")}`;
    const request = () =>
        `${project}/merge_requests/${required(env, "CI_MERGE_REQUEST_IID", "run this in a merge request pipeline")}`;
    const commentUrl = (id: number) => ({
        url: `${env["CI_PROJECT_URL"] ?? api}/-/merge_requests/${env["CI_MERGE_REQUEST_IID"] ?? ""}#note_${id}`,
    });
    const notes = (found: AsyncIterable<z.infer<typeof note>>) =>
        withOwner(rest, found, ({ id, body }) => ({ id, body }));
    return {
        comments: {
            list: () => notes(rest.list(`${request()}/notes?per_page=100`, note)),
            add: async (body) => commentUrl((await rest.send("POST", `${request()}/notes`, created, { body })).id),
            edit: async (id, body) =>
                commentUrl((await rest.send("PUT", `${request()}/notes/${id}`, created, { body })).id),
        },
        issues: {
            listOpen: () =>
                withOwner(
                    rest,
                    rest.list(`${project}/issues?state=opened&per_page=100`, issue),
                    ({ iid, description }) => ({ id: iid, body: description ?? "" }),
                ),
            open: (title, description) => rest.send("POST", `${project}/issues`, published, { title, description }),
            edit: (iid, description) => rest.send("PUT", `${project}/issues/${iid}`, published, { description }),
            comment: (iid, body) => rest.send("POST", `${project}/issues/${iid}/notes`, created, { body }),
            close: (iid) => rest.send("PUT", `${project}/issues/${iid}`, published, { state_event: "close" }),
        },
    };
}

async function* withOwner<T extends { author: { id: number } }>(
    rest: Rest,
    found: AsyncIterable<T>,
    toNote: (item: T) => Omit<Note, "isOurs">,
): AsyncIterable<Note> {
    const { id } = await rest.send("GET", "/user", author);
    for await (const item of found) yield { ...toNote(item), isOurs: item.author.id === id };
}
