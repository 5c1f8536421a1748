/** What GitHub and GitLab have in common here. Both tell a CI job through its environment where it runs. */

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

/** @throws Error that names the variable and what to do */
export function required(env: NodeJS.ProcessEnv, name: string, remedy: string): string {
    const value = env[name];
    if (value === undefined || value === "") throw new Error(`${name} is not set: ${remedy}`);
    return value;
}
