/** The files of a project of one's own, by path: starter/, and the workflows of this repository. */
import type { InitOptions } from "./options";

export interface ProjectFile {
    readonly path: string;
    readonly content: string;
    readonly executable?: boolean;
}

export interface Starter {
    readonly name: string;
    readonly forge: InitOptions["forge"];
    /** As package.json asks for the package. */
    readonly dependency: string;
    /** Of the package's own files. */
    readonly read: (path: string) => string;
}

export function projectFiles({ name, forge, dependency, read }: Starter): ProjectFile[] {
    const own = (path: string, from = path): ProjectFile => ({
        path,
        content: read(`starter/${from}`).replaceAll("PROJECT", name),
    });
    return [
        { path: "package.json", content: packageJson(name, dependency) },
        own("index.ts"),
        own("Pulumi.yaml"),
        own("README.md"),
        // npm packs no file of these names.
        own(".gitignore", "gitignore"),
        own(".npmrc", "npmrc"),
        { ...own(".githooks/pre-commit", "githooks/pre-commit"), executable: true },
        ...workflows(forge, read),
    ];
}

function packageJson(name: string, dependency: string): string {
    return `${JSON.stringify(
        {
            name,
            private: true,
            scripts: {
                lint: "holdfast lint Pulumi.*.yaml",
                toolchain: "node node_modules/holdfast/dist/toolchain/toolchain.js",
            },
            dependencies: { holdfast: dependency },
        },
        undefined,
        2,
    )}\n`;
}

function workflows(forge: Starter["forge"], read: Starter["read"]): ProjectFile[] {
    if (forge === "gitlab")
        return [
            {
                path: ".gitlab-ci.yml",
                content: forProject(read(".gitlab-ci.yml"), [
                    [
                        "files: [toolchain/pulumi/go.sum, toolchain/language-nodejs/go.sum]",
                        "files: [package-lock.json]",
                    ],
                    ["# The same three as in .github/workflows: lint", "# Three: lint"],
                ]),
            },
        ];
    if (forge === "none") return [];
    return ["lint", "preview", "drift"].map((name) => {
        const path = `.github/workflows/${name}.yml`;
        return {
            path,
            content: forProject(
                read(path),
                name === "lint" ? [] : [["hashFiles('toolchain/**')", "hashFiles('package-lock.json')"]],
            ),
        };
    });
}

/** @throws Error where the workflow is no longer what this was written for */
function forProject(text: string, replacements: readonly (readonly [string, string])[]): string {
    let mine = text.replaceAll("docs/ci.md", "node_modules/holdfast/docs/ci.md");
    for (const [from, to] of replacements) {
        if (!mine.includes(from)) throw new Error(`a workflow of the package does not have: ${from}`);
        mine = mine.replaceAll(from, to);
    }
    return mine;
}
