/** A bucket `state` of the S3 server of toolchain/s3-server, on loopback, that can be out of reach for a while. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import execa from "execa";
import { ensureS3Server } from "../../toolchain/s3Server";
import { freePort } from "./freePort";

const login = { access: "keeper", secret: "test" };

export class Bucket {
    private readonly way: Server;
    private readonly open = new Set<Socket>();
    private front = 0;

    private constructor(
        private readonly server: execa.ExecaChildProcess,
        private readonly back: number,
    ) {
        // What the server holds is in its memory: a way that is closed, not a server that has ended.
        this.way = createServer((near) => {
            const far = connect(this.back, "127.0.0.1");
            for (const socket of [near, far]) {
                this.open.add(socket);
                socket.on("error", () => undefined).on("close", () => this.open.delete(socket));
            }
            near.pipe(far).pipe(near);
        });
    }

    static async create(): Promise<Bucket> {
        const back = await freePort();
        const listen = ["-listen", `127.0.0.1:${back}`, "-bucket", "state"];
        const keys = ["-access-key", login.access, "-secret-key", login.secret];
        const bucket = new Bucket(execa(await ensureS3Server(), [...listen, ...keys], { reject: false }), back);
        await bucket.start();
        for (let attempt = 0; !(await bucket.list()); attempt++) {
            if (attempt === 100) throw new Error("the S3 server does not answer");
            await pause(100);
        }
        return bucket;
    }

    get environment(): NodeJS.ProcessEnv {
        const options = `endpoint=http://127.0.0.1:${this.front}&region=us-east-1&s3ForcePathStyle=true`;
        return {
            PULUMI_BACKEND_URL: `s3://state?${options}`,
            AWS_ACCESS_KEY_ID: login.access,
            AWS_SECRET_ACCESS_KEY: login.secret,
            AWS_EC2_METADATA_DISABLED: "true",
        };
    }

    async start(): Promise<void> {
        await new Promise<void>((resolve) => this.way.listen(this.front, "127.0.0.1", resolve));
        this.front = (this.way.address() as AddressInfo).port;
    }

    /** As a power cut would: no request is answered any more. */
    async stop(): Promise<void> {
        const closed = new Promise((resolve) => this.way.close(resolve));
        for (const socket of this.open) socket.destroy();
        await closed;
    }

    async isLocked(): Promise<boolean> {
        return (await this.list())?.includes("<Key>.pulumi/locks/") ?? false;
    }

    async remove(): Promise<void> {
        await this.stop();
        this.server.kill();
        await this.server;
    }

    /** What the bucket holds, as XML; nothing where the server does not answer. */
    private async list(): Promise<string | undefined> {
        const key = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", `${login.access}:${login.secret}`];
        const address = `http://127.0.0.1:${this.back}/state`;
        const { failed, stdout } = await execa("curl", ["--silent", "--fail", ...key, address], { reject: false });
        return failed ? undefined : stdout;
    }
}
