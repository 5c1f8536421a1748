/** What GitHub and GitLab have in common here. Both tell a CI job through its environment where it runs. */
import { openGitHub } from "./github";
import { openGitLab } from "./gitlab";

export interface Published {
    readonly url: string;
}

/** A comment or an issue. */
export interface Note {
    readonly id: number;
    readonly body: string;
    /** Written with the token that is in use. */
    readonly isOurs: boolean;
}

export interface Forge {
    /** Of the pull or merge request that this run belongs to. */
    readonly comments: {
        list(): AsyncIterable<Note>;
        add(body: string): Promise<Published>;
        edit(id: number, body: string): Promise<Published>;
    };
    readonly issues: {
        listOpen(): AsyncIterable<Note>;
        open(title: string, body: string): Promise<Published>;
        edit(id: number, body: string): Promise<Published>;
        comment(id: number, body: string): Promise<unknown>;
        close(id: number): Promise<Published>;
    };
}

/** @throws Error outside of a CI run of either, and where the token is missing */
export function openForge(env: NodeJS.ProcessEnv): Forge {
    if (env["GITHUB_ACTIONS"] === "true") return openGitHub(env);
    if (env["GITLAB_CI"] === "true") return openGitLab(env);
    throw new Error("neither a GitHub Actions run nor a GitLab job (GITHUB_ACTIONS, GITLAB_CI); to look at the report here: npx holdfast drift");
}

/** @throws Error that names the variable and what to do */
export function required(env: NodeJS.ProcessEnv, name: string, remedy: string): string {
    const value = env[name];
    if (value === undefined || value === "") throw new Error(`${name} is not set: ${remedy}`);
    return value;
}
