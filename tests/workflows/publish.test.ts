import { openForge } from "../../cli/publish/openForge";
import { publishComment, publishIssue } from "../../cli/publish/run";
import { ForgeServer } from "./forgeServer";

let server: ForgeServer;
beforeEach(async () => (server = await ForgeServer.start()));
afterEach(() => server.stop());

const drifted = { key: "drift-prod", title: "Drift on prod", status: 2 };

describe.each(["github", "gitlab"] as const)("on %s", (kind) => {
    const forge = () => openForge(server[kind]);
    const us = kind === "github" ? "github-actions[bot]" : "7";
    const somebody = kind === "github" ? "mallory" : "8";

    test("a second preview replaces the comment of the first", async () => {
        for (let other = 0; other < 3; other++) server.add(server.comments, somebody, "looks good");
        expect(await publishComment(forge(), "first", { key: "preview-prod" })).toMatch(/^comment added: https:/);
        expect(await publishComment(forge(), "second", { key: "preview-prod" })).toMatch(/^comment updated: https:/);
        expect(server.comments.map(({ body }) => body)).toEqual([
            "looks good",
            "looks good",
            "looks good",
            "second\n\n<!-- holdfast:preview-prod -->\n",
        ]);
    });

    test("another stack has a comment of its own", async () => {
        await publishComment(forge(), "prod", { key: "preview-prod" });
        await publishComment(forge(), "lab", { key: "preview-lab" });
        expect(server.comments).toHaveLength(2);
    });

    test("drift opens one issue, further drift updates it, a clean run closes it and says so", async () => {
        server.add(server.issues, somebody, "a disk is loud");
        server.add(server.issues, us, "nightly build");
        expect(await publishIssue(forge(), "hosts differ", drifted)).toMatch(/^issue opened: /);
        expect(await publishIssue(forge(), "hosts and fstab differ", drifted)).toMatch(/^issue updated: /);
        const issue = server.issues[2]!;
        expect(server.issues).toHaveLength(3);
        expect(issue).toMatchObject({
            title: "Drift on prod",
            isOpen: true,
            body: "hosts and fstab differ\n\n<!-- holdfast:drift-prod -->\n",
        });
        expect(await publishIssue(forge(), "No drift", { ...drifted, status: 0 })).toMatch(/^issue closed: /);
        expect(issue).toMatchObject({ isOpen: false, comments: [{ body: "No drift" }] });
        expect(server.issues.filter(({ isOpen }) => isOpen)).toHaveLength(2);
    });

    test("a clean run where nothing is open writes nothing", async () => {
        expect(await publishIssue(forge(), "No drift", { ...drifted, status: 0 })).toBe(
            "nothing to close: no issue is open",
        );
        expect(server.issues).toEqual([]);
    });

    test("an issue that somebody else opened with our marker is left alone", async () => {
        const planted = server.add(server.issues, somebody, "<!-- holdfast:drift-prod -->");
        await publishIssue(forge(), "hosts differ", drifted);
        expect(planted.body).toBe("<!-- holdfast:drift-prod -->");
        expect(server.issues).toHaveLength(2);
    });

    test("a line of a report that looks like another stack's marker finds, closes and replaces nothing of that stack's", async () => {
        const quoting = "hosts differ\n+<!-- holdfast:drift-lab -->\n<!-- holdfast:drift-lab -->";
        await publishIssue(forge(), quoting, drifted);
        // As an earlier version left it, or somebody who edited it.
        server.add(server.issues, us, `${quoting}\n\n<!-- holdfast:drift-mine -->\n`);
        const lab = { ...drifted, key: "drift-lab" };
        expect(await publishIssue(forge(), "No drift", { ...lab, status: 0 })).toBe(
            "nothing to close: no issue is open",
        );
        expect(await publishIssue(forge(), "lab differs", lab)).toMatch(/^issue opened: /);
        expect(server.issues.every(({ isOpen }) => isOpen)).toBe(true);
        expect(server.issues[0]!.body).not.toContain("<!-- holdfast:drift-lab");
    });

    test("an issue is found again after a forge's editor made CR LF of its line ends", async () => {
        await publishIssue(forge(), "hosts differ", drifted);
        server.issues[0]!.body = server.issues[0]!.body.replaceAll("\n", "\r\n");
        expect(await publishIssue(forge(), "No drift", { ...drifted, status: 0 })).toMatch(/^issue closed: /);
    });

    test("a node that could not be reached keeps the issue open", async () => {
        await publishIssue(forge(), "hosts differ", drifted);
        await publishIssue(forge(), "pve02 unreachable", { ...drifted, status: 1 });
        expect(server.issues).toMatchObject([{ isOpen: true, body: expect.stringContaining("pve02 unreachable") }]);
    });

    test("a look in the middle of an update opens no issue, and leaves an open one as it is", async () => {
        const underWay = "## ⏳ An update is under way\n\n<!-- holdfast: under way -->\n";
        const cannotTell = { ...drifted, status: 1 };
        expect(await publishIssue(forge(), underWay, cannotTell)).toMatch(/^no issue opened: /);
        expect(server.issues).toEqual([]);
        await publishIssue(forge(), "hosts differ\n+<!-- holdfast: under way -->\nmore", cannotTell);
        expect(await publishIssue(forge(), underWay, cannotTell)).toMatch(/^issue left as it is: /);
        expect(server.issues).toMatchObject([{ isOpen: true, body: expect.stringContaining("hosts differ") }]);
    });

    test("a run that ended without a report says so", async () => {
        await publishIssue(forge(), "", drifted);
        expect(server.issues[0]!.body).toMatch(/^## ❌ Could not tell\n\nThe run ended without a report/);
    });

    test("nothing is closed by a report that is not there", async () => {
        await publishIssue(forge(), "hosts differ", drifted);
        await expect(publishIssue(forge(), "", { ...drifted, status: 0 })).rejects.toThrow(
            "no report says that all is well",
        );
        expect(server.issues).toMatchObject([{ isOpen: true }]);
    });

    test("a token that may not write is an error that names what it lacks, and not the token", async () => {
        server.refusal = 403;
        const failed = publishIssue(forge(), "x", drifted);
        await expect(failed).rejects.toThrow(kind === "github" ? /403 .*issues: write/s : /403 .*scope `api`/s);
        await expect(failed).rejects.not.toThrow(/hub-token|lab-token/);
    });

    test("the token is sent as this forge takes it", async () => {
        await publishComment(forge(), "x", { key: "k" });
        expect([...server.tokens]).toEqual([kind === "github" ? "Bearer hub-token" : "lab-token"]);
    });
});

test.each(["ops-person", "fleet-keeper[bot]"])(
    "on github, %s's own token finds what it wrote before, and nothing of others",
    async (login) => {
        server.login = login;
        const others = [
            server.add(server.issues, "github-actions[bot]", "<!-- holdfast:drift-prod -->"),
            server.add(server.issues, "mallory", "<!-- holdfast:drift-prod -->"),
        ];
        expect(await publishIssue(openForge(server.github), "hosts differ", drifted)).toMatch(/^issue opened: /);
        expect(await publishIssue(openForge(server.github), "fstab differs", drifted)).toMatch(/^issue updated: /);
        expect(others.map(({ body }) => body)).toEqual(Array(2).fill("<!-- holdfast:drift-prod -->"));
        expect(server.issues).toHaveLength(3);
    },
);

test("a GitHub token that is wrong is an error, not somebody else's", async () => {
    server.refusal = 401;
    await expect(publishIssue(openForge(server.github), "x", drifted)).rejects.toThrow(/GET .*\/user: 401/);
});

test("GitHub lists pull requests among the issues: none is taken for ours", async () => {
    const request = server.add(server.issues, "github-actions[bot]", "<!-- holdfast:drift-prod -->", {
        isPullRequest: true,
    });
    await publishIssue(openForge(server.github), "hosts differ", drifted);
    expect(request.body).toBe("<!-- holdfast:drift-prod -->");
});

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["outside of CI", {}, /GITHUB_ACTIONS, GITLAB_CI.*npx holdfast drift/],
    [
        "without a GitHub token",
        { GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "a/b" },
        /GITHUB_TOKEN is not set: .*github\.token/,
    ],
    ["without a GitLab token", { GITLAB_CI: "true" }, /GITLAB_TOKEN is not set: .*project access token/],
])("%s the error says what to set", (_, env, message) => {
    expect(() => openForge(env)).toThrow(message);
});

test("a comment outside of a pull request is an error that names the trigger", async () => {
    const forge = openForge({ ...server.github, GITHUB_REF: "refs/heads/main" });
    await expect(publishComment(forge, "x", { key: "k" })).rejects.toThrow(
        /refs\/heads\/main; run this on `pull_request`/,
    );
});

test("a key that would end the marker is refused", async () => {
    await expect(publishComment(openForge(server.github), "x", { key: "a --> b" })).rejects.toThrow(/--key/);
});
