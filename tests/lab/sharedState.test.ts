/**
 * One state for two workstations and a CI runner: a PostgreSQL server or an S3 store, and everything that happens to
 * such a thing.
 * `npm run soak` has it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { Bucket } from "../helpers/bucket";
import { openTestLab, toIncidentState } from "../helpers/lab";
import { Postgres } from "../helpers/postgres";
import { PulumiProject, type Finished } from "../helpers/pulumiProject";

jest.setTimeout(900_000);

/** The fleet's own program, and an `up` that stays open for as long as WAIT says. */
const program = `
    import { hardenStack } from "./stack";
    export const { nodes, hosts, holdfast } = hardenStack();
    export const waited = new Promise((done) => setTimeout(() => done("long"), 1000 * Number(process.env.WAIT ?? 0)));
`;
const onStack = ["--stack", "shared"];
const up = ["up", "--yes", "--skip-preview", ...onStack];

function tell(what: string, { exitCode, output }: Finished): void {
    console.log(`${what}: exit status ${exitCode}\n${output.split("\n").slice(-25).join("\n")}`);
}

describe.each([
    ["PostgreSQL", Postgres],
    ["an S3 store", Bucket],
] as const)("%s", (_, Store) => {
    let store: Postgres | Bucket;
    let lab: Lab;
    let clients: { readonly anna: PulumiProject; readonly ben: PulumiProject; readonly runner: PulumiProject };

    beforeAll(async () => {
        const whole = await openTestLab();
        lab = { ...whole, nodes: whole.nodes.slice(0, 2) };
        for (const node of lab.nodes) await toIncidentState(lab, node);
        store = await Store.create();
        const [anna, ben, runner] = await Promise.all([1, 2, 3].map(() => PulumiProject.create(lab, program)));
        clients = { anna: anna!, ben: ben!, runner: runner! };
        for (const client of Object.values(clients))
            await writeLabStack(lab, join(client.folder, "Pulumi.shared.yaml"));
    });
    afterAll(async () => {
        await Promise.all(Object.values(clients).map((client) => client.remove()));
        await store.remove();
    });

    async function share(client: PulumiProject): Promise<void> {
        Object.assign(client.environment, store.environment);
        // The salt that the first one's `stack init` has written is committed with the stack file.
        const salt = /^encryptionsalt:.*\n/m.exec(
            await readFile(join(clients.anna.folder, "Pulumi.shared.yaml"), "utf8"),
        );
        const own = await readFile(join(client.folder, "Pulumi.shared.yaml"), "utf8");
        if (salt && !own.includes("encryptionsalt")) await client.write("Pulumi.shared.yaml", salt[0] + own);
    }

    /** An `up` that holds the lock and is not done. */
    async function beginUp(
        client: PulumiProject,
    ): Promise<{ readonly running: ReturnType<PulumiProject["startPulumi"]> }> {
        client.environment["WAIT"] = "600";
        const running = client.startPulumi(up);
        client.environment["WAIT"] = "0";
        for (let attempt = 0; attempt < 240; attempt++) {
            // An object: an async function would wait for the process.
            if (await store.isLocked()) return { running };
            await pause(500);
        }
        throw new Error("there is no lock in the store");
    }

    test("a stack moves from a folder to the store: nothing changes on the nodes", async () => {
        const { anna } = clients;
        await anna.pulumi("stack", "init", "shared");
        await anna.pulumi(...up);
        await anna.write("state.json", await anna.pulumi("stack", "export", ...onStack));
        await share(anna);
        await anna.pulumi("stack", "init", "shared");
        await anna.pulumi("stack", "import", "--file", "state.json", ...onStack);
        await anna.pulumi("preview", "--expect-no-changes", ...onStack);
        await share(clients.ben);
        await share(clients.runner);
        await clients.ben.pulumi("preview", "--expect-no-changes", ...onStack);
    });

    test("while one works, the other is refused with his name; a look needs no lock", async () => {
        const { anna, ben } = clients;
        const { running } = await beginUp(anna);
        const refused = await ben.runPulumi(up);
        tell("a second up", refused);
        expect(refused.exitCode).not.toBe(0);
        expect(refused.output).toMatch(
            /the stack is currently locked by 1 lock[^]*: created by \S+@\S+ \(pid \d+\) at /,
        );
        expect((await ben.runPulumi(["preview", ...onStack])).exitCode).toBe(0);
        running.kill("SIGINT");
        await running;
        await ben.pulumi(...up);
    });

    test("a runner that was killed leaves its lock; cancel, refresh and up are the way out", async () => {
        const { ben, runner } = clients;
        const { running } = await beginUp(runner);
        running.kill("SIGKILL");
        await running;
        const refused = await ben.runPulumi(up);
        tell("an up after the runner's death", refused);
        expect(refused.output).toMatch(/currently locked by 1 lock/);
        await ben.pulumi("cancel", "--yes", "shared");
        await ben.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", ...onStack);
        await ben.pulumi(...up);
        expect((await ben.holdfast("drift", ...onStack)).exitCode).toBe(0);
        await lab.nodes[1]!.exec(["sh", "-c", "echo 192.0.2.99 stray >> /etc/hosts"]);
        const drifted = await ben.holdfast("drift", ...onStack);
        tell("drift", drifted);
        expect([drifted.exitCode, drifted.stdout]).toEqual([2, expect.stringContaining("192.0.2.99 stray")]);
        await runner.pulumi("up", "--refresh", "--yes", "--skip-preview", ...onStack);
        expect((await runner.holdfast("drift", ...onStack)).exitCode).toBe(0);
    });

    test("a store that goes away in the middle of an up: the up says so, the state is the last one, and the way out is the same", async () => {
        const { anna, ben } = clients;
        const { running } = await beginUp(anna);
        // Past its start, where an interrupt would end it without a word.
        await new Promise<void>((resolve) =>
            running.all!.on("data", (text) => String(text).includes("pulumi:pulumi:Stack") && resolve()),
        );
        await store.stop();
        running.kill("SIGINT");
        const { exitCode, all: output = "" } = await running;
        tell("the up whose store went away", { exitCode, output, stdout: "", stderr: "" });
        expect([exitCode, output]).toEqual([1, expect.stringContaining("failed to save snapshot")]);
        const gone = await ben.runPulumi(["preview", ...onStack]);
        tell("a preview without the store", gone);
        expect(gone.exitCode).not.toBe(0);
        await store.start();
        const after = await ben.runPulumi(up);
        tell("an up when it is back", after);
        expect(after.output).toMatch(/currently locked by 1 lock/);
        await ben.pulumi("cancel", "--yes", "shared");
        await ben.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", ...onStack);
        await ben.pulumi(...up);
        await anna.pulumi("preview", "--expect-no-changes", ...onStack);
    });
});
