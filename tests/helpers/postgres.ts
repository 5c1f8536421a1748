/** Debian's PostgreSQL server, on loopback, with a database `state`; as the user that the package makes. */
import { chown, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { freePort } from "./freePort";

const versions = "/usr/lib/postgresql";

export class Postgres {
    private constructor(
        private readonly folder: string,
        private readonly bin: string,
        private readonly port: number,
    ) {}

    /** @throws Error where the package is missing */
    static async create(): Promise<Postgres> {
        const [version] = await readdir(versions).catch(() => [] as string[]);
        if (version === undefined) throw new Error("PostgreSQL is missing: apt-get install postgresql");
        const folder = await mkdtemp(join(tmpdir(), "holdfast-postgres-"));
        const { stdout: ids } = await execa("sh", ["-c", "id -u postgres; id -g postgres"]);
        const [uid, gid] = ids.split("\n").map(Number);
        await chown(folder, uid!, gid!);
        const server = new Postgres(folder, join(versions, version, "bin"), await freePort());
        await writeFile(join(folder, "password"), "test");
        await chown(join(folder, "password"), uid!, gid!);
        const made = ["--username", "holdfast", "--auth", "scram-sha-256", "--pwfile", join(folder, "password")];
        await server.as("initdb", "--pgdata", server.data, ...made);
        await server.start();
        await server.as("createdb", "state");
        return server;
    }

    get environment(): NodeJS.ProcessEnv {
        return { PULUMI_BACKEND_URL: `postgres://holdfast:test@127.0.0.1:${this.port}/state?sslmode=disable` };
    }

    async start(): Promise<void> {
        const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -k ${this.folder}`;
        await this.as(
            "pg_ctl",
            "start",
            "--wait",
            "--pgdata",
            this.data,
            "--log",
            join(this.folder, "log"),
            "-o",
            options,
        );
    }

    /** As a power cut would: no client is waited for. */
    async stop(): Promise<void> {
        await this.as("pg_ctl", "stop", "--wait", "--mode", "immediate", "--pgdata", this.data);
    }

    async isLocked(): Promise<boolean> {
        const locks = "SELECT count(*) FROM pulumi_state WHERE key LIKE '%locks%'";
        return (await this.as("psql", "--no-align", "--tuples-only", "--dbname", "state", "--command", locks)) !== "0";
    }

    async remove(): Promise<void> {
        await this.stop().catch(() => undefined); // a test has stopped it
        await rm(this.folder, { recursive: true, force: true });
    }

    private get data(): string {
        return join(this.folder, "data");
    }

    private async as(program: string, ...args: string[]): Promise<string> {
        const environment = ["PGPASSWORD=test", `PGPORT=${this.port}`, "PGHOST=127.0.0.1", "PGUSER=holdfast"];
        const command = ["-u", "postgres", "--", "env", ...environment, join(this.bin, program), ...args];
        // The server that pg_ctl starts keeps what it inherits open.
        return (await execa("runuser", command, { cwd: this.folder, stdin: "ignore", stderr: "ignore" })).stdout;
    }
}
