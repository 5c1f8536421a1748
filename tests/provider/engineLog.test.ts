/** Against an engine that listens on a port, as the real one does. */
import { setTimeout as delay } from "node:timers/promises";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { EngineLog } from "../../provider/engineLog";

let engine: Server;
let log: EngineLog;
/** `URN message` in the order in which the engine was done with them. */
let shown: string[];
/** Milliseconds that the engine takes for each message; none once they are used up. */
let pauses: number[];

beforeEach(async () => {
    [shown, pauses] = [[], []];
    engine = new Server();
    const take = ({ request }: { request: LogRequest }, answer: (error: null, response: Empty) => void) => {
        setTimeout(() => {
            shown.push(`${request.getUrn()} ${request.getMessage()}`);
            answer(null, new Empty());
        }, pauses.shift() ?? 0);
    };
    engine.addService(EngineService, {
        log: take,
        getRootResource: take,
        setRootResource: take,
        startDebugging: take,
        requirePulumiVersion: take,
    });
    const port = await new Promise<number>((bound, failed) =>
        engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, number) =>
            error ? failed(error) : bound(number),
        ),
    );
    log = new EngineLog(`127.0.0.1:${port}`, 200);
});
afterEach(() => engine.forceShutdown());

test("what a resource was last busy with is what stays beside it, and has come before the answer", async () => {
    const hosts = log.for("hosts");
    hosts.status("observe");
    await delay(300);
    hosts.status("stage");
    hosts.status("done: applied");
    log.end("hosts");
    await log.flush();
    expect(shown).toEqual(["hosts observe", "hosts done: applied"]);
});

test("of what follows in quick succession the latest is shown, once, and nothing after the end", async () => {
    const hosts = log.for("hosts");
    for (const phase of ["observe", "stage", "validate"]) hosts.status(phase);
    await delay(300);
    log.end("hosts");
    await delay(300);
    await log.flush();
    expect(shown).toEqual(["hosts validate"]);
});

test("the messages of one resource come in order where the engine is slow, and another does not wait for them", async () => {
    pauses = [300];
    log.for("hosts").info("first");
    await delay(50);
    log.for("hosts").status("done: applied");
    log.end("hosts");
    log.for("fstab").info("meanwhile");
    await log.flush();
    expect(shown).toEqual(["fstab meanwhile", "hosts first", "hosts done: applied"]);
});

test("a status is cleaned like any message", async () => {
    log.for("hosts", (message) => message.replace("hunter2", "[secret]")).status("password hunter2");
    log.end("hosts");
    await log.flush();
    expect(shown).toEqual(["hosts password [secret]"]);
});

test("an engine that is gone holds nobody up", async () => {
    engine.forceShutdown();
    log.for("hosts").status("observe");
    log.end("hosts");
    await log.flush();
    expect(shown).toEqual([]);
});
